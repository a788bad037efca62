// Name as text: RFC 4514, and the quoted values of RFC 2253.
#include <algorithm>
#include <optional>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/x509/attribute_types.h"
#include "engine/x509/name.h"

namespace fleetmint {
namespace {

[[noreturn]] void Bad(std::string_view text, const std::string& reason, const std::string& hint) {
  throw Error::WithHint(ErrorKind::kInput, "bad name '" + std::string(text) + "': " + reason, hint);
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Whether "TYPE=" stands at `at`, spaces in front of it or not.
bool TypeStandsAt(std::string_view text, std::size_t at) {
  while (at < text.size() && text[at] == ' ') ++at;
  const std::size_t equals = std::min(text.find('=', at), text.size());
  return equals < text.size() && FindAttributeByName(text.substr(at, equals - at)) != nullptr;
}

// Where "/TYPE=" stands at or after `at`, or npos.
std::size_t FindSlash(std::string_view text, std::size_t at) {
  while ((at = text.find('/', at)) != std::string_view::npos && !TypeStandsAt(text, at + 1)) ++at;
  return at;
}

// The parts of "/C=DE/O=Acme/CN=x", first encoded first: `openssl req -subj` has this form, in
// which a backslash stands before a character that is meant itself.
Name FromSlashes(std::string_view text) {
  Name name;
  for (std::size_t at = FindSlash(text, 0); at < text.size();) {
    const std::size_t equals = text.find('=', at);
    const std::size_t end = std::min(FindSlash(text, equals), text.size());
    std::string value;
    for (std::size_t i = equals + 1; i < end; ++i) {
      if (text[i] == '\\' && i + 1 < end) ++i;
      value += text[i];
    }
    std::string_view type = text.substr(at + 1, equals - at - 1);
    type.remove_prefix(type.find_first_not_of(' '));
    name.attributes.push_back({std::string(FindAttributeByName(type)->name), std::move(value)});
    at = end;
  }
  return name;
}

// Refuses "/C=DE/O=Acme/CN=x" and "CN=x/O=Acme": another tool reads them the other way round, and
// as one value they are nobody's.
[[noreturn]] void BadSlash(std::string_view text) {
  if (text.starts_with('/')) {
    Bad(text, "it has the form of 'openssl req -subj'",
        "write '" + FromSlashes(text).ToString() + "': the last part of that form comes first");
  }
  std::string commas(text);
  for (std::size_t at = 0; (at = FindSlash(commas, at)) != std::string::npos;) {
    commas.replace(at, 1, ", ");
  }
  std::string right = "CN=NAME, O=ORGANIZATION";
  try {
    Name name = Name::Parse(commas);
    // From the smallest to the largest; "C=DE/O=Acme/CN=x" runs the other way.
    const bool last = !name.empty() && name.attributes.front().type == "CN";
    if (last && name.attributes.back().type != "CN") {
      std::reverse(name.attributes.begin(), name.attributes.end());
    }
    right = name.ToString();
  } catch (const Error&) {  // something else is wrong, too
  }
  Bad(text, "a '/' separates no parts",
      "write '" + right + "'; a slash that belongs to a value is written '\\2F' there");
}

// ValueReader reads one value, up to the comma after it; RFC 4514 2.4 and 3.
class ValueReader {
 public:
  ValueReader(std::string_view text, std::size_t& at) : text_(text), at_(at) {}

  std::string Read() {
    if (at_ < text_.size() && text_[at_] == '#') {
      Bad(text_, "a value that starts with '#' is DER in hexadecimal digits, which is not read",
          "write '\\#' for the character");
    }
    if (at_ < text_.size() && text_[at_] == '"') return ReadQuoted();
    std::string value;
    std::size_t kept = 0;  // length without trailing unescaped spaces
    for (; at_ < text_.size() && text_[at_] != ','; ++at_) {
      const char c = text_[at_];
      if (c == '\\') {
        value += ReadEscape();
        kept = value.size();
        continue;
      }
      if (std::string_view("+\";<>").find(c) != std::string_view::npos) BadCharacter(c);
      value += c;
      if (c != ' ') kept = value.size();
    }
    value.resize(kept);
    return value;
  }

 private:
  [[noreturn]] void BadCharacter(char c) {
    const std::string written = std::string("'\\") + c + "'";
    const bool separates = (c == '+' || c == ';') && TypeStandsAt(text_, at_ + 1);
    if (separates && c == '+') {
      Bad(text_, "multi-valued parts ('+') are not supported",
          "write ',' for '+', or " + written + " within a value");
    }
    if (separates) {
      Bad(text_, "a ';' separates no parts", "write ',' for ';', or " + written + " in a value");
    }
    Bad(text_, std::string("the character '") + c + "' must be escaped", "write " + written);
  }

  // The character of the escape at a backslash, whose last character is then the current one.
  char ReadEscape() {
    if (++at_ == text_.size()) Bad(text_, "it ends with a backslash", "write '\\\\' for it");
    const int high = HexDigit(text_[at_]);
    const int low = at_ + 1 < text_.size() ? HexDigit(text_[at_ + 1]) : -1;
    if (high >= 0 && low >= 0) {
      ++at_;
      return static_cast<char>(high * 16 + low);
    }
    if (std::string_view(" \"#+,;<=>\\").find(text_[at_]) != std::string_view::npos) {
      return text_[at_];
    }
    Bad(text_, std::string("'\\") + text_[at_] + "' is no escape", "write '\\\\' for a backslash");
  }

  // "..." with a comma, a plus sign or spaces in it (RFC 2253 2.4, 4).
  std::string ReadQuoted() {
    std::string value;
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      value += text_[at_] == '\\' ? ReadEscape() : text_[at_];
    }
    if (at_ == text_.size()) {
      Bad(text_, "a value's quotation mark is not closed", "write '\\\"' for a quotation mark");
    }
    ++at_;
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
    if (at_ < text_.size() && text_[at_] != ',') {
      if (text_[at_] == '+' || text_[at_] == ';') BadCharacter(text_[at_]);
      Bad(text_, "a value goes on behind its quotation marks",
          "quote all of it, or write '\\\"' for a quotation mark");
    }
    return value;
  }

  std::string_view text_;
  std::size_t& at_;
};

void AppendHexPair(std::string& text, char c) {
  static constexpr char kDigits[] = "0123456789abcdef";
  text += '\\';
  text += kDigits[static_cast<unsigned char>(c) >> 4U];
  text += kDigits[static_cast<unsigned char>(c) & 0xFU];
}

// Control characters, those of ISO 8859-1 (U+0080 to U+009F) too, as pairs of digits: a name of
// others must not steer a terminal. (A record has them as it always had.)
std::string Escape(std::string_view value, NameOrder order) {
  std::string text;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    const bool written = order == NameOrder::kRfc4514;
    const bool latin1_control = written && c == '\xC2' && i + 1 < value.size() &&
                                static_cast<unsigned char>(value[i + 1]) >= 0x80 &&
                                static_cast<unsigned char>(value[i + 1]) < 0xA0;
    const bool separates = written && c == '/' && TypeStandsAt(value, i + 1);
    const bool control = static_cast<unsigned char>(c) < 0x20 || (written && c == 0x7F);
    const bool edge = (i == 0 && (c == ' ' || c == '#')) || (i + 1 == value.size() && c == ' ');
    if (latin1_control) {
      AppendHexPair(text, c);
      AppendHexPair(text, value[++i]);
    } else if (separates || control) {
      AppendHexPair(text, c);
    } else {
      if (edge || std::string_view("\"+,;<>\\").find(c) != std::string_view::npos) text += '\\';
      text += c;
    }
  }
  return text;
}

}  // namespace

Name Name::Parse(std::string_view text, NameOrder order) {
  Name name;
  std::size_t at = 0;
  const auto skip_spaces = [&] {
    while (at < text.size() && text[at] == ' ') ++at;
  };
  // A record's values are what they are.
  const bool written = order == NameOrder::kRfc4514;
  skip_spaces();
  if (written && FindSlash(text, at) == at && at < text.size()) BadSlash(text.substr(at));
  while (at < text.size()) {
    const std::size_t equals = text.find('=', at);
    if (equals == std::string_view::npos) {
      Bad(text, "'" + std::string(text.substr(at)) + "' has no '='",
          "write it as CN=NAME, O=ORGANIZATION");
    }
    std::string_view type_name = text.substr(at, equals - at);
    while (type_name.ends_with(' ')) type_name.remove_suffix(1);
    const AttributeType* const type = FindAttributeByName(type_name);
    if (type == nullptr) {
      std::vector<std::string> known;
      for (const AttributeType& entry : kAttributeTypes) known.emplace_back(entry.name);
      Bad(text, "unknown attribute '" + std::string(type_name) + "'", DidYouMean(type_name, known));
    }
    at = equals + 1;
    skip_spaces();
    const std::size_t begin = at;
    const bool quoted = at < text.size() && text[at] == '"';
    name.attributes.push_back({std::string(type->name), ValueReader(text, at).Read()});
    if (written && !quoted && FindSlash(text.substr(0, at), begin) < at) BadSlash(text);
    if (at == text.size()) break;
    ++at;  // the comma
    skip_spaces();
    if (at == text.size()) Bad(text, "it ends with a comma", "write '\\,' for a comma in a value");
  }
  if (written) std::reverse(name.attributes.begin(), name.attributes.end());
  return name;
}

std::string Name::ToString(NameOrder order) const {
  const bool reversed = order == NameOrder::kRfc4514;
  std::string text;
  for (std::size_t i = 0; i < attributes.size(); ++i) {
    const std::size_t at = reversed ? attributes.size() - 1 - i : i;
    // In which direction an RDN's attributes are named is nobody's rule (RFC 4514 2.2).
    const bool joined = reversed ? i != 0 && attributes[at + 1].joined : attributes[at].joined;
    if (i != 0) text += joined ? "+" : ", ";
    text += attributes[at].type + "=" + Escape(attributes[at].value, order);
  }
  return text;
}

}  // namespace fleetmint

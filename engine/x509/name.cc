#include "engine/x509/name.h"

#include <algorithm>
#include <array>

#include "engine/base/ber.h"
#include "engine/base/der.h"
#include "engine/base/error.h"
#include "engine/base/text.h"

namespace fleetmint {
namespace {

enum class StringType : std::uint8_t { kUtf8, kPrintable, kIa5 };

struct AttributeType {
  std::string_view name;
  std::string_view oid;
  StringType type;
  std::size_t most;  // characters: the ub-* bounds of RFC 5280 appendix A.1
};

// RFC 5280 4.1.2.4 and appendix A; RFC 4519 for the names.
constexpr std::array<AttributeType, 15> kTypes{{
    {"CN", "2.5.4.3", StringType::kUtf8, 64},
    {"SN", "2.5.4.4", StringType::kUtf8, 40},
    {"SERIALNUMBER", "2.5.4.5", StringType::kPrintable, 64},
    {"C", "2.5.4.6", StringType::kPrintable, 2},
    {"L", "2.5.4.7", StringType::kUtf8, 128},
    {"ST", "2.5.4.8", StringType::kUtf8, 128},
    {"STREET", "2.5.4.9", StringType::kUtf8, 128},
    {"O", "2.5.4.10", StringType::kUtf8, 64},
    {"OU", "2.5.4.11", StringType::kUtf8, 64},
    {"T", "2.5.4.12", StringType::kUtf8, 64},
    {"POSTALCODE", "2.5.4.17", StringType::kUtf8, 40},
    {"GN", "2.5.4.42", StringType::kUtf8, 40},
    {"DC", "0.9.2342.19200300.100.1.25", StringType::kIa5, 63},
    {"UID", "0.9.2342.19200300.100.1.1", StringType::kUtf8, 256},
    {"E", "1.2.840.113549.1.9.1", StringType::kIa5, 255},
}};

const AttributeType* FindByName(std::string_view name) {
  std::string upper(name);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  if (upper == "S") upper = "ST";            // as Windows writes it
  if (upper == "EMAILADDRESS") upper = "E";  // as OpenSSL writes it
  const auto* const place = std::find_if(kTypes.begin(), kTypes.end(),
                                         [&](const auto& type) { return type.name == upper; });
  return place == kTypes.end() ? nullptr : place;
}

const AttributeType* FindByOid(std::string_view oid) {
  const auto* const place =
      std::find_if(kTypes.begin(), kTypes.end(), [&](const auto& type) { return type.oid == oid; });
  return place == kTypes.end() ? nullptr : place;
}

[[noreturn]] void Bad(std::string_view text, const std::string& reason, const std::string& hint) {
  throw Error::WithHint(ErrorKind::kInput, "bad name '" + std::string(text) + "': " + reason, hint);
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// One value from `at`, up to an unescaped comma; RFC 4514 2.4 and 3.
std::string ReadValue(std::string_view text, std::size_t& at) {
  std::string value;
  std::size_t kept = 0;  // length without trailing unescaped spaces
  for (; at < text.size() && text[at] != ','; ++at) {
    const char c = text[at];
    if (c == '+') {
      Bad(text, "multi-valued attributes are not supported", "write '\\+' for a plus sign");
    }
    if (c == '"' || c == ';' || c == '<' || c == '>') {
      Bad(text, std::string("the character '") + c + "' must be escaped",
          std::string("write '\\") + c + "'");
    }
    if (c != '\\') {
      value += c;
      if (c != ' ') kept = value.size();
      continue;
    }
    if (++at == text.size()) Bad(text, "it ends with a backslash", "write '\\\\' for a backslash");
    const int high = HexDigit(text[at]);
    const int low = at + 1 < text.size() ? HexDigit(text[at + 1]) : -1;
    if (high >= 0 && low >= 0) {
      value += static_cast<char>(high * 16 + low);
      ++at;
    } else if (std::string_view(" \"#+,;<=>\\").find(text[at]) != std::string_view::npos) {
      value += text[at];
    } else {
      Bad(text, std::string("'\\") + text[at] + "' is no escape", "write '\\\\' for a backslash");
    }
    kept = value.size();
  }
  value.resize(kept);
  return value;
}

std::size_t Characters(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::count_if(utf8.begin(), utf8.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

bool IsPrintableString(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view(" '()+,-./:=?").find(c) != std::string_view::npos;
  });
}

// The text of a DirectoryString or IA5String, as UTF-8.
std::string DecodeString(const BerElement& element) {
  if (element.tag != ber::kBmpString) return std::string(AsText(element.content));
  return Utf8FromUtf16(element.content, ByteOrder::kBig);
}

std::string Escape(std::string_view value) {
  std::string text;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    const bool edge = (i == 0 && (c == ' ' || c == '#')) || (i + 1 == value.size() && c == ' ');
    if (edge || std::string_view("\"+,;<>\\").find(c) != std::string_view::npos) text += '\\';
    if (static_cast<unsigned char>(c) < 0x20) {
      static constexpr char kDigits[] = "0123456789abcdef";
      text += '\\';
      text += kDigits[static_cast<unsigned char>(c) >> 4U];
      text += kDigits[static_cast<unsigned char>(c) & 0xFU];
    } else {
      text += c;
    }
  }
  return text;
}

}  // namespace

Name Name::Parse(std::string_view text) {
  Name name;
  std::size_t at = 0;
  const auto skip_spaces = [&] {
    while (at < text.size() && text[at] == ' ') ++at;
  };
  skip_spaces();
  while (at < text.size()) {
    const std::size_t equals = text.find('=', at);
    if (equals == std::string_view::npos) {
      Bad(text, "'" + std::string(text.substr(at)) + "' has no '='",
          "write it as CN=NAME, O=ORGANIZATION");
    }
    std::string_view type_name = text.substr(at, equals - at);
    while (type_name.ends_with(' ')) type_name.remove_suffix(1);
    const AttributeType* const type = FindByName(type_name);
    if (type == nullptr) {
      std::vector<std::string> known;
      for (const AttributeType& entry : kTypes) known.emplace_back(entry.name);
      Bad(text, "unknown attribute '" + std::string(type_name) + "'", DidYouMean(type_name, known));
    }
    at = equals + 1;
    skip_spaces();
    name.attributes.push_back({std::string(type->name), ReadValue(text, at)});
    if (at == text.size()) break;
    ++at;  // the comma
    skip_spaces();
    if (at == text.size()) Bad(text, "it ends with a comma", "write '\\,' for a comma in a value");
  }
  return name;
}

std::string Name::ToString() const {
  std::string text;
  for (const Attribute& attribute : attributes) {
    if (!text.empty()) text += ", ";
    text += attribute.type + "=" + Escape(attribute.value);
  }
  return text;
}

Bytes Name::Encode() const {
  DerWriter writer;
  writer.Sequence([&](DerWriter& rdns) {
    for (const Attribute& attribute : attributes) {
      const AttributeType* const type = FindByName(attribute.type);
      if (type == nullptr) {
        throw Error(ErrorKind::kInput, "unknown attribute '" + attribute.type + "' in a name");
      }
      rdns.Set([&](DerWriter& set) {
        set.Sequence([&](DerWriter& pair) {
          pair.Oid(type->oid);
          switch (type->type) {
            case StringType::kUtf8:
              pair.Utf8String(attribute.value);
              break;
            case StringType::kPrintable:
              pair.PrintableString(attribute.value);
              break;
            case StringType::kIa5:
              pair.Ia5String(attribute.value);
              break;
          }
        });
      });
    }
  });
  return writer.Take();
}

std::vector<Fault> NameFaults(const Name& name) {
  std::vector<Fault> faults;
  for (const auto& [type_name, value] : name.attributes) {
    const AttributeType* const type = FindByName(type_name);
    const auto quoted = [&, &type_name = type_name, &value = value] {
      return type_name + " '" + value + "'";
    };
    if (type == nullptr) {
      faults.push_back({"unknown attribute '" + type_name + "'"});
      continue;
    }
    if (value.empty()) faults.push_back({type_name + " is empty"});
    if (!IsValidUtf8(value)) faults.push_back({type_name + " is not valid UTF-8"});
    if (std::any_of(value.begin(), value.end(),
                    [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; })) {
      faults.push_back({type_name + " has a control character"});
    }
    if (Characters(value) > type->most) {
      faults.push_back(
          {quoted() + " is longer than " + std::to_string(type->most) + " characters",
           {},
           type_name == "CN" ? "put the long name into dns and a short one into the subject" : ""});
    }
    if (type_name == "C" &&
        !(value.size() == 2 &&
          std::all_of(value.begin(), value.end(), [](char c) { return c >= 'A' && c <= 'Z'; }))) {
      faults.push_back({quoted() + " is not two capital letters"});
    }
    if (type->type == StringType::kPrintable && !IsPrintableString(value)) {
      faults.push_back({quoted() + " has characters outside PrintableString"});
    }
    if (type->type == StringType::kIa5 &&
        std::any_of(value.begin(), value.end(), [](char c) { return (c & 0x80) != 0; })) {
      faults.push_back({quoted() + " has characters outside ASCII"});
    }
  }
  return faults;
}

Name ReadName(ByteView der) {
  Name name;
  BerReader rdns = BerReader(der).Enter(ber::kSequence, "a name");
  while (!rdns.AtEnd()) {
    BerReader set = rdns.Enter(ber::kSet, "a relative name");
    while (!set.AtEnd()) {
      BerReader pair = set.Enter(ber::kSequence, "an attribute");
      const std::string oid = pair.Oid();
      const AttributeType* const type = FindByOid(oid);
      name.attributes.push_back(
          {type != nullptr ? std::string(type->name) : oid, DecodeString(pair.Next())});
    }
  }
  return name;
}

std::string NameToString(ByteView der) { return ReadName(der).ToString(); }

}  // namespace fleetmint

#include "engine/base/yaml_scalars.h"

#include <algorithm>
#include <array>
#include <utility>

namespace fleetmint::yaml {
namespace {

// What escapes of one letter stand for (5.7); those with digits and line breaks are code.
constexpr std::array<std::pair<char, std::string_view>, 18> kEscapes{{
    {'0', std::string_view("\0", 1)},
    {'a', "\a"},
    {'b', "\b"},
    {'t', "\t"},
    {'\t', "\t"},
    {'n', "\n"},
    {'v', "\v"},
    {'f', "\f"},
    {'r', "\r"},
    {'e', "\x1B"},
    {' ', " "},
    {'"', "\""},
    {'/', "/"},
    {'\\', "\\"},
    {'N', "\xC2\x85"},
    {'_', "\xC2\xA0"},
    {'L', "\xE2\x80\xA8"},
    {'P', "\xE2\x80\xA9"},
}};

void AppendUtf8(std::string& text, std::uint32_t code) {
  const auto byte = [&](std::uint32_t value) { text.push_back(static_cast<char>(value)); };
  if (code < 0x80) return byte(code);
  if (code < 0x800) {
    byte(0xC0U | code >> 6U);
  } else if (code < 0x10000) {
    byte(0xE0U | code >> 12U);
    byte(0x80U | (code >> 6U & 0x3FU));
  } else {
    byte(0xF0U | code >> 18U);
    byte(0x80U | (code >> 12U & 0x3FU));
    byte(0x80U | (code >> 6U & 0x3FU));
  }
  byte(0x80U | (code & 0x3FU));
}

std::string InQuotes(char c) { return c == '\'' ? "\"'\"" : std::string("'") + c + "'"; }

[[noreturn]] void ThrowFirstCharacter(Source& source, bool in_flow) {
  const char c = source.Peek();
  const Position where = source.Where();
  switch (c) {
    case '&':
      throw SyntaxFault{where, "anchors (&name) are not supported",
                        "put shared settings into a group or a profile, or, if it is a text that "
                        "begins with '&', put it in quotes"};
    case '*':
      throw SyntaxFault{where, "aliases (*name) are not supported",
                        "if it is a text that begins with '*', put it in quotes: "
                        "\"*.example.com\"; otherwise write the value out"};
    case '!': {
      std::size_t length = 1;
      while (!IsBlankOrEnd(source.Peek(length)) &&
             !(in_flow && IsFlowIndicator(source.Peek(length)))) {
        ++length;
      }
      const std::string_view tag = source.Text(source.offset(), source.offset() + length);
      throw SyntaxFault{where, "the tag '" + std::string(tag) + "' is not supported",
                        "leave it out, or, if it is a text that begins with '!', put it in quotes"};
    }
    case '#':
      throw SyntaxFault{where, "a value was expected, not '#'",
                        "a comment needs a space before its '#'; a text that begins with '#' "
                        "needs quotes"};
    case '-':
      throw SyntaxFault{where, "a list item ('- ') cannot stand here",
                        "between brackets, items are separated by commas: [a, b]"};
    case '?':
      throw SyntaxFault{where, "keys marked with '?' are not supported", "write: key: value"};
    case ':':
      throw SyntaxFault{where, "a key must be a text; none stands before this ':'",
                        "write: key: value"};
    case ',':
      throw SyntaxFault{where, "a value was expected, not ','",
                        "take the comma out, or put the text in quotes"};
    case ']':
    case '}':
      throw SyntaxFault{
          where, std::string("'") + c + "' closes nothing that is open here",
          c == ']' ? "every ']' needs its '[' before it" : "every '}' needs its '{' before it"};
    default:
      throw SyntaxFault{where, "a text without quotes cannot begin with " + InQuotes(c),
                        "put it in quotes"};
  }
}

// Goes over the characters of a plain text that are in this line (ns-plain-char). False if none.
bool SkipPlainLine(Source& source, bool in_flow) {
  std::size_t length = 0;
  for (std::size_t i = 0;; ++i) {
    const char c = source.Peek(i);
    if (IsBlank(c)) {
      if (source.Peek(i + 1) == '#') break;
      continue;
    }
    if (IsBlankOrEnd(c) || (in_flow && IsFlowIndicator(c))) break;
    if (c == ':') {
      const char next = source.Peek(i + 1);
      if (IsBlankOrEnd(next) || (in_flow && IsFlowIndicator(next))) break;
    }
    length = i + 1;
  }
  source.Skip(length);
  return length > 0;
}

// Goes on to the next line that is not empty, where a text of several lines goes on. Gives the
// number of line breaks on the way. An empty line of a text may be cut short, but has no tab in its
// indentation (l-empty, 6.4): there it stops, too.
std::size_t SkipLines(Source& source, int indent) {
  std::size_t breaks = 0;
  for (; IsBreak(source.Peek()); ++breaks) {
    source.NextLine();
    const Source::Mark start = source.Here();
    source.SkipBlanks();
    const bool tab = source.Indent() <= indent && source.Indent() < source.Column();
    if (tab || !IsBreak(source.Peek())) {
      source.Return(start);
      return breaks + 1;
    }
  }
  return breaks;
}

// Quoted reads a text in quotes.
class Quoted {
 public:
  Quoted(Source& source, int indent)
      : source_(source), indent_(indent), quote_(source.Peek()), where_(source.Where()) {}

  Scalar Read() {
    const std::uint32_t line = source_.line();
    source_.Skip(1);
    while (!AtQuote() || IsDoubled()) ReadPiece();
    source_.Skip(1);
    return {std::move(text_), where_, true, line == source_.line()};
  }

 private:
  [[noreturn]] void ThrowUnclosed(const std::string& how) const {
    const std::string name = quote_ == '"' ? "double quote" : "single quote";
    throw SyntaxFault{where_, "the " + name + " is not closed" + how,
                      "close it with " + InQuotes(quote_) + "; a quote inside is written " +
                          (quote_ == '"' ? "\\\"" : "''")};
  }

  bool AtQuote() const { return source_.Peek() == quote_; }
  // In single quotes, two of them are one of the text.
  bool IsDoubled() const { return quote_ == '\'' && source_.Peek(1) == quote_; }

  // One character, escape, or run of blanks and line breaks.
  void ReadPiece() {
    const char c = source_.Peek();
    if (source_.AtEnd()) ThrowUnclosed("");
    if (IsBlank(c) || IsBreak(c)) return ReadBlanks();
    if (quote_ == '"' && c == '\\') return ReadEscape();
    text_.push_back(c);
    source_.Skip(AtQuote() ? 2 : 1);
  }

  // Blanks at the end and the beginning of a line are not part of the text.
  void ReadBlanks() {
    const std::size_t begin = source_.offset();
    source_.SkipBlanks();
    if (!IsBreak(source_.Peek())) {
      text_ += source_.Text(begin, source_.offset());
      return;
    }
    Fold(text_, GoToNextLine());
  }

  std::size_t GoToNextLine() {
    const std::size_t breaks = SkipLines(source_, indent_);
    if (source_.AtEnd()) ThrowUnclosed("");
    if (source_.Indent() <= indent_ || source_.AtDocumentMarker()) {
      ThrowUnclosed(" before line " + std::to_string(source_.line()) +
                    ", which is not indented deeper");
    }
    source_.SkipBlanks();
    return breaks;
  }

  void ReadEscape() {
    const Position where = source_.Where();
    const char c = source_.Peek(1);
    source_.Skip(1);
    if (IsBreak(c)) {  // an escaped line break: nothing
      if (GoToNextLine() == 1) return;
      throw SyntaxFault{where, "an empty line after a '\\' that joins lines", "take it out"};
    }
    if (c == 'x' || c == 'u' || c == 'U') return ReadCode(where, c == 'x' ? 2 : c == 'u' ? 4 : 8);
    const auto* const escape =
        std::find_if(kEscapes.begin(), kEscapes.end(), [&](const auto& e) { return e.first == c; });
    if (escape == kEscapes.end()) {
      if (source_.AtEnd()) ThrowUnclosed("");
      throw SyntaxFault{where, std::string("unknown escape '\\") + c + "'",
                        "in double quotes a backslash is written \\\\; in single quotes it stands "
                        "for itself"};
    }
    text_ += escape->second;
    source_.Skip(1);
  }

  void ReadCode(Position where, std::size_t digits) {
    std::uint32_t code = 0;
    const std::string_view text = source_.Text(source_.offset() + 1, source_.offset() + 1 + digits);
    for (const char c : text) {
      const std::string_view hex = "0123456789abcdef";
      const std::size_t digit = hex.find(static_cast<char>(c >= 'A' && c <= 'F' ? c + 32 : c));
      if (digit == std::string_view::npos || code > 0xFFFFFFF) {
        code = 0xFFFFFFFF;
        break;
      }
      code = code << 4U | static_cast<std::uint32_t>(digit);
    }
    if (text.size() < digits || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) {
      throw SyntaxFault{where, "an escape that stands for no character",
                        "\\x has 2 hexadecimal digits, \\u 4 and \\U 8, of a Unicode character"};
    }
    AppendUtf8(text_, code);
    source_.Skip(1 + digits);
  }

  Source& source_;
  const int indent_;
  const char quote_;
  const Position where_;
  std::string text_;
};

}  // namespace

void Fold(std::string& text, std::size_t breaks) {
  if (breaks == 1) {
    text.push_back(' ');
  } else {
    text.append(breaks - 1, '\n');
  }
}

bool IsNull(const Scalar& scalar) {
  if (scalar.quoted) return false;
  const std::string& text = scalar.text;
  return text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL";
}

Scalar ReadPlain(Source& source, int indent, bool in_flow) {
  Scalar scalar;
  scalar.where = source.Where();
  const char c = source.Peek();
  const char next = source.Peek(1);
  const bool safe = !IsBlankOrEnd(next) && !(in_flow && IsFlowIndicator(next));
  const bool starts = c == '-' || c == '?' || c == ':'
                          ? safe
                          : std::string_view(",[]{}#&*!|>'\"%@`").find(c) == std::string_view::npos;
  if (!starts) ThrowFirstCharacter(source, in_flow);
  std::size_t begin = source.offset();
  SkipPlainLine(source, in_flow);
  scalar.text = source.Text(begin, source.offset());
  for (;;) {  // further lines
    const Source::Mark end = source.Here();
    source.SkipBlanks();
    if (!IsBreak(source.Peek())) {
      source.Return(end);
      return scalar;
    }
    const std::size_t breaks = SkipLines(source, indent);
    const bool marker = source.AtDocumentMarker();
    const bool deeper = source.Indent() > indent;
    source.SkipBlanks();
    begin = source.offset();
    if (marker || !deeper || source.Peek() == '#' || !SkipPlainLine(source, in_flow)) {
      source.Return(end);
      return scalar;
    }
    Fold(scalar.text, breaks);
    scalar.text += source.Text(begin, source.offset());
    scalar.one_line = false;
  }
}

Scalar ReadQuoted(Source& source, int indent) { return Quoted(source, indent).Read(); }

}  // namespace fleetmint::yaml

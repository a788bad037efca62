#include "engine/base/yaml_parser.h"

#include <utility>

namespace fleetmint::yaml {
namespace {

constexpr std::size_t kLongestKey = 1024;  // bytes; YAML 1.2.2, 7.4.2

std::string Shown(const Scalar& key) {
  return "'" + (key.text.size() > 40 ? key.text.substr(0, 40) + "..." : key.text) + "'";
}

// Parser is a recursive descent. `indent` is always the depth of the enclosing block collection, -1
// at the top: what belongs to a value is indented deeper.
class Parser {
 public:
  Parser(std::string_view text, Events& events) : source_(text), events_(events) {}

  void Document() {
    source_.SkipGap();
    CheckIndentation();
    if (source_.Column() == 0 && source_.Peek() == '%') {
      Throw("directives (%) are not supported", "take the line out");
    }
    bool same_line = false;
    if (source_.AtDocumentMarker()) {
      if (source_.Peek() == '.') Throw("a document was expected, not its end", "remove the '...'");
      source_.Skip(3);
      same_line = true;
    }
    BlockNode(-1, same_line ? Place::kMarker : Place::kTop);
    EndOfDocument();
  }

 private:
  // Where a value stands: it decides what may begin in the same line.
  enum class Place { kTop, kMarker, kItem, kValue };

  [[noreturn]] void Throw(std::string message, std::string hint) {
    throw SyntaxFault{source_.Where(), std::move(message), std::move(hint)};
  }

  [[noreturn]] void ThrowCollectionKey(char open) {
    Throw(std::string("a key must be a text, not a ") + (open == '[' ? "list" : "mapping"),
          "a text that begins with a bracket or a brace needs quotes");
  }

  void EndOfDocument() {
    source_.SkipGap();
    if (source_.AtDocumentMarker() && source_.Peek() == '.') {
      source_.Skip(3);
      EndOfLine("the end of the document");
      source_.SkipGap();
    }
    if (source_.AtEnd()) return;
    if (source_.AtDocumentMarker() || source_.Peek() == '%') {
      Throw("a second document", "a file holds one document; remove the '---'");
    }
    CheckIndentation();
    Throw("the document ended before this line",
          "a file holds one list, one text, or keys and values: write every key as 'key: value', "
          "at the same indentation");
  }

  // --- Block style.

  // At the first character of a line's content: a tab before it is nobody's indentation.
  void CheckIndentation() {
    if (source_.Indent() >= source_.Column()) return;
    const Source::Mark here = source_.Here();
    source_.Return(
        {here.line_start + static_cast<std::size_t>(source_.Indent()), here.line_start, here.line});
    if (source_.Peek() == '\t') Throw("a tab in the indentation", "indent with spaces, not tabs");
    source_.Return(here);
  }

  // To the next content, which begins a line. False at the end of the document.
  bool NextLine() {
    source_.SkipGap();
    if (source_.AtEnd() || source_.AtDocumentMarker()) return false;
    CheckIndentation();
    return true;
  }

  // The value behind `key:` or `- `, or that of the document.
  void BlockNode(int indent, Place place) {
    const Position before = source_.Where();
    const std::size_t begin = source_.offset();
    const bool new_line = source_.SkipGap() || place == Place::kTop;
    const bool end = source_.AtEnd() || (new_line && source_.AtDocumentMarker());
    if (new_line) CheckIndentation();
    if (end) return events_.OnNull(before);
    const int column = source_.Column();
    if (new_line && column <= indent) {
      // The items of a key's list may stand as deep as the key.
      if (place == Place::kValue && column == indent && source_.AtIndicator('-')) {
        return BlockSequence(column, indent);
      }
      return events_.OnNull(before);
    }
    const bool tab = source_.Text(begin, source_.offset()).find('\t') != std::string_view::npos;
    const bool block = new_line || (place == Place::kItem && !tab);
    if (source_.AtIndicator('-')) {
      if (!block) ThrowInLine(place, tab);
      return BlockSequence(column, indent);
    }
    const char c = source_.Peek();
    if (c == '|' || c == '>') return events_.OnText(ReadBlock(source_, indent));
    if (c == '[' || c == '{') return FlowAsBlockNode(indent);
    if (source_.AtIndicator('?') || source_.AtIndicator(':')) ReadPlain(source_, indent, false);
    Scalar scalar = ReadScalar(indent, false);
    if (!AtColon(scalar)) {
      const std::string what = scalar.quoted ? "the closing quote" : "the text";
      events_.OnText(std::move(scalar));
      return EndOfLine(what);
    }
    if (!block) ThrowInLine(place, tab);
    BlockMapping(column, std::move(scalar));
  }

  // A block collection that begins where only a text may.
  [[noreturn]] void ThrowInLine(Place place, bool tab) {
    if (place == Place::kItem && tab) {
      Throw("a tab between the '-' and its item", "write one space after the '-'");
    }
    if (place == Place::kMarker) {
      Throw("the document begins in the line of its '---'", "begin it in the next line");
    }
    Throw(source_.Peek() == ':' ? "a second ': ' in the line of a key"
                                : "a list item ('- ') in the line of its key",
          source_.Peek() == ':'
              ? "put the value in quotes, or begin the inner key in the next line, indented"
              : "begin the list in the next line");
  }

  void FlowAsBlockNode(int indent) {
    const char c = source_.Peek();
    FlowNode(indent, 1);
    const Source::Mark end = source_.Here();
    source_.SkipBlanks();
    if (source_.Peek() == ':') ThrowCollectionKey(c);
    source_.Return(end);
    EndOfLine(c == '[' ? "the ']'" : "the '}'");
  }

  Scalar ReadScalar(int indent, bool in_flow) {
    const char c = source_.Peek();
    if (c == '"' || c == '\'') return ReadQuoted(source_, indent);
    return ReadPlain(source_, indent, in_flow);
  }

  // Whether `scalar`, just read, is a key: goes to its colon, and checks it. Otherwise the cursor
  // stays behind the text.
  bool AtColon(const Scalar& scalar) {
    const Source::Mark end = source_.Here();
    source_.SkipBlanks();
    if (!source_.AtIndicator(':')) {
      source_.Return(end);
      return false;
    }
    CheckKey(scalar);
    return true;
  }

  static void CheckKey(const Scalar& key) {
    if (!key.one_line) {
      const std::string first = key.text.substr(0, key.text.find(' '));
      throw SyntaxFault{key.where, "the key " + Shown(key) + " goes over several lines",
                        "if its first line is a key, put ': ' behind it; if it is a value, indent "
                        "the next key as deep as its own"};
    }
    if (key.text.size() > kLongestKey) {
      throw SyntaxFault{key.where, "a key longer than 1024 bytes", "is a quote not closed?"};
    }
    if (IsNull(key)) {
      throw SyntaxFault{key.where, "a key must be a text, not null", "put it in quotes"};
    }
  }

  void BlockMapping(int column, Scalar key) {
    events_.OnMapping(key.where);
    for (;;) {
      events_.OnKey(std::move(key));
      source_.Skip(1);  // the colon
      BlockNode(column, Place::kValue);
      if (!NextLine() || source_.Column() < column) break;
      if (source_.Column() > column) ThrowIndentation(column);
      key = ReadKey(column);
    }
    events_.OnEnd();
  }

  // At the beginning of a key: a text, then a colon.
  Scalar ReadKey(int column) {
    const char c = source_.Peek();
    if (source_.AtIndicator('-')) {
      Throw("a list item ('- ') where a key was expected",
            "a mapping holds 'key: value' alone; indent the item below the key whose list it is "
            "of");
    }
    if (c == '[' || c == '{') ThrowCollectionKey(c);
    if (c == '|' || c == '>') {
      Throw(std::string("a key was expected, not '") + c + "'", "write: key: value");
    }
    // Of a plain text this line alone: what follows it says what is missing.
    Scalar key = ReadScalar(c == '"' || c == '\'' ? column : kNoMoreLines, false);
    if (AtColon(key)) return key;
    source_.SkipBlanks();
    const bool near = source_.Peek() == ':' || key.text.find(':') != std::string::npos;
    Throw("': ' was expected after " + Shown(key),
          near ? "a colon needs a space behind it: key: value"
               : "write: key: value; or, if it belongs to the value above, indent it deeper");
  }

  void BlockSequence(int column, int indent) {
    events_.OnSequence(source_.Where());
    for (;;) {
      source_.Skip(1);  // the '-'
      BlockNode(column, Place::kItem);
      if (!NextLine() || source_.Column() < column) break;
      if (source_.Column() > column) ThrowIndentation(column);
      if (source_.AtIndicator('-')) continue;
      if (column == indent) break;  // the next key
      Throw("'- ' was expected, as before the other items of this list",
            "write '- ' before the item, or indent a key as deep as the key of the list");
    }
    events_.OnEnd();
  }

  [[noreturn]] void ThrowIndentation(int column) {
    Throw("indented by " + Spaces(source_.Column()) + "; " + Spaces(column) +
              (column == 0 ? " were expected" : " or less were expected"),
          "what belongs together is indented equally deep");
  }
  static std::string Spaces(int count) {
    return std::to_string(count) + (count == 1 ? " space" : " spaces");
  }

  // Behind a value only a comment may stand.
  void EndOfLine(const std::string& what) {
    source_.SkipBlanks();
    if (source_.AtEnd() || IsBreak(source_.Peek()) || source_.AtComment()) return;
    if (source_.Peek() == '#') {
      Throw("a comment directly behind " + what, "a comment needs a space before its '#'");
    }
    if (source_.Peek() == ':') {
      Throw("a ':' behind " + what,
            "a colon needs a space behind it: key: value; a text that has one needs quotes");
    }
    Throw("the line goes on behind " + what,
          "put the whole value in quotes, or begin the next key in a line of its own");
  }

  // --- Flow style.

  // A bracket that is open.
  struct Open {
    char bracket;
    Position where;
    int indent;  // of the block collection that holds the outermost
    int level;   // 1: the outermost
  };

  // In a flow collection, to what follows. Every line is indented deeper than what holds the
  // collection; the closing bracket of the outermost may be as deep.
  void FlowGap(const Open& open) {
    const bool new_line = source_.SkipGap();
    if (source_.AtEnd()) ThrowUnclosed(open, "");
    if (!new_line) return;
    const char c = source_.Peek();
    const int spaces = source_.Indent();
    const bool closing = open.level == 1 && spaces == open.indent && (c == ']' || c == '}');
    if ((spaces > open.indent || closing) && !source_.AtDocumentMarker()) return;
    CheckIndentation();
    ThrowUnclosed(
        open, " before line " + std::to_string(source_.line()) + ", which is not indented deeper");
  }

  [[noreturn]] static void ThrowUnclosed(const Open& open, const std::string& where) {
    const std::string bracket(1, open.bracket);
    throw SyntaxFault{open.where, "the '" + bracket + "' is not closed" + where,
                      std::string("close it with '") + (open.bracket == '[' ? ']' : '}') +
                          "'; a text that begins with '" + bracket + "' needs quotes"};
  }

  void FlowNode(int indent, int level) {
    const char c = source_.Peek();
    if (c == '[') return FlowSequence(indent, level);
    if (c == '{') return FlowMapping(indent, level);
    events_.OnText(ReadScalar(indent, true));
  }

  // Behind an item: true at a comma, which is taken; false at the closing bracket, too.
  bool FlowSeparator(char close) {
    const char c = source_.Peek();
    if (c != ',' && c != close) {
      if (c == '#') {
        Throw("a comment directly behind an item", "a comment needs a space before its '#'");
      }
      Throw(std::string("',' or '") + close + "' was expected",
            "separate items by commas; a text that holds one of ,[]{}\"' or ': ' needs quotes");
    }
    source_.Skip(1);
    return c == ',';
  }

  void FlowSequence(int indent, int level) {
    const Open open{'[', source_.Where(), indent, level};
    events_.OnSequence(open.where);
    source_.Skip(1);
    for (;;) {
      FlowGap(open);
      if (source_.Peek() == ']') {
        source_.Skip(1);
        break;
      }
      FlowItem(open);
      FlowGap(open);
      if (!FlowSeparator(']')) break;
    }
    events_.OnEnd();
  }

  // An item of a list: `key: value` without braces is a mapping of one key (7.4.2).
  void FlowItem(const Open& open) {
    const char c = source_.Peek();
    if (c == '[' || c == '{') {
      FlowNode(open.indent, open.level + 1);
      return ThrowIfKey(c);
    }
    Scalar scalar = ReadScalar(open.indent, true);
    const Source::Mark end = source_.Here();
    source_.SkipBlanks();
    if (!AtFlowColon(scalar.quoted)) {
      source_.Return(end);
      return events_.OnText(std::move(scalar));
    }
    CheckKey(scalar);
    events_.OnMapping(scalar.where);
    events_.OnKey(std::move(scalar));
    FlowValue(open);
    events_.OnEnd();
  }

  // Behind a quoted key the colon needs no space behind it.
  bool AtFlowColon(bool quoted) const {
    const char next = source_.Peek(1);
    return source_.Peek() == ':' && (quoted || IsBlankOrEnd(next) || IsFlowIndicator(next));
  }

  void ThrowIfKey(char open) {
    const Source::Mark end = source_.Here();
    source_.SkipGap();
    if (source_.Peek() == ':') ThrowCollectionKey(open);
    source_.Return(end);
  }

  void FlowMapping(int indent, int level) {
    const Open open{'{', source_.Where(), indent, level};
    events_.OnMapping(open.where);
    source_.Skip(1);
    for (;;) {
      FlowGap(open);
      const char c = source_.Peek();
      if (c == '}') {
        source_.Skip(1);
        break;
      }
      if (c == '[' || c == '{') ThrowCollectionKey(c);
      FlowEntry(open);
      FlowGap(open);
      if (!FlowSeparator('}')) break;
    }
    events_.OnEnd();
  }

  void FlowEntry(const Open& open) {
    Scalar key = ReadScalar(open.indent, true);
    key.one_line = true;  // here it need not be (7.4.2)
    CheckKey(key);
    const bool quoted = key.quoted;
    events_.OnKey(std::move(key));
    FlowGap(open);
    if (AtFlowColon(quoted)) return FlowValue(open);
    events_.OnNull(source_.Where());
  }

  // At the colon.
  void FlowValue(const Open& open) {
    source_.Skip(1);
    FlowGap(open);
    const char c = source_.Peek();
    if (c == ',' || c == ']' || c == '}') return events_.OnNull(source_.Where());
    FlowNode(open.indent, open.level + 1);
  }

  static constexpr int kNoMoreLines = 1 << 30;

  Source source_;
  Events& events_;
};

}  // namespace

void ParseDocument(std::string_view text, Events& events) { Parser(text, events).Document(); }

}  // namespace fleetmint::yaml

// ReadBlock: texts that are a block of lines.
#include <algorithm>
#include <optional>
#include <vector>

#include "engine/base/yaml_scalars.h"

namespace fleetmint::yaml {
namespace {

// BlockText reads the lines of a block and makes one text of them.
class BlockText {
 public:
  BlockText(Source& source, int indent) : source_(source), indent_(indent) {}

  Scalar Read() {
    const Position where = source_.Where();
    folded_ = source_.Peek() == '>';
    source_.Skip(1);
    ReadHeader();
    if (!source_.AtEnd()) {
      source_.NextLine();
      ReadLines();
    }
    return {Join(), where, true, false};
  }

 private:
  void ReadHeader() {
    for (;; source_.Skip(1)) {
      const char c = source_.Peek();
      if ((c == '+' || c == '-') && chomp_ == ' ') {
        chomp_ = c;
      } else if (c >= '1' && c <= '9' && depth_ < 0) {
        depth_ = std::max(indent_, 0) + (c - '0');
      } else {
        break;
      }
    }
    const std::size_t end = source_.offset();
    source_.SkipBlanks();
    if (source_.AtComment()) SkipLine();
    if (source_.AtEnd() || IsBreak(source_.Peek())) return;
    const bool separate = source_.offset() > end;
    throw SyntaxFault{source_.Where(),
                      std::string(separate ? "a text" : "a character") + " after the '" +
                          (folded_ ? '>' : '|') + "' that begins a block of lines",
                      "the block begins in the next line, indented; a text that begins with '" +
                          std::string(1, folded_ ? '>' : '|') + "' needs quotes"};
  }

  void SkipLine() {
    while (!source_.AtEnd() && !IsBreak(source_.Peek())) source_.Skip(1);
  }

  void ReadLines() {
    int most = 0;  // spaces in empty lines before the first that is not
    while (!source_.AtEnd() && !source_.AtDocumentMarker()) {
      const int spaces = source_.Indent();
      const char first = source_.Peek(static_cast<std::size_t>(spaces));
      const bool empty = first == '\0' || IsBreak(first);
      const bool shallow = depth_ < 0 ? spaces <= indent_ : spaces < depth_;
      if (!empty && shallow) {
        if (first == '\t') ThrowTab(spaces);
        return;
      }
      if (depth_ < 0 && !empty) {
        depth_ = spaces;
        if (most > depth_) ThrowDeepStart();
      }
      if (depth_ < 0) most = std::max(most, spaces);
      if (!TakeLine(empty && (depth_ < 0 || shallow) ? spaces : depth_)) return;
    }
  }

  // Takes what stands behind `indent` spaces. False at the end of the text.
  bool TakeLine(int indent) {
    source_.Skip(static_cast<std::size_t>(indent));
    const Position where = source_.Where();
    const std::size_t begin = source_.offset();
    SkipLine();
    const std::string_view line = source_.Text(begin, source_.offset());
    const bool content = line.find_first_not_of(" \t") != std::string_view::npos;
    if (content) {
      content_ = lines_.size() + 1;
    } else if (!blanks_ && (!line.empty() || (source_.AtEnd() && indent > 0 && chomp_ == '+'))) {
      blanks_ = where;
    }
    if (content) blanks_.reset();
    if (source_.AtEnd() && line.empty()) return false;
    lines_.push_back(line);
    if (source_.AtEnd()) return false;
    source_.NextLine();
    return true;
  }

  [[noreturn]] void ThrowTab(int spaces) {
    source_.Skip(static_cast<std::size_t>(spaces));
    throw SyntaxFault{source_.Where(), "a tab in the indentation", "indent with spaces, not tabs"};
  }

  [[noreturn]] void ThrowDeepStart() {
    source_.Skip(static_cast<std::size_t>(depth_));
    throw SyntaxFault{source_.Where(),
                      "the block's first line is indented less than an empty line before it",
                      "take the spaces out of the empty lines"};
  }

  std::string Join() const {
    // Readers differ about them, and nobody means them.
    if (blanks_) {
      throw SyntaxFault{*blanks_, "blanks at the end of a block of lines",
                        "take the blanks out of its last lines"};
    }
    std::string text = folded_ ? JoinFolded(content_) : JoinLiteral(content_);
    if (content_ > 0 && chomp_ != '-') text.push_back('\n');
    if (chomp_ == '+') text.append(lines_.size() - content_, '\n');
    return text;
  }

  std::string JoinLiteral(std::size_t count) const {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) {
      if (i > 0) text.push_back('\n');
      text += lines_[i];
    }
    return text;
  }

  // 8.1.3: line breaks between lines are folded, but not those beside a line that begins with a
  // blank.
  std::string JoinFolded(std::size_t count) const {
    std::string text;
    std::size_t breaks = 0;
    bool first = true, was_deeper = false;
    for (std::size_t i = 0; i < count; ++i, ++breaks) {
      if (lines_[i].empty()) continue;
      const bool deeper = IsBlank(lines_[i].front());
      if (first || deeper || was_deeper) {
        text.append(breaks, '\n');
      } else {
        Fold(text, breaks);
      }
      text += lines_[i];
      was_deeper = deeper;
      first = false;
      breaks = 0;
    }
    return text;
  }

  Source& source_;
  const int indent_;
  bool folded_ = false;
  char chomp_ = ' ';
  int depth_ = -1;  // of the lines; -1 until the first line tells
  std::vector<std::string_view> lines_;
  std::size_t content_ = 0;         // of lines_, up to the last that is not empty
  std::optional<Position> blanks_;  // behind those, blanks beyond the indentation
};

}  // namespace

Scalar ReadBlock(Source& source, int indent) { return BlockText(source, indent).Read(); }

}  // namespace fleetmint::yaml

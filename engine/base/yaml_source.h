// Source: the bytes of a YAML document under a cursor that knows its line and column. Internal to
// engine/base: the strict reader (yaml.h) stands on it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "engine/base/error.h"

namespace fleetmint::yaml {

// SyntaxFault is thrown where the reader cannot go on: what is wrong, where, and the remedy.
struct SyntaxFault {
  Position where;
  std::string message;
  std::string hint;
};

inline bool IsBlank(char c) { return c == ' ' || c == '\t'; }
inline bool IsBreak(char c) { return c == '\n' || c == '\r'; }
// At the end of the text Peek gives '\0', which is in no document.
inline bool IsBlankOrEnd(char c) { return IsBlank(c) || IsBreak(c) || c == '\0'; }
inline bool IsFlowIndicator(char c) {
  return c == ',' || c == '[' || c == ']' || c == '{' || c == '}';
}

// Source is for one reader, in one thread. The text must outlive it; it has no zero byte and no
// carriage return without a line feed.
class Source {
 public:
  explicit Source(std::string_view text) : text_(text) {}

  bool AtEnd() const { return at_ == text_.size(); }
  char Peek(std::size_t ahead = 0) const {
    return ahead < text_.size() - at_ ? text_[at_ + ahead] : '\0';
  }
  std::size_t offset() const { return at_; }
  std::string_view Text(std::size_t begin, std::size_t end) const {
    return text_.substr(begin, end - begin);
  }
  void Skip(std::size_t bytes) { at_ += bytes; }  // within the line
  void SkipBlanks() {
    while (IsBlank(Peek())) ++at_;
  }

  std::uint32_t line() const { return line_; }
  // Column counts bytes from 0: of indentation, which is of spaces, the depth.
  int Column() const { return static_cast<int>(at_ - line_start_); }
  // Indent gives the number of spaces that the line begins with.
  int Indent() const;
  // Where gives the cursor's position as people count: both from 1, columns in characters.
  Position Where();

  // NextLine goes from a line break to the beginning of the next line.
  void NextLine();
  // At "---" or "..." that stands alone at the beginning of a line.
  bool AtDocumentMarker() const;
  // At '-', '?' or ':' that is followed by a blank or the line's end.
  bool AtIndicator(char c) const { return Peek() == c && IsBlankOrEnd(Peek(1)); }

  // SkipGap goes over blanks, comments and line breaks to what follows. True if it went to another
  // line. (A '#' is a comment only at the beginning of a line or after a blank.)
  bool SkipGap();
  // Whether a comment begins here.
  bool AtComment() const {
    return Peek() == '#' && (at_ == line_start_ || IsBlank(text_[at_ - 1]));
  }

  // A place to go back to.
  struct Mark {
    std::size_t at, line_start;
    std::uint32_t line;
  };
  Mark Here() const { return {at_, line_start_, line_}; }
  void Return(const Mark& mark) {
    at_ = mark.at;
    line_start_ = mark.line_start;
    line_ = mark.line;
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_start_ = 0;
  std::uint32_t line_ = 1;
  // Up to where characters of the line `counted_start_` were counted, and how many: a line of a
  // million hosts is not counted again for each.
  std::size_t counted_start_ = 0, counted_ = 0;
  std::uint32_t characters_ = 0;
};

}  // namespace fleetmint::yaml

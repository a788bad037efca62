#include "engine/base/yaml_source.h"

namespace fleetmint::yaml {

int Source::Indent() const {
  std::size_t end = line_start_;
  while (end < text_.size() && text_[end] == ' ') ++end;
  return static_cast<int>(end - line_start_);
}

Position Source::Where() {
  if (counted_start_ != line_start_ || counted_ > at_ || counted_ < line_start_) {
    counted_start_ = counted_ = line_start_;
    characters_ = 0;
  }
  for (; counted_ < at_; ++counted_) {
    if ((text_[counted_] & 0xC0) != 0x80) ++characters_;
  }
  return {line_, characters_ + 1};
}

void Source::NextLine() {
  at_ += Peek() == '\r' ? 2 : 1;
  line_start_ = at_;
  ++line_;
}

bool Source::AtDocumentMarker() const {
  if (at_ != line_start_) return false;
  const std::string_view three = text_.substr(at_, 3);
  return (three == "---" || three == "...") && IsBlankOrEnd(Peek(3));
}

bool Source::SkipGap() {
  bool new_line = false;
  for (;;) {
    SkipBlanks();
    if (AtComment()) {
      while (!AtEnd() && !IsBreak(Peek())) ++at_;
    }
    if (!IsBreak(Peek())) return new_line;
    NextLine();
    new_line = true;
  }
}

}  // namespace fleetmint::yaml

#include "engine/base/yaml.h"

#include <algorithm>
#include <charconv>
#include <unordered_map>

#include "engine/base/text.h"
#include "engine/base/text_file.h"
#include "engine/base/yaml_parser.h"
#include "engine/base/yaml_second.h"

namespace fleetmint::yaml {
namespace {

constexpr std::size_t kDeepest = 32;
constexpr std::size_t kLongestScalar = std::size_t{64} << 10U;

// Splits "a/*/b" at the slashes.
std::vector<std::string> SplitPath(const std::string& path) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    parts.push_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

// Builder turns the parser's events into a tree, or into deliveries where a stream asks for them.
class Builder final : public Events {
 public:
  Builder(FaultList& faults, std::span<const Stream> streams) : faults_(faults) {
    for (const Stream& stream : streams) streams_.push_back({SplitPath(stream.path), &stream});
  }

  Node Take() { return std::move(root_); }

  // Cut closes what is open after a fault. A key without its value is left out.
  void Cut() {
    while (!stack_.empty()) {
      stack_.back().node.cut = true;
      OnEnd();
    }
    root_.cut = true;
  }

  void OnNull(Position where) override {
    Node node;
    node.where = where;
    Accept(std::move(node));
  }

  void OnText(Scalar text) override {
    Node node;
    node.where = text.where;
    node.quoted = text.quoted;
    CheckLength(text);
    if (!yaml::IsNull(text)) {
      node.kind = Node::Kind::kScalar;
      node.scalar = std::move(text.text);
    }
    Accept(std::move(node));
  }

  void OnKey(Scalar key) override {
    CheckLength(key);
    Frame& frame = stack_.back();
    frame.has_key = true;
    frame.key = std::move(key.text);
    frame.key_where = key.where;
    const auto [place, fresh] = frame.seen.emplace(frame.key, key.where);
    if (fresh) return;
    faults_.Add(key.where, "key '" + frame.key + "' stands twice",
                "it is already in line " + std::to_string(place->second.line));
  }

  void OnSequence(Position where) override {
    Open(where, Node::Kind::kSequence);
    stack_.back().stream = StreamHere();
  }

  void OnMapping(Position where) override { Open(where, Node::Kind::kMapping); }

  void OnEnd() override {
    Node node = std::move(stack_.back().node);
    stack_.pop_back();
    Accept(std::move(node));
  }

 private:
  struct Frame {
    Node node;
    std::size_t index = 0;  // of the next item of a sequence
    std::string key;        // of the pending mapping entry
    Position key_where;
    bool has_key = false;
    std::unordered_map<std::string, Position> seen;
    const Stream* stream = nullptr;  // its items are delivered, not kept
  };
  struct Pattern {
    std::vector<std::string> parts;
    const Stream* stream;
  };

  static void CheckLength(const Scalar& scalar) {
    if (scalar.text.size() <= kLongestScalar) return;
    throw SyntaxFault{scalar.where, "a text longer than 64 KiB", ""};
  }

  void Open(Position where, Node::Kind kind) {
    if (stack_.size() == kDeepest) throw SyntaxFault{where, "nested deeper than 32 levels", ""};
    Frame frame;
    frame.node.kind = kind;
    frame.node.where = where;
    stack_.push_back(std::move(frame));
  }

  void Accept(Node node) {
    if (stack_.empty()) {
      root_ = std::move(node);
      return;
    }
    Frame& frame = stack_.back();
    if (frame.node.IsMapping()) {
      frame.has_key = false;
      frame.node.entries.push_back({std::move(frame.key), frame.key_where, std::move(node)});
      return;
    }
    const std::size_t index = frame.index++;
    if (frame.stream == nullptr) {
      frame.node.items.push_back(std::move(node));
      return;
    }
    std::vector<std::size_t> indexes;
    for (const Frame& outer : stack_) {
      if (outer.node.IsSequence() && &outer != &frame) indexes.push_back(outer.index);
    }
    indexes.push_back(index);
    frame.stream->deliver(std::move(node), indexes);
  }

  // The stream whose path is that of the sequence just opened, if there is one.
  const Stream* StreamHere() const {
    for (const Pattern& pattern : streams_) {
      if (Matches(pattern.parts)) return pattern.stream;
    }
    return nullptr;
  }

  bool Matches(const std::vector<std::string>& parts) const {
    if (parts.size() + 1 != stack_.size()) return false;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const Frame& frame = stack_[i];
      if (frame.node.IsSequence() ? parts[i] != "*" : parts[i] != frame.key) return false;
    }
    return true;
  }

  FaultList& faults_;
  std::vector<Pattern> streams_;
  std::vector<Frame> stack_;
  Node root_;
};

// The position of a byte offset; columns are of characters, as Source::Where gives them.
Position PositionAt(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const std::size_t last = before.rfind('\n');
  const std::string_view line = before.substr(last == std::string_view::npos ? 0 : last + 1);
  return {
      static_cast<std::uint32_t>(std::count(before.begin(), before.end(), '\n') + 1),
      static_cast<std::uint32_t>(
          std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xC0) != 0x80; }) + 1)};
}

// Throws SyntaxFault at the first character that no document may have (YAML 1.2.2, 5.1).
void CheckCharacters(std::string_view text, const std::string& file) {
  if (const auto fault = Utf16Fault(text, file)) {
    throw SyntaxFault{{1, 1}, fault->message, fault->hint};
  }
  std::size_t bad = 0;
  if (!IsValidUtf8(text, &bad)) {
    throw SyntaxFault{PositionAt(text, bad), "a byte that is not UTF-8", "save the file as UTF-8"};
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool control = (c >= '\0' && c < ' ') || c == '\x7F';
    if (!control || c == '\t' || c == '\n' || (c == '\r' && text.substr(i + 1, 1) == "\n"))
      continue;
    const std::string hint = "take it out; in double quotes it is written as an escape";
    if (c == '\0') throw SyntaxFault{PositionAt(text, i), "a zero byte", hint};
    if (c == '\r') {
      throw SyntaxFault{PositionAt(text, i), "a carriage return without a line feed",
                        "end lines with a line feed, as editors on Linux and Windows do"};
    }
    constexpr std::string_view kHex = "0123456789abcdef";
    throw SyntaxFault{PositionAt(text, i),
                      std::string("the control character \\x") + kHex[c >> 4] + kHex[c & 15], hint};
  }
}

}  // namespace

const Node* Node::Find(std::string_view key) const {
  const auto place = std::find_if(entries.begin(), entries.end(),
                                  [&](const Entry& entry) { return entry.key == key; });
  return place == entries.end() ? nullptr : &place->value;
}

std::string_view KindName(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::kNull:
      return "null";
    case Node::Kind::kScalar:
      return "text";
    case Node::Kind::kSequence:
      return "list";
    case Node::Kind::kMapping:
      return "mapping";
  }
  return "?";
}

Node ReadText(std::string_view text, FaultList& faults, std::span<const Stream> streams) {
  Builder builder(faults, streams);
  try {
    text = WithoutMark(text);
    CheckCharacters(text, faults.file());
    TracingEvents traced(builder);
    ParseDocument(text, traced);
    CheckSecondReader(text, traced.trace());
  } catch (const SyntaxFault& fault) {
    faults.Add(fault.where, fault.message, fault.hint);
    builder.Cut();
  }
  return builder.Take();
}

std::optional<std::string> AsText(const Node& node, std::string_view what, FaultList& faults) {
  if (node.IsScalar()) return node.scalar;
  if (node.cut) return std::nullopt;  // the fault that cuts it is what is wrong
  faults.Add(node.where, std::string(what) + " is a " + std::string(KindName(node.kind)) +
                             "; a text was expected");
  return std::nullopt;
}

std::optional<bool> AsBool(const Node& node, std::string_view what, FaultList& faults) {
  if (node.IsScalar() && !node.quoted) {
    if (node.scalar == "true") return true;
    if (node.scalar == "false") return false;
  }
  if (node.cut) return std::nullopt;
  faults.Add(node.where,
             std::string(what) + " is '" + node.scalar + "'; true or false was expected");
  return std::nullopt;
}

std::optional<std::int64_t> AsInteger(const Node& node, std::string_view what, std::int64_t least,
                                      std::int64_t most, FaultList& faults) {
  std::int64_t value = 0;
  const char* const end = node.scalar.data() + node.scalar.size();
  const auto [rest, error] = std::from_chars(node.scalar.data(), end, value);
  if (node.IsScalar() && error == std::errc{} && rest == end && value >= least && value <= most) {
    return value;
  }
  if (node.cut) return std::nullopt;
  faults.Add(node.where, std::string(what) + " is '" + node.scalar + "'; a whole number from " +
                             std::to_string(least) + " to " + std::to_string(most) +
                             " was expected");
  return std::nullopt;
}

std::vector<std::string> AsTextList(const Node& node, std::string_view what, FaultList& faults) {
  std::vector<std::string> texts;
  if (node.IsScalar()) return {node.scalar};
  if (!node.IsSequence()) {
    if (node.cut) return texts;
    faults.Add(node.where, std::string(what) + " is a " + std::string(KindName(node.kind)) +
                               "; a list was expected");
    return texts;
  }
  for (const Node& item : node.items) {
    if (auto text = AsText(item, std::string("an item of ") + std::string(what), faults)) {
      texts.push_back(std::move(*text));
    }
  }
  return texts;
}

void CheckKeys(const Node& mapping, std::span<const std::string> known, FaultList& faults) {
  for (const Entry& entry : mapping.entries) {
    if (std::find(known.begin(), known.end(), entry.key) != known.end()) continue;
    faults.Add(entry.key_where, "unknown key '" + entry.key + "'", DidYouMean(entry.key, known));
  }
}

}  // namespace fleetmint::yaml

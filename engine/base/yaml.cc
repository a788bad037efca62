#include "engine/base/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <charconv>
#include <istream>
#include <memory>
#include <set>
#include <streambuf>
#include <unordered_map>

#include "engine/base/durable_file.h"
#include "engine/base/text.h"

namespace fleetmint::yaml {
namespace {

constexpr std::size_t kDeepest = 32;
constexpr std::size_t kLongestScalar = 64 * 1024;
constexpr std::size_t kLargestFile = std::size_t{1} << 30U;

Position PositionOf(const YAML::Mark& mark) {
  return {static_cast<std::uint32_t>(mark.line + 1), static_cast<std::uint32_t>(mark.column + 1)};
}

// Stop ends the parse after a fault that leaves nothing sensible to read.
struct Stop {};

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

// Builder turns yaml-cpp's events into a tree, or into deliveries where a stream asks for them.
class Builder final : public YAML::EventHandler {
 public:
  Builder(FaultList& faults, std::span<const Stream> streams) : faults_(faults) {
    for (const Stream& stream : streams) streams_.push_back({SplitPath(stream.path), &stream});
  }

  Node Take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Refuse(mark, "", anchor);
    Node node;
    node.where = PositionOf(mark);
    Accept(std::move(node));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    faults_.Add(PositionOf(mark), "aliases (*name) are not supported",
                "write the value out, or put shared settings into a group or a profile");
    throw Stop{};
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Refuse(mark, tag, anchor);
    Node node;
    node.where = PositionOf(mark);
    node.quoted = tag == "!";
    const bool null = !node.quoted && (value.empty() || value == "~" || value == "null");
    if (!null) {
      node.kind = Node::Kind::kScalar;
      node.scalar = value;
    }
    if (value.size() > kLongestScalar) {
      faults_.Add(node.where, "a text longer than 64 KiB");
      throw Stop{};
    }
    Accept(std::move(node));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(mark, tag, anchor, Node::Kind::kSequence);
  }
  void OnSequenceEnd() override { Close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(mark, tag, anchor, Node::Kind::kMapping);
  }
  void OnMapEnd() override { Close(); }

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

  void Refuse(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) {
      faults_.Add(PositionOf(mark), "anchors (&name) are not supported",
                  "put shared settings into a group or a profile");
      throw Stop{};
    }
    // yaml-cpp gives plain scalars the tag "?", quoted ones "!", containers "" or "?".
    if (!tag.empty() && tag != "?" && tag != "!") {
      faults_.Add(PositionOf(mark), "the tag '" + tag + "' is not supported", "leave it out");
      throw Stop{};
    }
  }

  void Open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            Node::Kind kind) {
    Refuse(mark, tag, anchor);
    if (stack_.size() == kDeepest) {
      faults_.Add(PositionOf(mark), "nested deeper than 32 levels");
      throw Stop{};
    }
    if (ExpectsKey()) {
      faults_.Add(PositionOf(mark), "a key must be a text, not a " + std::string(KindName(kind)));
      throw Stop{};
    }
    Frame frame;
    frame.node.kind = kind;
    frame.node.where = PositionOf(mark);
    stack_.push_back(std::move(frame));
    if (kind == Node::Kind::kSequence) stack_.back().stream = StreamHere();
  }

  void Close() {
    Node node = std::move(stack_.back().node);
    stack_.pop_back();
    Accept(std::move(node));
  }

  bool ExpectsKey() const {
    return !stack_.empty() && stack_.back().node.IsMapping() && !stack_.back().has_key;
  }

  void Accept(Node node) {
    if (stack_.empty()) {
      root_ = std::move(node);
      return;
    }
    Frame& frame = stack_.back();
    if (frame.node.IsMapping()) {
      AcceptInMapping(frame, std::move(node));
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

  void AcceptInMapping(Frame& frame, Node node) {
    if (!frame.has_key) {
      frame.has_key = true;
      frame.key = node.IsNull() ? "" : node.scalar;
      frame.key_where = node.where;
      const auto [place, fresh] = frame.seen.emplace(frame.key, node.where);
      if (!fresh) {
        faults_.Add(node.where, "key '" + frame.key + "' stands twice",
                    "it is already in line " + std::to_string(place->second.line));
      }
      return;
    }
    frame.has_key = false;
    frame.node.entries.push_back({std::move(frame.key), frame.key_where, std::move(node)});
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

// An istream over bytes that are in memory already.
class ViewBuffer final : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) {
    char* const begin = const_cast<char*>(text.data());  // the get area is never written to
    setg(begin, begin, begin + text.size());
  }
};

std::string HintForSyntax(const std::string& message) {
  if (message.find("tab") != std::string::npos) return "indent with spaces, not tabs";
  if (message.find("end of map") != std::string::npos ||
      message.find("block map") != std::string::npos) {
    return "check the indentation, and that a colon is followed by a space";
  }
  if (message.find("end of sequence") != std::string::npos ||
      message.find("end of map flow") != std::string::npos) {
    return "a bracket is not closed";
  }
  return "";
}

// The position of a byte offset.
Position PositionAt(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto line = static_cast<std::uint32_t>(std::count(before.begin(), before.end(), '\n') + 1);
  const std::size_t last = before.rfind('\n');
  const std::size_t column = last == std::string_view::npos ? offset + 1 : offset - last;
  return {line, static_cast<std::uint32_t>(column)};
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
  std::size_t bad = 0;
  if (!IsValidUtf8(text, &bad)) {
    faults.Add(PositionAt(text, bad), "a byte that is not UTF-8", "save the file as UTF-8");
    return {};
  }
  if (const std::size_t zero = text.find('\0'); zero != std::string_view::npos) {
    faults.Add(PositionAt(text, zero), "a zero byte");
    return {};
  }
  ViewBuffer buffer(text);
  std::istream stream(&buffer);
  Builder builder(faults, streams);
  try {
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder)) return {};
    FaultList ignored(faults.file());
    Builder rest(ignored, {});
    if (parser.HandleNextDocument(rest)) {
      faults.Add(rest.Take().where, "a second document",
                 "a file holds one document; remove the '---'");
    }
  } catch (const Stop&) {
  } catch (const YAML::Exception& error) {
    faults.Add(PositionOf(error.mark), error.msg, HintForSyntax(error.msg));
  }
  return builder.Take();
}

Node ReadFile(const std::string& path, FaultList& faults, std::span<const Stream> streams) {
  const Bytes content = ReadWholeFile(path, kLargestFile);
  return ReadText(fleetmint::AsText(content), faults, streams);
}

std::optional<std::string> AsText(const Node& node, std::string_view what, FaultList& faults) {
  if (node.IsScalar()) return node.scalar;
  faults.Add(node.where, std::string(what) + " is a " + std::string(KindName(node.kind)) +
                             "; a text was expected");
  return std::nullopt;
}

std::optional<bool> AsBool(const Node& node, std::string_view what, FaultList& faults) {
  if (node.IsScalar() && !node.quoted) {
    if (node.scalar == "true") return true;
    if (node.scalar == "false") return false;
  }
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
  faults.Add(node.where, std::string(what) + " is '" + node.scalar + "'; a whole number from " +
                             std::to_string(least) + " to " + std::to_string(most) +
                             " was expected");
  return std::nullopt;
}

std::vector<std::string> AsTextList(const Node& node, std::string_view what, FaultList& faults) {
  std::vector<std::string> texts;
  if (node.IsScalar()) return {node.scalar};
  if (!node.IsSequence()) {
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

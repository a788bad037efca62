// Strict YAML: the one reader of fleet files, profiles and authority.yaml.
//
// It takes what yaml_parser.h says of YAML 1.2, and refuses what would be read differently than
// meant: duplicate keys, anchors, aliases, tags, further documents, invalid UTF-8, UTF-16, control
// characters, nesting over 32 levels, texts over 64 KiB. Every node knows its line and column (of
// characters).
//
// Big lists need not be held: nodes whose path matches a stream pattern are handed to a callback as
// soon as they are complete and are then dropped from the tree.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"

namespace fleetmint::yaml {

struct Entry;

// Node is one value of a document: null, scalar (always text; the reader guesses no types),
// sequence or mapping. An absent or `~` or `null` plain scalar is kNull.
//
// A syntax fault cuts the tree: it has what stands before, and `cut` marks the root and the
// collections that were open. Of what is absent there nothing can be said.
struct Node {
  enum class Kind : std::uint8_t { kNull, kScalar, kSequence, kMapping };

  Kind kind = Kind::kNull;
  bool quoted = false;  // the scalar stood in quotes, or as a block of lines
  bool cut = false;     // the reading broke off inside
  Position where;
  std::string scalar;
  std::vector<Node> items;     // of a sequence
  std::vector<Entry> entries;  // of a mapping, in the order of the file

  bool IsNull() const { return kind == Kind::kNull; }
  bool IsScalar() const { return kind == Kind::kScalar; }
  bool IsSequence() const { return kind == Kind::kSequence; }
  bool IsMapping() const { return kind == Kind::kMapping; }

  // Find gives the value of a mapping's key, or nullptr.
  const Node* Find(std::string_view key) const;
};

struct Entry {
  std::string key;
  Position key_where;
  Node value;
};

// KindName gives "null", "text", "list" or "mapping", as error messages call them.
std::string_view KindName(Node::Kind kind);

// Stream delivers the items of one list, e.g. path "groups/*/endpoints": called for each item, in
// the order of the file, with the indexes that the `*` stood for. The list's node stays in the
// tree, empty. An item is delivered before what follows it in the file has been read.
struct Stream {
  std::string path;
  std::function<void(Node item, std::span<const std::size_t> indexes)> deliver;
};

// ReadText parses a file's content; positions count from its start. Faults that leave the rest
// readable (a duplicate key) go to `faults`; what stops the parser (a syntax error, an alias) too,
// and cuts the tree. A list item that is cut is delivered, too.
Node ReadText(std::string_view text, FaultList& faults, std::span<const Stream> streams = {});

// Readers of scalars. Each adds a fault (what stands there, what was expected) and returns nothing
// if the node is of the wrong kind or its text does not fit. (Of a node that is cut, no fault.)
std::optional<std::string> AsText(const Node& node, std::string_view what, FaultList& faults);
std::optional<bool> AsBool(const Node& node, std::string_view what, FaultList& faults);
std::optional<std::int64_t> AsInteger(const Node& node, std::string_view what, std::int64_t least,
                                      std::int64_t most, FaultList& faults);
// AsTextList accepts a list of texts, or one text as a list of one.
std::vector<std::string> AsTextList(const Node& node, std::string_view what, FaultList& faults);

// CheckKeys adds a fault "unknown key 'x'" with a suggestion for each key not in `known`.
void CheckKeys(const Node& mapping, std::span<const std::string> known, FaultList& faults);

}  // namespace fleetmint::yaml

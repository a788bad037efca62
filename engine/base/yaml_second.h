// The second reader: yaml-cpp, asked whether it sees in a document what the strict reader
// (yaml_parser.h) sees. Internal to engine/base.
//
// Either may have a fault of its own, and what a fleet file means must not hang on one: what the
// two do not read alike is refused. (yaml-cpp alone takes much that is not YAML; tests/interop.)
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/base/yaml_parser.h"

namespace fleetmint::yaml {

// Trace is what a document holds, event by event, as one number: of kinds and texts, without
// places. Equal documents have equal ones; others, by chance, once in 2^64.
class Trace {
 public:
  void Null() { Add('n', {}); }
  void Text(std::string_view text) { Add('t', text); }
  void Open(bool sequence) { Add(sequence ? '[' : '{', {}); }
  void Close() { Add(']', {}); }
  std::uint64_t value() const { return value_; }
  std::size_t events() const { return events_; }

 private:
  void Add(char kind, std::string_view text);
  std::uint64_t value_ = 0xCBF29CE484222325U;
  std::size_t events_ = 0;
};

// TracingEvents hands on what the strict reader sees, and keeps its trace.
class TracingEvents final : public Events {
 public:
  explicit TracingEvents(Events& next) : next_(next) {}

  void OnNull(Position where) override;
  void OnText(Scalar text) override;
  void OnSequence(Position where) override;
  void OnMapping(Position where) override;
  void OnKey(Scalar key) override;
  void OnEnd() override;
  const Trace& trace() const { return trace_; }

 private:
  Events& next_;
  Trace trace_;
};

// CheckSecondReader throws SyntaxFault, with the place of the first event that differs, unless
// yaml-cpp sees in the text what has this trace.
void CheckSecondReader(std::string_view text, const Trace& seen);

}  // namespace fleetmint::yaml

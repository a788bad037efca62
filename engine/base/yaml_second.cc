#include "engine/base/yaml_second.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <istream>
#include <optional>
#include <streambuf>
#include <vector>

namespace fleetmint::yaml {
namespace {

// Where readers differ, what to do is the same, whatever it was.
constexpr const char* kHint = "write the text at this place in double quotes, or on one line";

// yaml-cpp's events as a trace. `each` is told the trace after each event.
template <typename Each>
class SecondEvents final : public YAML::EventHandler {
 public:
  explicit SecondEvents(Each each) : each_(std::move(each)) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {
    trace_.Null();
    each_(trace_);
  }
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override { trace_.Text("*"); }
  void OnScalar(const YAML::Mark&, const std::string& tag, YAML::anchor_t,
                const std::string& value) override {
    // Plain texts have the tag "?", others "!".
    const Scalar scalar{value, {}, tag == "!", true};
    IsNull(scalar) ? trace_.Null() : trace_.Text(value);
    each_(trace_);
  }
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    trace_.Open(true);
    each_(trace_);
  }
  void OnSequenceEnd() override { OnEnd(); }
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    trace_.Open(false);
    each_(trace_);
  }
  void OnMapEnd() override { OnEnd(); }
  const Trace& trace() const { return trace_; }

 private:
  void OnEnd() {
    trace_.Close();
    each_(trace_);
  }
  Each each_;
  Trace trace_;
};

// An istream over bytes that are in memory already.
class ViewBuffer final : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) {
    char* const begin = const_cast<char*>(text.data());  // the get area is never written to
    setg(begin, begin, begin + text.size());
  }
};

// Runs yaml-cpp over the text; the place where it gives up, if it does.
template <typename Handler>
std::optional<Position> Read(std::string_view text, Handler& handler) {
  ViewBuffer buffer(text);
  std::istream stream(&buffer);
  try {
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(handler)) handler.OnNull({}, 0);  // as the strict reader has it
  } catch (const YAML::Exception& error) {
    return Position{static_cast<std::uint32_t>(error.mark.line + 1),
                    static_cast<std::uint32_t>(error.mark.column + 1)};
  }
  return std::nullopt;
}

// The values of a trace after each event, and where the events are.
class Record final : public Events {
 public:
  void OnNull(Position where) override {
    Add(where, [](Trace& trace) { trace.Null(); });
  }
  void OnText(Scalar text) override {
    const bool null = IsNull(text);
    Add(text.where, [&](Trace& trace) { null ? trace.Null() : trace.Text(text.text); });
  }
  void OnSequence(Position where) override {
    Add(where, [](Trace& trace) { trace.Open(true); });
  }
  void OnMapping(Position where) override {
    Add(where, [](Trace& trace) { trace.Open(false); });
  }
  void OnKey(Scalar key) override { OnText(std::move(key)); }
  void OnEnd() override {
    Add(last_, [](Trace& trace) { trace.Close(); });
  }

  // The place of the first event that the other's values have not.
  Position Differs(const std::vector<std::uint64_t>& other) const {
    for (std::size_t i = 0; i < values_.size(); ++i) {
      if (i >= other.size() || values_[i] != other[i]) return places_[i];
    }
    return last_;
  }

 private:
  template <typename Change>
  void Add(Position where, Change change) {
    change(trace_);
    last_ = where;
    values_.push_back(trace_.value());
    places_.push_back(where);
  }
  Trace trace_;
  Position last_{1, 1};
  std::vector<std::uint64_t> values_;
  std::vector<Position> places_;
};

}  // namespace

void Trace::Add(char kind, std::string_view text) {
  constexpr std::uint64_t kPrime = 0x100000001B3U;  // FNV-1a
  const auto mix = [&](std::uint8_t byte) { value_ = (value_ ^ byte) * kPrime; };
  mix(static_cast<std::uint8_t>(kind));
  for (const char c : text) mix(static_cast<std::uint8_t>(c));
  mix(0);  // in no text
  ++events_;
}

void TracingEvents::OnNull(Position where) {
  trace_.Null();
  next_.OnNull(where);
}
void TracingEvents::OnText(Scalar text) {
  IsNull(text) ? trace_.Null() : trace_.Text(text.text);
  next_.OnText(std::move(text));
}
void TracingEvents::OnSequence(Position where) {
  trace_.Open(true);
  next_.OnSequence(where);
}
void TracingEvents::OnMapping(Position where) {
  trace_.Open(false);
  next_.OnMapping(where);
}
void TracingEvents::OnKey(Scalar key) {
  IsNull(key) ? trace_.Null() : trace_.Text(key.text);
  next_.OnKey(std::move(key));
}
void TracingEvents::OnEnd() {
  trace_.Close();
  next_.OnEnd();
}

void CheckSecondReader(std::string_view text, const Trace& seen) {
  SecondEvents second([](const Trace&) {});
  const auto gave_up = Read(text, second);
  const bool same =
      second.trace().value() == seen.value() && second.trace().events() == seen.events();
  if (!gave_up && same) return;
  // Again, with a list of what each has seen: this is seldom.
  std::vector<std::uint64_t> values;
  SecondEvents listed([&](const Trace& trace) { values.push_back(trace.value()); });
  Read(text, listed);
  Record record;
  ParseDocument(text, record);
  const Position place = gave_up ? *gave_up : record.Differs(values);
  throw SyntaxFault{place, "two readers of YAML do not agree about what stands here", kHint};
}

}  // namespace fleetmint::yaml

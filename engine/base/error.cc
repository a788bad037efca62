#include "engine/base/error.h"

#include <algorithm>
#include <tuple>

#include "engine/base/counted.h"

namespace fleetmint {

int ExitCode(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kEndpoint:
    case ErrorKind::kFindings:
      return 1;
    case ErrorKind::kUsage:
    case ErrorKind::kInput:
      return 2;
    case ErrorKind::kAuthority:
    case ErrorKind::kLedger:
    case ErrorKind::kDisk:
      return 3;
    case ErrorKind::kIntegrity:
      return 4;
    case ErrorKind::kBusy:
      return 5;
    case ErrorKind::kInterrupted:
      return 130;
  }
  return 3;
}

std::string Location::ToString() const {
  std::string text = file;
  if (position.line != 0) {
    text += (text.empty() ? "" : ":") + std::to_string(position.line);
    if (position.column != 0) text += ":" + std::to_string(position.column);
  }
  return text;
}

namespace {

std::string Render(const std::vector<Fault>& faults) {
  std::string text;
  for (const Fault& fault : faults) {
    if (!text.empty()) text += '\n';
    const std::string where = fault.where.ToString();
    if (!where.empty()) text += where + ": ";
    text += fault.message;
    if (!fault.hint.empty()) text += "\n  hint: " + fault.hint;
  }
  return text;
}

std::string InContext(std::string_view context, const std::string& message) {
  return context.empty() ? message : std::string(context) + ": " + message;
}

}  // namespace

Error::Error(ErrorKind kind, std::string message, Location where, std::string hint)
    : Error(kind,
            std::vector<Fault>{Fault{std::move(message), std::move(where), std::move(hint)}}) {}

Error::Error(ErrorKind kind, std::vector<Fault> faults)
    : kind_(kind), faults_(std::move(faults)), what_(Render(faults_)) {}

Error Error::WithHint(ErrorKind kind, std::string message, std::string hint) {
  return Error(kind, std::move(message), Location{}, std::move(hint));
}

Error Error::OfCause(ErrorKind kind, ErrorCause cause, std::string message, std::string hint) {
  Error error = WithHint(kind, std::move(message), std::move(hint));
  error.cause_ = cause;
  return error;
}

Error Error::About(ErrorKind kind, std::string_view context, const Error& error) {
  std::vector<Fault> faults = error.faults();
  for (Fault& fault : faults) fault.message = InContext(context, fault.message);
  Error about(kind, std::move(faults));
  about.cause_ = error.cause();
  return about;
}

void FaultList::Add(Position where, std::string message, std::string hint) {
  Keep(Fault{std::move(message), Location{file_, where}, std::move(hint)});
}

void FaultList::Keep(Fault fault) {
  const std::string place = fault.where.ToString();
  const std::string key = place + " " + fault.message;
  if (seen_.contains(key)) return;
  ++count_;
  const auto at = places_.find(place);
  if (at != places_.end() && fault.where.position.line != 0) {
    if (++at->second > kMostAtOnePlace) return;
  }
  if (faults_.size() >= kMostFaults) return;
  if (at == places_.end()) places_.emplace(place, 1);
  seen_.insert(key);
  faults_.push_back(std::move(fault));
}

void FaultList::AddAll(const Error& error) {
  for (const Fault& fault : error.faults()) Keep(fault);
}

void FaultList::Append(const FaultList& other) {
  std::map<std::string, std::size_t> kept;
  for (const Fault& fault : other.faults_) {
    ++kept[fault.where.ToString()];
    Keep(fault);
  }
  count_ += other.count_ - other.faults_.size();
  for (const auto& [place, count] : other.places_) {
    const auto at = places_.find(place);
    if (at != places_.end()) at->second += count - kept[place];
  }
}

void FaultList::AddAt(Position where, std::string_view context, const Error& error) {
  for (Fault fault : error.faults()) {
    if (fault.where.file.empty() && fault.where.position.line == 0) {
      fault.where = Location{file_, where};
      fault.message = InContext(context, fault.message);
    }
    Keep(std::move(fault));
  }
}

void FaultList::ThrowIfAny(ErrorKind kind) const {
  if (empty()) return;
  std::vector<Fault> sorted = faults_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Fault& a, const Fault& b) {
    return std::tie(a.where.file, a.where.position.line, a.where.position.column) <
           std::tie(b.where.file, b.where.position.line, b.where.position.column);
  });
  // After the last fault of a crowded place: how many more there are.
  std::size_t told = sorted.size();
  for (auto fault = sorted.end(); fault != sorted.begin();) {
    --fault;
    const auto next = fault + 1;
    const std::string place = fault->where.ToString();
    if (next != sorted.end() && next->where.ToString() == place) continue;
    const std::size_t there = places_.at(place);
    if (fault->where.position.line == 0 || there <= kMostAtOnePlace) continue;
    told += there - kMostAtOnePlace;
    fault = sorted.insert(
        next, Fault{"and " + Counted(there - kMostAtOnePlace, "more fault") + " at this place",
                    fault->where,
                    {}});
  }
  if (count_ > told) {
    sorted.push_back(Fault{"and " + Counted(count_ - told, "more fault"), {}, {}});
  }
  throw Error(kind, std::move(sorted));
}

}  // namespace fleetmint

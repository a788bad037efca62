// Errors: the one exception type of fleetmint, and the list in which a validator collects faults.
//
// An `Error` has a kind, which alone decides the exit code, and one or more faults. A fault says
// what is wrong, where (file:line:column) and what to do about it. Messages are lower case, have no
// full stop, and quote the offending value; the remedy stands in the hint.
//
// All types here are values; const access from several threads is safe.
#pragma once

#include <cstdint>
#include <exception>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fleetmint {

// ErrorKind names whose fault it was; `ExitCode` maps it to the contract of the command line.
enum class ErrorKind : std::uint8_t {
  kUsage,        // 2: the command line
  kInput,        // 2: fleet file, profile, or the identity of the output directory
  kEndpoint,     // 1: one endpoint's fault; never ends the run of the others
  kFindings,     // 1: a check found something
  kAuthority,    // 3: CA directory, CA certificate, CA key, passphrase, lock
  kLedger,       // 3: the ledger
  kDisk,         // 3: reading, writing or syncing a file
  kIntegrity,    // 4: a key check disagreed or the random source failed; do not resume on this
                 // machine
  kBusy,         // 5: another process holds the authority; try again
  kInterrupted,  // 130: SIGINT or SIGTERM; resumable
};

// ErrorCause is what a caller may ask an error for, to act on it. (No control flow hangs on the
// text of a message.)
enum class ErrorCause : std::uint8_t {
  kOther,
  kAbsent,         // what was named is not there
  kWrongPassword,  // the password does not open it, or damage that looks the same
  kDamaged,        // it is not in the form that it should have
  kUnsupported,    // well formed, but of an algorithm or a version that is not supported
};

// ExitCode gives the process exit code of an error of this kind.
int ExitCode(ErrorKind kind);

// Position is a place in a file that the context names; 1-based, 0 means unknown.
struct Position {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  friend bool operator==(const Position&, const Position&) = default;
};

// Location is a Position with its file. `ToString` gives "file:line:column" as far as known, or "".
struct Location {
  std::string file;
  Position position;
  std::string ToString() const;
};

// Fault is one thing that is wrong. `rule` is the stable name of the rule that is broken, where
// code tells faults apart by it: never by their text.
struct Fault {
  std::string message;
  Location where{};
  std::string hint{};
  std::string_view rule{};  // of static storage
};

// Error is the only exception fleetmint's own code throws. It holds at least one fault.
class Error : public std::exception {
 public:
  Error(ErrorKind kind, std::string message, Location where = {}, std::string hint = {});
  // Precondition: faults is not empty.
  Error(ErrorKind kind, std::vector<Fault> faults);

  // WithHint makes an error that has a remedy but no place in a file.
  static Error WithHint(ErrorKind kind, std::string message, std::string hint);

  // OfCause makes an error that its catcher can ask for its cause.
  static Error OfCause(ErrorKind kind, ErrorCause cause, std::string message,
                       std::string hint = {});
  // About takes over all faults of `error`, with their places and hints, as an error of this kind;
  // each message gets "context: " in front of it, where there is a context. Keeps the cause.
  static Error About(ErrorKind kind, std::string_view context, const Error& error);

  ErrorKind kind() const { return kind_; }
  ErrorCause cause() const { return cause_; }
  const std::vector<Fault>& faults() const { return faults_; }
  // what gives all faults, one a line, each as "where: message" with its hint on a line of its own.
  const char* what() const noexcept override { return what_.c_str(); }

 private:
  ErrorKind kind_;
  ErrorCause cause_ = ErrorCause::kOther;
  std::vector<Fault> faults_;
  std::string what_;
};

// FaultList collects the faults of one file so that they are all reported at once.
// The same fault at the same place is kept once. Of one place (a range of 50,000 hosts, say) it
// keeps `kMostAtOnePlace`, of all `kMostFaults`, and counts the rest: a file of a million wrong
// lines must not fill the memory.
class FaultList {
 public:
  static constexpr std::size_t kMostFaults = 200;
  static constexpr std::size_t kMostAtOnePlace = 3;

  explicit FaultList(std::string file) : file_(std::move(file)) {}

  void Add(Position where, std::string message, std::string hint = {});
  // AddAll takes over the faults of `error`, e.g. of a nested validator.
  void AddAll(const Error& error);
  // AddAt does that for an error about the text at `where`: faults without a place of their own
  // get this one, and "context: " in front of their message where there is a context.
  void AddAt(Position where, std::string_view context, const Error& error);

  // Append takes over the faults of another list, those that it has only counted, too.
  void Append(const FaultList& other);

  bool empty() const { return count_ == 0; }
  std::size_t size() const { return count_; }
  const std::string& file() const { return file_; }

  // ThrowIfAny throws all faults, in order of their position, as one Error of this kind.
  void ThrowIfAny(ErrorKind kind = ErrorKind::kInput) const;

 private:
  void Keep(Fault fault);

  std::string file_;
  std::vector<Fault> faults_;
  std::set<std::string> seen_;                 // of faults_: place and message
  std::map<std::string, std::size_t> places_;  // of faults_: faults at each place
  std::size_t count_ = 0;
};

}  // namespace fleetmint

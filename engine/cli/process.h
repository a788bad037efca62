// What the process does for itself before it touches a secret: no core dumps, no tracing by others,
// files private whatever the umask; and how it is told to stop.
#pragma once

#include <termios.h>

#include <atomic>
#include <mutex>
#include <optional>
#include <stop_token>

namespace fleetmint::cli {

// HardenProcess sets PR_SET_DUMPABLE 0, RLIMIT_CORE 0 and umask 077; and std::terminate, which a
// library calls where it has no memory for its own cleaning up, ends the process as a crash would,
// but with a word and exit code 3. Called once, first of all.
void HardenProcess();

// SayOutOfMemory tells the user, without needing memory.
void SayOutOfMemory();

// Signals ends the process at SIGINT and SIGTERM with exit code 130: at once, until a command has
// something to bring to an end and has taken the token, which it polls from then on; then the
// signal is a stop request, and a second one ends the process at once. SIGPIPE and SIGXFSZ are
// ignored: the write that failed reports it. SIGBUS, which is how a failed disk shows in the
// ledger's mapped index, ends the process with a word and exit code 3. One object, made before any
// other thread.
class Signals {
 public:
  Signals();
  // TakeToken says that the caller polls from now on.
  std::stop_token TakeToken() {
    polled_ = true;
    return stop_.get_token();
  }

  // While a person or a pipe is waited for (nothing polls then), a signal ends the process at once.
  class Waiting {
   public:
    explicit Waiting(Signals& signals)
        : signals_(signals), before_(signals.polled_.exchange(false)) {}
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;
    ~Waiting() { signals_.polled_ = before_; }

   private:
    Signals& signals_;
    bool before_;
  };

  // While a prompt has switched the terminal's echo off, a signal restores it and ends the process.
  void BeginPrompt(int terminal, const termios& saved);
  void EndPrompt();

 private:
  struct Prompt {
    int terminal;
    termios saved;
  };
  void Wait();

  std::stop_source stop_;
  std::atomic<bool> polled_{false};
  std::mutex mutex_;
  std::optional<Prompt> prompt_;
};

// LeaksVectorRegisters tells whether the kernel says that this processor lets other processes read
// its vector registers (gather_data_sampling, CVE-2022-40982: "Vulnerable").
bool LeaksVectorRegisters();

// SwapIsOn tells whether the kernel may write memory to a disk (/proc/swaps; zram stays in memory).
bool SwapIsOn();

// UsableProcessors gives the number of processors this process may run on.
unsigned UsableProcessors();

}  // namespace fleetmint::cli

// What the process does for itself before it touches a secret: no core dumps, no tracing by others,
// files private whatever the umask; and how it is told to stop.
#pragma once

#include <termios.h>

#include <mutex>
#include <optional>
#include <stop_token>

namespace fleetmint::cli {

// HardenProcess sets PR_SET_DUMPABLE 0, RLIMIT_CORE 0 and umask 077. Called once, first of all.
void HardenProcess();

// Signals turns SIGINT and SIGTERM into a stop request; a second one ends the process at once with
// exit code 130. SIGPIPE and SIGXFSZ are ignored: the write that failed reports it. One object,
// made before any other thread.
class Signals {
 public:
  Signals();
  std::stop_token token() const { return stop_.get_token(); }

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
  std::mutex mutex_;
  std::optional<Prompt> prompt_;
};

// UsableProcessors gives the number of processors this process may run on.
unsigned UsableProcessors();

}  // namespace fleetmint::cli

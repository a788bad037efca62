#include "engine/cli/process.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <new>
#include <string>
#include <string_view>
#include <thread>

namespace fleetmint::cli {
namespace {

constexpr int kInterrupted = 130;
constexpr int kDiskFailed = 3;

// Without needing memory.
void Say(std::string_view text) {
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
}

// A signal handler: nothing but what is safe there.
void EndByFailedDisk(int) {
  Say("fleetmint: a mapped file cannot be read or written: the disk has failed or is full\n"
      "hint: when that is mended, run the same command again\n");
  ::_exit(kDiskFailed);
}

sigset_t StopSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

}  // namespace

void SayOutOfMemory() {
  Say("fleetmint: out of memory\n"
      "hint: use fewer --threads, then run the same command again\n");
}

namespace {

[[noreturn]] void EndAsByACrash() {
  try {
    if (const std::exception_ptr current = std::current_exception())
      std::rethrow_exception(current);
    SayOutOfMemory();  // what makes a library give up without an exception
  } catch (const std::bad_alloc&) {
    SayOutOfMemory();
  } catch (...) {
    std::abort();
  }
  ::_exit(kDiskFailed);
}

}  // namespace

void HardenProcess() {
  std::set_terminate(EndAsByACrash);
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::umask(077);
}

Signals::Signals() {
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);
  ::signal(SIGBUS, EndByFailedDisk);
  const sigset_t set = StopSignals();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);  // inherited by every thread made from here on
  std::thread([this] { Wait(); }).detach();     // lives as long as the process, as this object does
}

void Signals::Wait() {
  const sigset_t set = StopSignals();
  for (bool again = false;; again = true) {
    int signal = 0;
    while (::sigwait(&set, &signal) != 0) {
    }
    {
      const std::lock_guard lock(mutex_);
      if (prompt_) {
        ::tcsetattr(prompt_->terminal, TCSANOW, &prompt_->saved);
        ::_exit(kInterrupted);
      }
    }
    if (again || !polled_) ::_exit(kInterrupted);
    stop_.request_stop();
  }
}

void Signals::BeginPrompt(int terminal, const termios& saved) {
  const std::lock_guard lock(mutex_);
  prompt_ = Prompt{terminal, saved};
}

void Signals::EndPrompt() {
  const std::lock_guard lock(mutex_);
  prompt_.reset();
}

bool LeaksVectorRegisters() {
  std::ifstream file("/sys/devices/system/cpu/vulnerabilities/gather_data_sampling");
  std::string state;
  return std::getline(file, state) && state.starts_with("Vulnerable");
}

bool SwapIsOn() {
  std::ifstream file("/proc/swaps");
  std::string line;
  std::getline(file, line);  // the heading
  while (std::getline(file, line)) {
    if (!line.starts_with("/dev/zram")) return true;
  }
  return false;
}

unsigned UsableProcessors() {
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof set, &set) == 0) {
    return static_cast<unsigned>(std::max(1, CPU_COUNT(&set)));
  }
  return std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace fleetmint::cli

#include "engine/cli/process.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <thread>

namespace fleetmint::cli {
namespace {

constexpr int kInterrupted = 130;

sigset_t StopSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

}  // namespace

void HardenProcess() {
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::umask(077);
}

Signals::Signals() {
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);
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

unsigned UsableProcessors() {
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof set, &set) == 0) {
    return static_cast<unsigned>(std::max(1, CPU_COUNT(&set)));
  }
  return std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace fleetmint::cli

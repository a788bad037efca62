// The rules of the terminal:
//   - stdout carries results and nothing else; everything for people goes to stderr
//   - lines on stderr start with "fleetmint: ", lower case, no full stop; a remedy is a line of its
//     own that starts with "hint: "
//   - where stderr is systemd's journal, each line starts with its priority: "<3>" and so on
//     (sd-daemon(3)); nowhere else
//   - a progress line only where stderr is a terminal and neither --quiet nor --json was given
//   - no secret is ever printed, but by `passwords`, whose result they are
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "engine/base/clock.h"
#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/pipeline/issue.h"
#include "engine/pipeline/plan.h"

namespace spdlog {
class logger;
}

namespace fleetmint::cli {

// Ui is the one way to stderr: what commands say and what the engine logs are lines of the same
// form.
class Ui final : public Log {
 public:
  Ui();
  ~Ui() override;

  void Configure(bool quiet, bool json, const std::string& log_level);
  bool json() const { return json_; }

  // Out writes a result to stdout, as it is.
  void Out(std::string_view text);
  // Say tells a person how it went (stderr); silent with --quiet, and so is the hint that goes with
  // it.
  void Say(const std::string& line, const std::string& hint = "");
  // Warn speaks unless --log-level asks for errors alone, and so does the hint that goes with it.
  void Warn(const std::string& line, const std::string& hint = "");
  // Report prints every fault of an error, and what else to do about it.
  void Report(const Error& error, const std::string& hint = "");
  // ReportAll is Report of what ends a command: with --json on stdout, too, as {"exit_code",
  // "errors": [{"message", "file", "line", "column", "hint"}]}, unless a result stands there.
  void ReportAll(const Error& error);

  void Write(LogLevel level, std::string_view message) override;

  // Progress draws or wipes the progress line.
  void Progress(const std::string& line);
  void EndProgress();
  bool shows_progress() const { return shows_progress_; }

 private:
  // Of syslog(3): what the journal knows a line by.
  enum class Priority : std::uint8_t { kError = 3, kWarning = 4, kInfo = 6 };
  void Line(Priority priority, const std::string& text);
  // Hint goes with a line that was said: whoever leaves that out leaves its hint out, too.
  void Hint(Priority priority, const std::string& line);

  std::shared_ptr<spdlog::logger> logger_;
  std::mutex mutex_;
  LogLevel least_ = LogLevel::kWarning;  // that is said
  bool quiet_ = false, json_ = false, shows_progress_ = false, drawn_ = false, journal_ = false;
  bool times_ = false;    // before each line of the log
  bool printed_ = false;  // a result
};

// ProgressObserver shows count, share, rate and time left of a run; at log level info each endpoint
// once it is issued and durable.
class ProgressObserver final : public RunObserver {
 public:
  ProgressObserver(Ui& ui, std::size_t total) : ui_(ui), total_(total) {}
  void Acknowledged(std::span<const std::string> endpoints, std::size_t done) override;
  void Failed(const std::string& endpoint, const std::string& reason) override;
  std::size_t issued() const { return issued_; }  // once the run has ended

 private:
  Ui& ui_;
  std::size_t total_;
  std::size_t issued_ = 0;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// ChangeText gives "12 endpoints (ws-1, ws-2, ws-3, ...): validity 1y -> 90d".
std::string ChangeText(const PlanChange& change);

// WarnOfShortPasswords warns where a password that somebody gave can be found by trying all.
void WarnOfShortPasswords(Ui& ui, const Plan& plan);

// FirstNames gives the first 20 of some names, and "and N more" for the rest.
std::vector<std::string> FirstNames(const std::vector<std::string>& names);

// RefusalText gives "12 of 12 endpoints would fail: the name constraints of ...".
std::string RefusalText(const PlanRefusal& refusal, const PlanSummary& summary);

// Duration gives "3 h 20 min", "45 s", "0.8 s"; Number one decimal below 100, none above.
std::string DurationText(double seconds);
// DurationText of a whole duration gives days from two on.
std::string DurationText(Seconds duration);
std::string NumberText(double number);

}  // namespace fleetmint::cli

#include "engine/cli/ui.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cstdio>

namespace fleetmint::cli {

Ui::Ui()
    : logger_(std::make_shared<spdlog::logger>("fleetmint",
                                               std::make_shared<spdlog::sinks::stderr_sink_mt>())) {
  logger_->set_pattern("fleetmint: %l: %v");
  logger_->set_level(spdlog::level::warn);
  shows_progress_ = ::isatty(STDERR_FILENO) == 1;
}

Ui::~Ui() = default;

void Ui::Configure(bool quiet, bool json, const std::string& log_level) {
  quiet_ = quiet;
  json_ = json;
  shows_progress_ = shows_progress_ && !quiet && !json;
  logger_->set_level(quiet && log_level.empty()
                         ? spdlog::level::err
                         : spdlog::level::from_str(log_level.empty() ? "warning" : log_level));
}

void Ui::Out(std::string_view text) {
  EndProgress();
  std::fwrite(text.data(), 1, text.size(), stdout);
}

void Ui::Line(const std::string& text) {
  EndProgress();
  const std::lock_guard lock(mutex_);
  std::fprintf(stderr, "%s\n", text.c_str());
}

void Ui::Say(const std::string& line) {
  if (!quiet_) Line("fleetmint: " + line);
}

void Ui::Warn(const std::string& line) { Line("fleetmint: warning: " + line); }
void Ui::Hint(const std::string& line) { Line("hint: " + line); }

void Ui::Report(const Error& error) {
  for (const Fault& fault : error.faults()) {
    const std::string where = fault.where.ToString();
    Line("fleetmint: " + where + (where.empty() ? "" : ": ") + fault.message);
    if (!fault.hint.empty()) Hint(fault.hint);
  }
}

void Ui::Write(LogLevel level, std::string_view message) {
  EndProgress();
  static constexpr spdlog::level::level_enum kLevels[] = {spdlog::level::debug, spdlog::level::info,
                                                          spdlog::level::warn, spdlog::level::err};
  logger_->log(kLevels[static_cast<int>(level)], "{}", message);
}

void Ui::Progress(const std::string& line) {
  if (!shows_progress_) return;
  const std::lock_guard lock(mutex_);
  std::fprintf(stderr, "\r\033[K%s", line.c_str());
  std::fflush(stderr);
  drawn_ = true;
}

void Ui::EndProgress() {
  const std::lock_guard lock(mutex_);
  if (!drawn_) return;
  std::fprintf(stderr, "\r\033[K");
  drawn_ = false;
}

void ProgressObserver::Acknowledged(std::span<const std::string> endpoints, std::size_t done) {
  issued_ = done;
  for (const std::string& endpoint : endpoints) ui_.Info("issued '" + endpoint + "'");
  if (!ui_.shows_progress() || total_ == 0) return;
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  const double rate = static_cast<double>(done) / std::max(seconds, 1e-3);
  const double left = static_cast<double>(total_ - done) / std::max(rate, 1e-3);
  ui_.Progress(std::to_string(done) + " of " + std::to_string(total_) + " issued (" +
               std::to_string(done * 100 / total_) + " %), " + NumberText(rate) + "/s, " +
               DurationText(left) + " left");
}

void ProgressObserver::Failed(const std::string& endpoint, const std::string& reason) {
  ui_.Warn("endpoint '" + endpoint + "' was not issued: " + reason);
}

std::string NumberText(double number) {
  char text[32];
  std::snprintf(text, sizeof text, number < 100 ? "%.1f" : "%.0f", number);
  return text;
}

std::string DurationText(double seconds) {
  if (seconds < 60) return NumberText(seconds) + " s";
  const auto minutes = static_cast<long>(seconds / 60 + 0.5);
  if (minutes < 60) return std::to_string(minutes) + " min";
  return std::to_string(minutes / 60) + " h " + std::to_string(minutes % 60) + " min";
}

}  // namespace fleetmint::cli

#include "engine/cli/ui.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "engine/base/counted.h"

namespace fleetmint::cli {
namespace {

constexpr const char* kLevelNames[] = {"info", "warning", "error"};  // of LogLevel

// Whether stderr goes to systemd's journal. JOURNAL_STREAM is inherited by whoever a service
// starts, with whatever stderr: it counts only if it names this very one (systemd.exec(5)).
bool StderrIsJournal() {
  const char* const stream = std::getenv("JOURNAL_STREAM");
  struct stat status {};
  if (stream == nullptr || ::fstat(STDERR_FILENO, &status) != 0) return false;
  return stream == std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
}

}  // namespace

Ui::Ui()
    : logger_(std::make_shared<spdlog::logger>("fleetmint",
                                               std::make_shared<spdlog::sinks::stderr_sink_mt>())) {
  logger_->set_pattern("%v");
  logger_->set_level(spdlog::level::trace);  // what is said is decided here
  shows_progress_ = ::isatty(STDERR_FILENO) == 1;
  journal_ = StderrIsJournal();
}

Ui::~Ui() = default;

void Ui::Configure(bool quiet, bool json, const std::string& log_level) {
  quiet_ = quiet;
  json_ = json;
  shows_progress_ = shows_progress_ && !quiet && !json;
  times_ = !log_level.empty() && !journal_;  // who asks for a log; the journal has its own
  for (std::size_t i = 0; i < std::size(kLevelNames); ++i) {
    if (log_level == kLevelNames[i]) least_ = static_cast<LogLevel>(i);
  }
}

void Ui::Out(std::string_view text) {
  EndProgress();
  printed_ = printed_ || !text.empty();
  std::fwrite(text.data(), 1, text.size(), stdout);
}

// What a file says must not act on the terminal, or pass for a line of ours, or for one of another
// priority. A message of several lines is one here.
void Ui::Line(Priority priority, const std::string& text) {
  constexpr std::size_t kLongest = 2000;
  EndProgress();
  std::string shown;
  for (const char c : text) {
    if (shown.size() >= kLongest) {
      shown += "...";
      break;
    }
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7F) {
      shown += c;
    } else {
      shown += "\\x" + ToHex(ByteView(&byte, 1));
    }
  }
  if (journal_) shown = "<" + std::to_string(static_cast<int>(priority)) + ">" + shown;
  logger_->info("{}", shown);
}

void Ui::Say(const std::string& line, const std::string& hint) {
  if (quiet_) return;
  Line(Priority::kInfo, "fleetmint: " + line);
  if (!hint.empty()) Hint(Priority::kInfo, hint);
}

void Ui::Warn(const std::string& line, const std::string& hint) {
  Write(LogLevel::kWarning, line);
  if (!hint.empty() && least_ <= LogLevel::kWarning) Hint(Priority::kWarning, hint);
}

void Ui::Hint(Priority priority, const std::string& line) { Line(priority, "hint: " + line); }

void Ui::Report(const Error& error, const std::string& hint) {
  for (const Fault& fault : error.faults()) {
    const std::string where = fault.where.ToString();
    Line(Priority::kError, "fleetmint: " + where + (where.empty() ? "" : ": ") + fault.message);
    if (!fault.hint.empty()) Hint(Priority::kError, fault.hint);
  }
  if (!hint.empty()) Hint(Priority::kError, hint);
}

void Ui::ReportAll(const Error& error) {
  Report(error);
  if (!json_ || printed_) return;
  nlohmann::ordered_json errors = nlohmann::ordered_json::array();
  for (const Fault& fault : error.faults()) {
    nlohmann::ordered_json one{{"message", fault.message}};
    if (!fault.where.file.empty()) one["file"] = fault.where.file;
    if (fault.where.position.line != 0) {
      one["line"] = fault.where.position.line;
      one["column"] = fault.where.position.column;
    }
    if (!fault.hint.empty()) one["hint"] = fault.hint;
    errors.push_back(std::move(one));
  }
  const nlohmann::ordered_json object{{"exit_code", ExitCode(error.kind())}, {"errors", errors}};
  // What a file says need not be UTF-8.
  Out(object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
}

void Ui::Write(LogLevel level, std::string_view message) {
  if (level < least_) return;
  constexpr Priority kPriorities[] = {Priority::kInfo, Priority::kWarning, Priority::kError};
  Line(kPriorities[static_cast<int>(level)],
       (times_ ? FormatRfc3339(SystemClock().Now()) + " " : "") + "fleetmint: " +
           std::string(kLevelNames[static_cast<int>(level)]) + ": " + std::string(message));
}

void Ui::Progress(const std::string& line) {
  if (!shows_progress_) return;
  const std::lock_guard lock(mutex_);
  winsize size{};
  std::string shown = line;
  // A longer line would go on in the next row, and stay there.
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col != 0) {
    shown.resize(std::min<std::size_t>(shown.size(), size.ws_col - 1U));
  }
  std::fprintf(stderr, "\r\033[K%s", shown.c_str());
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

void WarnOfShortPasswords(Ui& ui, const Plan& plan) {
  constexpr std::size_t kShort = 8;
  const auto shortest = plan.passwords().shortest();
  if (!shortest || *shortest >= kShort) return;
  ui.Warn(
      "the shortest password of a bundle has " + Counted(*shortest, "character") +
          ": whoever has the file can try them all",
      "leave `password` out, and each bundle gets a random one (fleetmint passwords prints them)");
}

std::vector<std::string> FirstNames(const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 20;
  std::vector<std::string> first(
      names.begin(), names.begin() + static_cast<std::ptrdiff_t>(std::min(kMost, names.size())));
  if (names.size() > kMost)
    first.push_back("and " + std::to_string(names.size() - kMost) + " more");
  return first;
}

std::string RefusalText(const PlanRefusal& refusal, const PlanSummary& summary) {
  return std::to_string(refusal.endpoints) + " of " +
         Counted(summary.refused + summary.to_issue, "endpoint") +
         " would fail: " + refusal.fault.message + (refusal.alike ? "" : " (and more like it)");
}

std::string ChangeText(const PlanChange& change) {
  const auto value = [](const std::string& text) { return text.empty() ? "nothing" : text; };
  std::string names;
  for (const std::string& name : change.names) names += (names.empty() ? " (" : ", ") + name;
  if (!names.empty()) names += change.endpoints > change.names.size() ? ", ...)" : ")";
  return Counted(change.endpoints, "endpoint") + names + ": " + change.key +
         (change.alike ? " " : ", e.g. ") + value(change.before) + " -> " + value(change.now) +
         (change.key == "bundle.encryption" ? ": their bundles are for another os" : "");
}

std::string NumberText(double number) {
  char text[32];
  std::snprintf(text, sizeof text, number < 100 ? "%.1f" : "%.0f", number);
  return text;
}

std::string DurationText(Seconds duration) {
  const std::int64_t seconds = duration.count();
  constexpr std::int64_t kDay = 86'400;
  if (seconds < 2 * kDay) return DurationText(static_cast<double>(seconds));
  return Counted(static_cast<std::size_t>(seconds / kDay), "day");
}

std::string DurationText(double seconds) {
  if (seconds < 60) return NumberText(seconds) + " s";
  const auto minutes = std::lround(seconds / 60);
  if (minutes < 60) return std::to_string(minutes) + " min";
  return std::to_string(minutes / 60) + " h " + std::to_string(minutes % 60) + " min";
}

}  // namespace fleetmint::cli

// Log: what the engine has to say beside its results; cli/ decides where the lines go.
//
// No secret is ever passed to it. Implementations are safe to call from any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace fleetmint {

enum class LogLevel : std::uint8_t { kInfo, kWarning, kError };

class Log {
 public:
  virtual ~Log() = default;
  virtual void Write(LogLevel level, std::string_view message) = 0;

  void Info(std::string_view message) { Write(LogLevel::kInfo, message); }
  void Warning(std::string_view message) { Write(LogLevel::kWarning, message); }
};

// NullLog drops every line.
class NullLog final : public Log {
 public:
  void Write(LogLevel, std::string_view) override {}
};

}  // namespace fleetmint

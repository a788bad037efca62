#include "engine/cli/passphrase.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "engine/base/descriptor.h"
#include "engine/base/durable_file.h"
#include "engine/base/error.h"
#include "engine/base/text_file.h"

namespace fleetmint::cli {
namespace {

constexpr std::size_t kLongest = 4096;
constexpr std::size_t kShortest = 8;  // SP 800-63B 5.1.1.1

// A line of the file `path` (of no file: "") as the passphrase it holds.
SecretBytes Checked(SecretBytes line, const std::string& what, const std::string& path = "") {
  if (const auto fault = Utf16Fault(AsText(line), path, true)) {
    throw Error::WithHint(ErrorKind::kAuthority, what + ": " + fault->message, fault->hint);
  }
  const std::size_t mark = line.size() - WithoutMark(AsText(line)).size();
  line.erase(line.begin(), line.begin() + static_cast<std::ptrdiff_t>(mark));
  if (!line.empty() && line.back() == '\r') line.pop_back();
  if (line.empty()) throw Error(ErrorKind::kAuthority, what + " holds no passphrase");
  return line;
}

// The first line of a descriptor, byte by byte, so that nothing is left in a buffer.
SecretBytes ReadLine(int fd, const std::string& what) {
  SecretBytes line;
  for (std::uint8_t c = 0; line.size() < kLongest;) {
    const ssize_t got = ::read(fd, &c, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0)
      throw Error(ErrorKind::kAuthority, "cannot read " + what + ": " + std::strerror(errno));
    if (got == 0 || c == '\n') break;
    line.push_back(c);
  }
  return Checked(std::move(line), what);
}

}  // namespace

SecretBytes UserPassphrase::FromFile(const std::string& path) {
  SecretBytes content = ReadSecretFile(path, kLongest, ErrorKind::kAuthority);
  content.resize(std::find(content.begin(), content.end(), '\n') - content.begin());
  return Checked(std::move(content), "passphrase file '" + path + "'", path);
}

SecretBytes UserPassphrase::FromTerminal(const std::string& purpose, bool confirm) {
  const Descriptor terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC));
  const int tty = terminal.get();
  if (!terminal.IsOpen()) {
    throw Error::WithHint(
        ErrorKind::kAuthority, "no passphrase for " + purpose + ", and no terminal to ask on",
        options_.option == "--passphrase-file"
            ? "give --passphrase-file FILE or --passphrase-fd N, or set FLEETMINT_PASSPHRASE_FILE"
            : "give " + options_.option + " FILE");
  }
  termios saved{};
  ::tcgetattr(tty, &saved);
  termios silent = saved;
  silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  signals_.BeginPrompt(tty, saved);
  ::tcsetattr(tty, TCSAFLUSH, &silent);
  const auto ask = [&](const std::string& prompt) {
    [[maybe_unused]] ssize_t put = ::write(tty, prompt.data(), prompt.size());
    SecretBytes line = ReadLine(tty, "the terminal");
    put = ::write(tty, "\n", 1);
    return line;
  };
  const auto restore = [&] {
    ::tcsetattr(tty, TCSAFLUSH, &saved);
    signals_.EndPrompt();
  };
  try {
    SecretBytes line = ask("passphrase for " + purpose + ": ");
    if (confirm && ask("again: ") != line) {
      throw Error(ErrorKind::kAuthority, "the two passphrases differ");
    }
    restore();
    return line;
  } catch (...) {
    restore();
    throw;
  }
}

SecretBytes UserPassphrase::Get(const std::string& purpose, bool confirm) {
  SecretBytes phrase = Read(purpose, confirm);
  // Only a new one: what a key has must open it, however short.
  if (confirm && phrase.size() < kShortest) {
    throw Error::WithHint(
        ErrorKind::kAuthority,
        "the passphrase is shorter than " + std::to_string(kShortest) + " characters",
        "give a longer one: it is all that protects the keys in the directory");
  }
  return phrase;
}

SecretBytes UserPassphrase::Read(const std::string& purpose, bool confirm) {
  const Signals::Waiting waiting(signals_);
  if (!options_.file.empty()) return FromFile(options_.file);
  if (options_.descriptor >= 0) return ReadLine(options_.descriptor, "the passphrase descriptor");
  if (!options_.env_file.empty()) return FromFile(options_.env_file);
  return FromTerminal(purpose, confirm);
}

}  // namespace fleetmint::cli

#include "engine/base/text_file.h"

#include <algorithm>

#include "engine/base/text.h"

namespace fleetmint {
namespace {

constexpr std::string_view kUtf8Mark = "\xEF\xBB\xBF";

// The encoding in iconv's words, or "" if it is not UTF-16. Without a mark, letters of ASCII tell:
// every other byte is zero.
std::string Utf16Name(std::string_view content) {
  if (content.starts_with("\xFF\xFE") || content.starts_with("\xFE\xFF")) return "UTF-16";
  const std::string_view begin = content.substr(0, std::min<std::size_t>(content.size() & ~1U, 64));
  std::size_t even = 0, odd = 0;
  for (std::size_t i = 0; i < begin.size(); i += 2) {
    even += begin[i] == '\0' ? 1 : 0;
    odd += begin[i + 1] == '\0' ? 1 : 0;
  }
  const std::size_t pairs = begin.size() / 2;
  if (pairs == 0 || (even == 0) == (odd == 0)) return "";
  if (2 * std::max(even, odd) < pairs) return "";
  return odd > 0 ? "UTF-16LE" : "UTF-16BE";
}

}  // namespace

std::string_view WithoutMark(std::string_view text) {
  return text.starts_with(kUtf8Mark) ? text.substr(kUtf8Mark.size()) : text;
}

std::optional<Fault> Utf16Fault(std::string_view content, const std::string& path, bool secret) {
  const std::string name = Utf16Name(content);
  if (name.empty()) return std::nullopt;
  const bool file = !path.empty() && path != "-" && !path.starts_with("/dev/");
  const std::string from = ShellWord(file ? path : "FILE");
  const std::string to = ShellWord(file ? path + ".utf8" : "FILE.utf8");
  Fault fault;
  fault.message = "the file is in UTF-16, as PowerShell's '>' writes it; UTF-8 was expected";
  fault.hint = std::string(secret ? "umask 077; " : "") + "iconv -f " + name + " -t UTF-8 " + from +
               " > " + to + " && mv " + to + " " + from;
  return fault;
}

std::string_view TextOf(std::string_view content, const std::string& path, ErrorKind kind,
                        bool secret) {
  if (auto fault = Utf16Fault(content, path, secret)) {
    throw Error(kind, std::move(fault->message), {path, {}}, std::move(fault->hint));
  }
  return WithoutMark(content);
}

}  // namespace fleetmint

#include "inventory/other_format.h"

#include <algorithm>

#include "engine/base/text.h"
#include "engine/base/text_file.h"

namespace fleetmint {
namespace {

// The first line that is neither empty nor a comment, without blanks around it.
std::string_view FirstLine(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t begin = line.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos || line[begin] == '#' || line[begin] == ';') continue;
    return line.substr(begin, line.find_last_not_of(" \t\r") + 1 - begin);
  }
  return "";
}

// An awk program that prints a fleet file with the hosts that `rules` print.
std::string Command(const std::string& options, const std::string& rules, const std::string& path) {
  return "LC_ALL=C awk " + options +
         R"('BEGIN {print "fleet: hosts\nprofile: mtls-client\nhosts:"} )" + rules + "' " +
         ShellWord(path) + " > " + ShellWord(path + ".yaml");
}

}  // namespace

std::optional<Fault> OtherFormat(std::string_view text, const std::string& path) {
  if (auto fault = Utf16Fault(text, path)) return fault;
  const std::string_view line = FirstLine(WithoutMark(text));
  if (line.empty() || line.starts_with('{') || line.starts_with("- ") || line.starts_with("--- ") ||
      line == "---") {
    return std::nullopt;
  }
  Fault fault;
  const bool section =
      line.starts_with('[') && line.ends_with(']') && line.find(',') == std::string_view::npos;
  const bool pair =
      line.find(':') == std::string_view::npos && line.find('=') != std::string_view::npos;
  if (section || pair) {
    fault.message = "the file is in INI format, as Ansible's inventories are; YAML was expected";
    // Sections with a colon hold variables and groups; 01:20 is a range.
    fault.hint = Command(
        "",
        R"(/^\[/ {skip = /:/; next} {sub("\r$", "")} )"
        R"(NF && !skip && !/^[#;]/ && !seen[$1]++ {sub(/:[0-9]+$/, "", $1); gsub(":", "-", $1); print "- \"" $1 "\""})",
        path);
    return fault;
  }
  const std::size_t place = line.find_first_of(",;\t");
  if (line.starts_with('[') || line.find(':') != std::string_view::npos ||
      place == std::string_view::npos) {
    return std::nullopt;
  }
  fault.message = "the file is in CSV format; YAML was expected";
  const std::string separator = line[place] == '\t' ? "'\\t'" : ShellWord({&line[place], 1});
  fault.hint = Command(
      "-F" + separator + " ",
      R"(NR == 1 {sub(/^\357\273\277/, "")} /^#/ || !NF {next} {gsub(/["\r]/, "", $1)} !n++ && tolower($1) ~ )"
      R"(/^(name|host|hostname|endpoint|fqdn|computer|computername|dnshostname)$/ {next} )"
      R"($1 != "" && !seen[tolower($1)]++ {print "- \"" $1 "\""})",
      path);
  return fault;
}

}  // namespace fleetmint

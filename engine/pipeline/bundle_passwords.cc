#include "engine/pipeline/bundle_passwords.h"

#include <algorithm>
#include <filesystem>

#include "engine/base/durable_file.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/base/text_file.h"
#include "output/pfx.h"

namespace fleetmint {
namespace {

constexpr std::size_t kMostFileBytes = std::size_t{64} << 20U;

// One line without its end; advances `rest`.
std::string_view NextLine(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('\n'), rest.size());
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// The two cells of an RFC 4180 line "endpoint,password"; each may stand in quotes.
struct CsvRow {
  std::string endpoint;
  SecretBytes password;
};

// What separates the cells of a file: the first of these in its first line. (No endpoint's name has
// one.) Spreadsheets of many countries write semicolons.
char SeparatorOf(std::string_view line) {
  const std::size_t place = line.find_first_of(",;\t");
  return place == std::string_view::npos ? ',' : line[place];
}

std::string NameOf(char separator) {
  return separator == ',' ? "comma" : separator == ';' ? "semicolon" : "tab";
}

// "endpoint,password" in either case, each in quotes or not; without a copy, for a first line that
// is no header holds a password.
bool IsHeader(std::string_view line, char separator) {
  const auto take = [&](std::string_view wanted) {
    const bool quoted = line.starts_with('"');
    if (quoted) line.remove_prefix(1);
    for (const char c : wanted) {
      if (line.empty() || AsciiLower(line.substr(0, 1)).front() != c) return false;
      line.remove_prefix(1);
    }
    if (!quoted) return true;
    if (!line.starts_with('"')) return false;
    line.remove_prefix(1);
    return true;
  };
  if (!take("endpoint") || !line.starts_with(separator)) return false;
  line.remove_prefix(1);
  return take("password") && line.empty();
}

CsvRow ParseCsvRow(std::string_view line, char separator, const Location& where) {
  const std::string expected =
      std::string("expected: endpoint") + (separator == '\t' ? ' ' : separator) + "password";
  const bool quoted = line.starts_with('"');
  const std::size_t name = quoted ? 1 : 0;
  const std::size_t end = quoted ? line.find('"', name) : line.find(separator);
  const std::size_t place = quoted && end != std::string_view::npos ? end + 1 : end;
  if (place >= line.size() || line[place] != separator) {
    throw Error(ErrorKind::kInput, "no " + NameOf(separator) + " in this line", where,
                expected + ", separated by a " + NameOf(separator) + " as in the first line");
  }
  CsvRow row{AsciiLower(line.substr(name, end - name)), {}};
  std::string_view cell = line.substr(place + 1);
  if (!cell.starts_with('"')) {
    if (cell.find(separator) != std::string_view::npos) {
      throw Error(
          ErrorKind::kInput, "more than two columns in this line", where,
          expected + "; a password that holds a " + NameOf(separator) + " stands in double quotes");
    }
    row.password.assign(cell.begin(), cell.end());
    return row;
  }
  for (std::size_t i = 1; i < cell.size(); ++i) {
    if (cell[i] != '"') {
      row.password.push_back(static_cast<std::uint8_t>(cell[i]));
    } else if (i + 1 < cell.size() && cell[i + 1] == '"') {
      row.password.push_back('"');
      ++i;
    } else if (i + 1 == cell.size()) {
      return row;
    } else {
      break;
    }
  }
  throw Error(ErrorKind::kInput, "bad quotes in this line", where, "RFC 4180: \"a\"\"b\" is a\"b");
}

// What PowerShell (#TYPE ...) and Excel (sep=;) write above the header.
bool IsPreamble(std::string_view line) {
  return line.starts_with("#TYPE ") || (line.starts_with("sep=") && line.size() == 5);
}

}  // namespace

std::string BundlePasswords::PathOf(const PasswordSource& source) const {
  return (std::filesystem::path(folder_) / source.path).lexically_normal().string();
}

const BundlePasswords::Table& BundlePasswords::ReadCsv(const std::string& path) {
  const auto found = csvs_.find(path);
  if (found != csvs_.end()) return found->second;
  const auto faulty = faulty_csvs_.find(path);
  if (faulty != faulty_csvs_.end()) throw Error(faulty->second);
  try {
    return csvs_.emplace(path, ParseCsv(path)).first->second;
  } catch (const Error& error) {
    faulty_csvs_.emplace(path, error);
    throw;
  }
}

BundlePasswords::Table BundlePasswords::ParseCsv(const std::string& path) {
  const SecretBytes content = ReadSecretFile(path, kMostFileBytes, ErrorKind::kInput);
  std::string_view rest = TextOf(AsText(content), path, ErrorKind::kInput, true);
  FaultList faults(path);
  Table table;
  char separator = '\0';  // until the first line tells
  for (std::uint32_t line_number = 1; !rest.empty(); ++line_number) {
    const std::string_view line = NextLine(rest);
    if (line.empty() || (line_number == 1 && IsPreamble(line))) continue;
    const bool first = separator == '\0';
    if (first) separator = SeparatorOf(line);
    if (first && IsHeader(line, separator)) continue;
    try {
      CsvRow row = ParseCsvRow(line, separator, Location{path, {line_number, 1}});
      if (!table.emplace(row.endpoint, std::move(row.password)).second) {
        faults.Add({line_number, 1}, "endpoint '" + row.endpoint + "' has a second password",
                   "one line for each endpoint");
      }
    } catch (const Error& error) {
      faults.AddAll(error);
    }
  }
  faults.ThrowIfAny();
  return table;
}

void BundlePasswords::Check(const SecretBytes& password) {
  CheckPassword(password);
  shortest_ = std::min(shortest_.value_or(password.size()), password.size());
}

void BundlePasswords::Load(const PasswordSource& source, std::string_view endpoint) {
  switch (source.kind) {
    case PasswordSource::Kind::kDerived:
      return;
    case PasswordSource::Kind::kFile: {
      const std::string path = PathOf(source);
      if (files_.contains(path)) return;
      const SecretBytes content = ReadSecretFile(path, kMostFileBytes, ErrorKind::kInput);
      std::string_view rest = TextOf(AsText(content), path, ErrorKind::kInput, true);
      const std::string_view line = NextLine(rest);
      SecretBytes password(line.begin(), line.end());
      Check(password);
      files_.emplace(path, std::move(password));
      return;
    }
    case PasswordSource::Kind::kCsv: {
      const std::string path = PathOf(source);
      const Table& table = ReadCsv(path);
      const auto row = table.find(AsciiLower(endpoint));
      if (row == table.end()) {
        throw Error::WithHint(
            ErrorKind::kInput,
            "'" + path + "' has no password for endpoint '" + std::string(endpoint) + "'",
            "add a line: endpoint,password");
      }
      Check(row->second);
      return;
    }
  }
}

SecretBytes BundlePasswords::Get(const PasswordSource& source, std::string_view endpoint,
                                 const Serial& serial, const PasswordMaker& derived) const {
  switch (source.kind) {
    case PasswordSource::Kind::kFile:
      return files_.at(PathOf(source));
    case PasswordSource::Kind::kCsv:
      return csvs_.at(PathOf(source)).at(AsciiLower(endpoint));
    case PasswordSource::Kind::kDerived:
      break;
  }
  return derived.Derive(1, endpoint, serial);
}

std::uint32_t BundlePasswords::Iterations(const PasswordSource& source, bool test) {
  const bool few = test || source.kind == PasswordSource::Kind::kDerived;
  return few ? kDerivedPasswordIterations : kUserPasswordIterations;
}

}  // namespace fleetmint

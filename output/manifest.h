// Manifest: one line for each issued endpoint, as JSON Lines and as CSV. It never holds a secret.
// Fields are the contract of README "Manifest".
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace fleetmint {

struct ManifestEntry {
  struct File {
    std::string path;  // relative to the output directory
    std::uint64_t bytes = 0;
    std::string sha256;  // hex
    friend bool operator==(const File&, const File&) = default;
  };
  struct Superseded {
    std::string serial, sha1, sha256;  // hex
    friend bool operator==(const Superseded&, const Superseded&) = default;
  };
  std::string endpoint, fqdn, profile, subject;
  std::vector<std::string> dns, ip;
  std::string serial, not_before, not_after, sha1, sha256, spki_sha256, issuer, key;
  std::vector<File> files;  // files[0] is the one with the key: `bundle`, `bytes`, `bundle_sha256`
  std::string encryption;
  std::vector<Superseded> supersedes;
  std::string state, issued_at;
  friend bool operator==(const ManifestEntry&, const ManifestEntry&) = default;
};

// ManifestJsonLine gives one line of manifest.jsonl, without the newline.
std::string ManifestJsonLine(const ManifestEntry& entry);
// ParseManifestJsonLine is its inverse. Throws Error(kInput) if a field is missing or of a wrong
// type.
ManifestEntry ParseManifestJsonLine(std::string_view line);

// ManifestCsvHeader and ManifestCsvLine give RFC 4180 lines without CRLF; lists are joined by a
// space; a cell that a spreadsheet would take for a formula (= + - @ tab CR first) gets a leading
// apostrophe.
std::string ManifestCsvHeader();
std::string ManifestCsvLine(const ManifestEntry& entry);

// CsvCell quotes one cell by the same rules.
std::string CsvCell(std::string_view text);

}  // namespace fleetmint

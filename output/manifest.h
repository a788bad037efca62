// Manifest: one line for each issued endpoint, as JSON Lines and as CSV. It never holds a secret.
//
// A line is a projection of the endpoint's record: certificate, settings, files, state. Each field
// is one entry of the table in manifest.cc; so a new field is there for what was issued years ago,
// too. The fields are the contract of README "What comes out". Any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/bytes.h"
#include "engine/base/clock.h"
#include "engine/base/serial.h"
#include "engine/x509/certificate_view.h"
#include "profiles/settings.h"

namespace fleetmint {

struct ManifestFile {
  std::string path;  // relative to the output directory
  std::uint64_t bytes = 0;
  Sha256Digest sha256{};
};

struct ManifestSuperseded {
  Serial serial{};
  Sha1Digest sha1{};
  Sha256Digest sha256{};
};

// ManifestSource is what a line is made of. Views must outlive the call.
struct ManifestSource {
  const CertificateView& certificate;
  const Settings& settings;  // that it was issued under
  std::string_view fleet;
  std::string_view endpoint;
  std::string_view fqdn;
  const Serial& serial;
  const Sha1Digest& sha1;  // of the certificate
  const Sha256Digest& sha256;
  const Sha256Digest& spki_sha256;
  std::string_view issuer;              // hex SHA-256 of the issuing CA certificate
  std::span<const ManifestFile> files;  // files[0] is the one with the key
  std::span<const ManifestSuperseded> supersedes;
  std::string_view state;  // issued, delivered
  Time issued_at;
};

struct ManifestLine {
  std::string json;  // of manifest.jsonl, without the newline
  std::string csv;   // of manifest.csv, RFC 4180, without CRLF
};

// MakeManifestLine throws Error(kInput) if the certificate's extensions cannot be read.
ManifestLine MakeManifestLine(const ManifestSource& source);

// ManifestCsvHeader gives the names of the CSV's columns. In the CSV, lists are joined by a space.
std::string ManifestCsvHeader();

// CsvCell quotes one cell (RFC 4180 2.6, 2.7); one that a spreadsheet would take for a formula
// (= + - @ tab CR first) gets a leading apostrophe. Lines end with kCsvLineEnd (2.1).
std::string CsvCell(std::string_view text);
inline constexpr const char* kCsvLineEnd = "\r\n";

}  // namespace fleetmint

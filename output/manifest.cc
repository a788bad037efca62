#include "output/manifest.h"

#include <nlohmann/json.hpp>

#include "engine/keys/key_spec.h"
#include "engine/x509/name.h"
#include "output/pack.h"

namespace fleetmint {
namespace {

using Json = nlohmann::ordered_json;

std::string Text(std::string_view text) { return std::string(text); }

ManifestFile KeyFile(const ManifestSource& source) {
  return source.files.empty() ? ManifestFile{} : source.files.front();
}

Json Dns(const ManifestSource& source) { return source.certificate.San().dns; }

Json Ip(const ManifestSource& source) {
  Json list = Json::array();
  for (const Bytes& address : source.certificate.San().ip) list.push_back(FormatIp(address));
  return list;
}

Json Key(const ManifestSource& source) {
  const auto spec = ParseKeySpecWord(source.settings.Value("key"));
  return spec ? KeySpecName(*spec) : "";
}

Json Files(const ManifestSource& source) {
  Json list = Json::array();
  for (const ManifestFile& file : source.files) {
    list.push_back({{"path", file.path}, {"bytes", file.bytes}, {"sha256", ToHex(file.sha256)}});
  }
  return list;
}

// Where there is a PFX, the name under which a key store shows the key.
Json Alias(const ManifestSource& source) {
  const bool pfx = !source.files.empty() && source.files.front().path.ends_with(".pfx");
  return pfx ? KeyContainerName(source.fleet, source.endpoint, source.serial) : "";
}

Json Supersedes(const ManifestSource& source) {
  Json list = Json::array();
  for (const ManifestSuperseded& old : source.supersedes) {
    list.push_back({{"serial", SerialHex(old.serial)},
                    {"sha1", ToHex(old.sha1)},
                    {"sha256", ToHex(old.sha256)}});
  }
  return list;
}

Json SupersedesSha1(const ManifestSource& source) {
  Json list = Json::array();
  for (const ManifestSuperseded& old : source.supersedes) list.push_back(ToHex(old.sha1));
  return list;
}

enum class In : std::uint8_t { kBoth, kJson, kCsv };

struct Field {
  const char* name;
  Json (*value)(const ManifestSource&);
  In in = In::kBoth;
};

// The manifest, field by field. `endpoint` comes first: install.sh searches for it.
constexpr Field kFields[] = {
    {"endpoint", [](const ManifestSource& s) -> Json { return Text(s.endpoint); }},
    {"fqdn", [](const ManifestSource& s) -> Json { return Text(s.fqdn); }},
    {"profile", [](const ManifestSource& s) -> Json { return s.settings.profile(); }},
    {"subject",
     [](const ManifestSource& s) -> Json { return NameToString(s.certificate.subject()); }},
    {"dns", Dns},
    {"ip", Ip},
    {"serial", [](const ManifestSource& s) -> Json { return SerialHex(s.serial); }},
    {"not_before",
     [](const ManifestSource& s) -> Json { return FormatRfc3339(s.certificate.not_before()); }},
    {"not_after",
     [](const ManifestSource& s) -> Json { return FormatRfc3339(s.certificate.not_after()); }},
    {"sha1", [](const ManifestSource& s) -> Json { return ToHex(s.sha1); }},
    {"sha256", [](const ManifestSource& s) -> Json { return ToHex(s.sha256); }},
    {"spki_sha256", [](const ManifestSource& s) -> Json { return ToHex(s.spki_sha256); }},
    {"subject_key_id",
     [](const ManifestSource& s) -> Json { return ToHex(s.certificate.SubjectKeyIdentifier()); }},
    {"issuer", [](const ManifestSource& s) -> Json { return Text(s.issuer); }},
    {"key", Key},
    {"bundle", [](const ManifestSource& s) -> Json { return KeyFile(s).path; }},
    {"bytes", [](const ManifestSource& s) -> Json { return KeyFile(s).bytes; }},
    {"bundle_sha256", [](const ManifestSource& s) -> Json { return ToHex(KeyFile(s).sha256); }},
    {"files", Files, In::kJson},
    {"encryption",
     [](const ManifestSource& s) -> Json { return Text(s.settings.Value("bundle.encryption")); }},
    {"alias", Alias},
    {"store",
     [](const ManifestSource& s) -> Json { return Text(s.settings.Value("install.store")); }},
    {"exportable",
     [](const ManifestSource& s) -> Json {
       return s.settings.Value("install.exportable") == "true";
     }},
    {"supersedes", Supersedes, In::kJson},
    {"supersedes_sha1", SupersedesSha1, In::kCsv},
    {"state", [](const ManifestSource& s) -> Json { return Text(s.state); }},
    {"issued_at", [](const ManifestSource& s) -> Json { return FormatRfc3339(s.issued_at); }},
    {"uri", [](const ManifestSource& s) -> Json { return s.certificate.San().uri; }},
    {"email", [](const ManifestSource& s) -> Json { return s.certificate.San().email; }},
    {"upn", [](const ManifestSource& s) -> Json { return s.certificate.San().upn; }},
};

// A value as a cell: text as it is, a list joined by a space.
std::string Cell(const Json& value) {
  if (value.is_string()) return CsvCell(value.get_ref<const std::string&>());
  if (!value.is_array()) return value.dump();
  std::string text;
  for (const Json& item : value) {
    text += (text.empty() ? "" : " ") + item.get_ref<const std::string&>();
  }
  return CsvCell(text);
}

}  // namespace

ManifestLine MakeManifestLine(const ManifestSource& source) {
  Json json;
  std::string csv;
  for (const Field& field : kFields) {
    Json value = field.value(source);
    if (field.in != In::kJson) csv += Cell(value) + ",";
    if (field.in != In::kCsv) json.emplace(field.name, std::move(value));
  }
  csv.pop_back();
  // Bytes of a damaged ledger that are not UTF-8 must not end the run that writes or checks it.
  return {json.dump(-1, ' ', false, Json::error_handler_t::replace), std::move(csv)};
}

std::string ManifestCsvHeader() {
  std::string header;
  for (const Field& field : kFields) {
    if (field.in != In::kJson) header += (header.empty() ? "" : ",") + std::string(field.name);
  }
  return header;
}

std::string CsvCell(std::string_view text) {
  std::string cell;
  // A spreadsheet takes these first characters for the start of a formula.
  if (!text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos) {
    cell += '\'';
  }
  cell += text;
  if (cell.find_first_of(",\"\r\n") == std::string::npos) return cell;
  std::string quoted = "\"";
  for (const char c : cell) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

}  // namespace fleetmint

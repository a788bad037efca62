#include "output/manifest.h"

#include <nlohmann/json.hpp>

#include "engine/base/error.h"

namespace fleetmint {
namespace {

using Json = nlohmann::ordered_json;

std::string Join(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) text += (text.empty() ? "" : " ") + item;
  return text;
}

const ManifestEntry::File& KeyFileOf(const ManifestEntry& entry) {
  static const ManifestEntry::File none;
  return entry.files.empty() ? none : entry.files.front();
}

}  // namespace

std::string ManifestJsonLine(const ManifestEntry& entry) {
  Json supersedes = Json::array();
  for (const auto& old : entry.supersedes) {
    supersedes.push_back({{"serial", old.serial}, {"sha1", old.sha1}, {"sha256", old.sha256}});
  }
  Json files = Json::array();
  for (const auto& file : entry.files) {
    files.push_back({{"path", file.path}, {"bytes", file.bytes}, {"sha256", file.sha256}});
  }
  const ManifestEntry::File& key_file = KeyFileOf(entry);
  const Json line{{"endpoint", entry.endpoint},
                  {"fqdn", entry.fqdn},
                  {"profile", entry.profile},
                  {"subject", entry.subject},
                  {"dns", entry.dns},
                  {"ip", entry.ip},
                  {"serial", entry.serial},
                  {"not_before", entry.not_before},
                  {"not_after", entry.not_after},
                  {"sha1", entry.sha1},
                  {"sha256", entry.sha256},
                  {"spki_sha256", entry.spki_sha256},
                  {"issuer", entry.issuer},
                  {"key", entry.key},
                  {"bundle", key_file.path},
                  {"bytes", key_file.bytes},
                  {"bundle_sha256", key_file.sha256},
                  {"files", files},
                  {"encryption", entry.encryption},
                  {"supersedes", supersedes},
                  {"state", entry.state},
                  {"issued_at", entry.issued_at}};
  return line.dump(-1, ' ', false, Json::error_handler_t::replace);
}

ManifestEntry ParseManifestJsonLine(std::string_view line) {
  try {
    const Json json = Json::parse(line);
    ManifestEntry entry;
    const auto text = [&](const char* key) { return json.at(key).get<std::string>(); };
    const auto list = [&](const char* key) -> const Json& {
      if (json.at(key).is_array()) return json.at(key);
      throw Error(ErrorKind::kInput,
                  std::string("not a manifest line: '") + key + "' is not a list");
    };
    entry.endpoint = text("endpoint");
    entry.fqdn = text("fqdn");
    entry.profile = text("profile");
    entry.subject = text("subject");
    entry.dns = json.at("dns").get<std::vector<std::string>>();
    entry.ip = json.at("ip").get<std::vector<std::string>>();
    entry.serial = text("serial");
    entry.not_before = text("not_before");
    entry.not_after = text("not_after");
    entry.sha1 = text("sha1");
    entry.sha256 = text("sha256");
    entry.spki_sha256 = text("spki_sha256");
    entry.issuer = text("issuer");
    entry.key = text("key");
    for (const Json& file : list("files")) {
      entry.files.push_back({file.at("path"), file.at("bytes"), file.at("sha256")});
    }
    entry.encryption = text("encryption");
    for (const Json& old : list("supersedes")) {
      entry.supersedes.push_back({old.at("serial"), old.at("sha1"), old.at("sha256")});
    }
    entry.state = text("state");
    entry.issued_at = text("issued_at");
    return entry;
  } catch (const Json::exception& error) {
    throw Error(ErrorKind::kInput, std::string("not a manifest line: ") + error.what());
  }
}

std::string CsvCell(std::string_view text) {
  std::string cell;
  // A spreadsheet takes these first characters for the start of a formula.
  if (!text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos) {
    cell += '\'';
  }
  cell += text;
  if (cell.find_first_of(",\"\r\n") == std::string::npos) return cell;
  std::string quoted = "\"";  // RFC 4180 2.6 and 2.7
  for (const char c : cell) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

std::string ManifestCsvHeader() {
  return "endpoint,fqdn,profile,subject,dns,ip,serial,not_before,not_after,sha1,sha256,spki_sha256,"
         "issuer,key,bundle,bytes,bundle_sha256,encryption,supersedes_sha1,state,issued_at";
}

std::string ManifestCsvLine(const ManifestEntry& entry) {
  const ManifestEntry::File& key_file = KeyFileOf(entry);
  std::vector<std::string> superseded;
  for (const auto& old : entry.supersedes) superseded.push_back(old.sha1);
  std::string line;
  for (const std::string& text :
       {entry.endpoint,  entry.fqdn,       entry.profile,    entry.subject,
        Join(entry.dns), Join(entry.ip),   entry.serial,     entry.not_before,
        entry.not_after, entry.sha1,       entry.sha256,     entry.spki_sha256,
        entry.issuer,    entry.key,        key_file.path,    std::to_string(key_file.bytes),
        key_file.sha256, entry.encryption, Join(superseded), entry.state,
        entry.issued_at}) {
    line += CsvCell(text) + ",";
  }
  line.pop_back();
  return line;
}

}  // namespace fleetmint

#include "output/manifest_words.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "engine/base/error.h"

namespace fleetmint {
namespace {

using Json = nlohmann::json;

// An octet string of a fixed length, as hexadecimal digits.
template <typename Array>
void ReadHex(const Json& json, Array& array) {
  const Bytes bytes = FromHex(json.get_ref<const std::string&>());
  if (bytes.size() != array.size()) throw Error(ErrorKind::kInput, "of another length");
  std::copy(bytes.begin(), bytes.end(), array.begin());
}

ManifestWord ReadWord(const Json& json) {
  ManifestWord word;
  word.endpoint = json.at("endpoint").get<std::string>();
  word.fqdn = json.at("fqdn").get<std::string>();
  word.profile = json.at("profile").get<std::string>();
  word.key = json.at("key").get<std::string>();
  word.store = json.at("store").get<std::string>();
  word.exportable = json.at("exportable").get<bool>();
  word.state = json.at("state").get<std::string>();
  ReadHex(json.at("serial"), word.serial);
  ReadHex(json.at("sha1"), word.sha1);
  ReadHex(json.at("sha256"), word.sha256);
  ReadHex(json.at("spki_sha256"), word.spki_sha256);
  ReadHex(json.at("issuer"), word.issuer);
  word.issued_at = ParseRfc3339(json.at("issued_at").get<std::string>());
  word.not_after = ParseRfc3339(json.at("not_after").get<std::string>());
  for (const Json& file : json.at("files")) {
    word.files.push_back(
        {file.at("path").get<std::string>(), file.at("bytes").get<std::uint64_t>(), {}});
    ReadHex(file.at("sha256"), word.files.back().sha256);
  }
  for (const Json& old : json.at("supersedes")) {
    ManifestSuperseded& former = word.supersedes.emplace_back();
    ReadHex(old.at("serial"), former.serial);
    ReadHex(old.at("sha1"), former.sha1);
    ReadHex(old.at("sha256"), former.sha256);
  }
  return word;
}

}  // namespace

void ReadManifestWords(std::string_view text, const std::function<void(ManifestWord&&)>& visit,
                       const std::function<void(std::uint64_t line)>& damaged) {
  for (std::uint64_t line = 1; !text.empty(); ++line) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::optional<ManifestWord> word;
    try {
      word = ReadWord(Json::parse(text.substr(0, end)));
    } catch (const Json::exception&) {
    } catch (const Error&) {
    }
    text.remove_prefix(std::min(end + 1, text.size()));
    if (word) {
      visit(std::move(*word));
    } else {
      damaged(line);
    }
  }
}

}  // namespace fleetmint

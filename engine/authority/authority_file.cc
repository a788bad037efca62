#include "engine/authority/authority_file.h"

#include <algorithm>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/yaml.h"

namespace fleetmint {
namespace {

constexpr std::size_t kMostBytes = std::size_t{64} << 10U;
constexpr const char* kSigner = "file";
const std::vector<std::string> kKeys{"authority", "encrypted", "signer", "fleet_key", "test"};

bool IsHex(const std::string& text, std::size_t digits) {
  return text.size() == digits && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

}  // namespace

void WriteAuthorityFile(const Directory& directory, const AuthorityFile& file) {
  const std::string text =
      "# A fleetmint authority. Secret; back up the whole directory. This file never changes.\n"
      "authority: '" +
      file.id + "'\nencrypted: " + (file.encrypted ? "true" : "false") + "\nsigner: " + kSigner +
      "\nfleet_key: '" + file.fleet_key + "'\n" +
      (file.test ? "test: true  # its keys come from a seed: for tests alone\n" : "");
  directory.CreateDurably(kAuthorityFile, AsBytes(text));
}

AuthorityFile ReadAuthorityFile(const Directory& directory) {
  FaultList faults(directory.PathOf(kAuthorityFile));
  const Bytes content = directory.Read(kAuthorityFile, kMostBytes);
  const yaml::Node root = yaml::ReadText(AsText(content), faults);
  AuthorityFile file;
  if (!root.IsMapping() && !root.cut)
    faults.Add({1, 1}, "not a mapping", "restore the file from a backup");
  yaml::CheckKeys(root, kKeys, faults);
  const auto text = [&](const char* key) -> std::string {
    const yaml::Node* const value = root.Find(key);
    if (value != nullptr) {
      return yaml::AsText(*value, "'" + std::string(key) + "'", faults).value_or("");
    }
    if (!root.cut) {
      faults.Add(root.where, "'" + std::string(key) + "' is missing",
                 "restore the file from a backup");
    }
    return "";
  };
  file.id = text("authority");
  file.fleet_key = text("fleet_key");
  const std::string signer = text("signer");
  if (const yaml::Node* encrypted = root.Find("encrypted")) {
    file.encrypted = yaml::AsBool(*encrypted, "'encrypted'", faults).value_or(false);
  } else if (!root.cut) {
    faults.Add(root.where, "'encrypted' is missing", "restore the file from a backup");
  }
  if (const yaml::Node* test = root.Find("test")) {
    file.test = yaml::AsBool(*test, "'test'", faults).value_or(false);
  }
  if (faults.empty()) {
    if (!IsHex(file.id, 32)) {
      faults.Add(root.Find("authority")->where, "'" + file.id + "' is no id of an authority");
    }
    if (!IsHex(file.fleet_key, 16)) {
      faults.Add(root.Find("fleet_key")->where, "'" + file.fleet_key + "' is no id of a fleet key");
    }
    if (signer != kSigner) {
      faults.Add(root.Find("signer")->where, "unknown signer '" + signer + "'",
                 "this version signs with key files alone: signer: file");
    }
  }
  faults.ThrowIfAny(ErrorKind::kAuthority);
  return file;
}

}  // namespace fleetmint

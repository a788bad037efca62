#include "engine/authority/new_authority.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "engine/authority/authority_file.h"
#include "engine/authority/key_file.h"
#include "engine/authority/run_lock.h"
#include "engine/base/der.h"
#include "engine/base/error.h"
#include "engine/x509/name.h"

namespace fleetmint {

bool IsTestCa(const Certificate& certificate) {
  const Name name = ReadName(certificate.subject());
  return std::any_of(name.attributes.begin(), name.attributes.end(), [](const auto& attribute) {
    return attribute.type == "O" && attribute.value == kTestOrganization;
  });
}

NewAuthority::NewAuthority(const std::string& path, RandomSource& random) : random_(random) {
  namespace fs = std::filesystem;
  path_ = fs::path(path).lexically_normal().string();
  while (path_.size() > 1 && path_.back() == '/') path_.pop_back();
  std::error_code error;
  if (fs::exists(path_, error) && !(fs::is_directory(path_, error) && fs::is_empty(path_, error))) {
    throw Error::WithHint(ErrorKind::kAuthority, "'" + path_ + "' exists already",
                          "an authority is never overwritten; choose another directory");
  }
  std::array<std::uint8_t, 16> id;
  random_.Fill(id);
  id_ = ToHex(id);
  std::array<std::uint8_t, 4> suffix;
  random_.Fill(suffix);
  temporary_ = path_ + ".new-" + ToHex(suffix);
}

NewAuthority::~NewAuthority() {
  if (finished_ || !directory_) return;
  std::error_code ignored;
  std::filesystem::remove_all(temporary_, ignored);
}

void NewAuthority::Begin(PassphraseSource* source) {
  if (source != nullptr) {
    passphrase_ = source->Get("the CA keys in '" + path_ + "'", /*confirm=*/true);
    if (passphrase_->empty()) throw Error(ErrorKind::kAuthority, "the passphrase is empty");
  }
  directory_.emplace(Directory::Create(temporary_, 0700));
}

Ledger NewAuthority::NewLedger() const {
  return Ledger::Create(directory_->PathOf(kLedgerFile), id_);
}

Authority NewAuthority::Finish(bool test) {
  // The fleet key travels as SEQUENCE { OCTET STRING }, so that the code that keeps CA keys keeps
  // it.
  SecretBytes fleet_key(kFleetKeyBytes);
  random_.Fill(fleet_key);
  SecretDerWriter writer;
  writer.Sequence([&](SecretDerWriter& sequence) { sequence.OctetString(fleet_key); });
  directory_->CreateDurably(Ledger::kFirstFleetKey,
                            EncodeKeyFile(writer.Take(), passphrase_, random_));
  WriteAuthorityFile(*directory_, {id_, passphrase_.has_value(), FleetKeyId(fleet_key), test});
  Place();
  return Authority::Open(path_);
}

void NewAuthority::Place() {
  if (!directory_->SyncFileSystem()) directory_->Sync();
  std::error_code error;
  std::filesystem::rename(temporary_, path_, error);
  if (error) {
    throw Error(ErrorKind::kDisk,
                "cannot rename '" + temporary_ + "' to '" + path_ + "': " + error.message());
  }
  finished_ = true;
  const std::string parent = std::filesystem::path(path_).parent_path().string();
  Directory::Open(parent.empty() ? "." : parent).Sync();
}

void Authority::BackUp(const std::string& path, RandomSource& random) {
  NewAuthority copy(path, random);
  copy.Begin(nullptr);
  const Directory& from = directory();
  const FileLock still = from.LockItself();  // no key comes or goes
  ReadIssuers();
  const std::vector<std::string> stale = StaleKeyFiles();
  for (const std::string& name : from.List()) {
    // The ledger and what SQLite keeps beside it are copied by SQLite; the lock is nobody's there.
    if (name.starts_with(kLedgerFile) || name == RunLock::kFile) continue;
    if (std::find(stale.begin(), stale.end(), name) != stale.end()) continue;
    if (name == kCrlFolder) {
      const Directory crls = from.Subdirectory(name);
      const Directory to = copy.directory().MakeSubdirectory(name, 0700);
      for (const std::string& crl : crls.List()) to.CreateDurably(crl, crls.Read(crl));
      continue;
    }
    copy.directory().CreateDurably(name, from.ReadSecret(name));
  }
  const std::vector<RunToken> held = ledger_.EndedRuns();
  ledger_.BackUp(copy.directory().PathOf(kLedgerFile));
  copy.Place();
  ledger_.MarkBackedUp(held);
}

}  // namespace fleetmint

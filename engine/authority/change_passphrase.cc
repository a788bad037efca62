// `ca passphrase`: every key that is here under a new passphrase, in one step.
//
// A key file is never written over: the new ones have names of their own (issuing.key becomes
// issuing.p1.key, then issuing.p2.key), and the ledger says which names count. So at each moment
// one passphrase opens every key that counts: the old one until the ledger's transaction, the new
// one from it on. What a crash leaves is removed by name, as the ledger has it; a key of which it
// does not say so stays, whatever its name: an older ledger may have been put here.
#include <algorithm>
#include <charconv>

#include "engine/authority/authority.h"
#include "engine/authority/key_file.h"
#include "engine/authority/new_authority.h"
#include "engine/authority/new_tier.h"
#include "engine/base/error.h"
#include "engine/base/wipe.h"

namespace fleetmint {
namespace {

constexpr std::string_view kExtension = ".key";

// A key file's name in its parts: "issuing-2.p3.key" is the third file of "issuing-2".
struct KeyFileName {
  std::string stem;
  std::uint32_t change = 0;
};

KeyFileName Split(std::string_view name) {
  if (name.ends_with(kExtension)) name.remove_suffix(kExtension.size());
  const std::size_t mark = name.rfind(".p");
  std::uint32_t change = 0;
  if (mark != std::string_view::npos) {
    const char* const end = name.data() + name.size();
    const auto [rest, error] = std::from_chars(name.data() + mark + 2, end, change);
    if (error == std::errc() && rest == end && change != 0) {
      return {std::string(name.substr(0, mark)), change};
    }
  }
  return {std::string(name), 0};
}

std::string NameAfter(const std::string& name, std::uint32_t change) {
  return Split(name).stem + ".p" + std::to_string(change) + std::string(kExtension);
}

struct Moved {
  std::string from, to;
  SecretBytes der;
};

}  // namespace

bool HasKeyOf(const Directory& directory, const std::string& tier, std::int64_t generation) {
  const std::vector<std::string> names = directory.List();
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    return name.ends_with(kExtension) && Split(name).stem == FileOf(tier, generation, "");
  });
}

std::vector<std::string> Authority::KeyFiles() const {
  std::vector<std::string> names{ledger_.FleetKeyFile()};
  for (const KnownIssuer& issuer : issuers_) {
    if (issuer.row.key_file.empty() || issuer.row.state == IssuerState::kAbandoned) continue;
    if (std::find(names.begin(), names.end(), issuer.row.key_file) == names.end()) {
      names.push_back(issuer.row.key_file);  // a renewed certificate has the key of the one before
    }
  }
  return names;
}

std::vector<std::string> Authority::StaleKeyFiles() const {
  const std::vector<std::string> named = KeyFiles();
  std::vector<std::string> stale;
  for (const std::string& name : ledger_.StaleKeys()) {
    // Whatever else has happened to the directory: the last key of its kind does not go.
    const auto replaced_by = [&](const std::string& other) {
      return other != name && Split(other).stem == Split(name).stem &&
             directory().FileSize(other).value_or(0) != 0;
    };
    if (std::find(named.begin(), named.end(), name) == named.end() &&
        std::any_of(named.begin(), named.end(), replaced_by)) {
      stale.push_back(name);
      stale.push_back(DurableFile::TemporaryName(name));
    }
  }
  return stale;
}

void Authority::RemoveStaleKeys() {
  if (ledger_.StaleKeys().empty()) return;
  // A crashed change may have committed without a sync: what is read must last before a key goes.
  ledger_.MakeDurable();
  const FileLock still = directory().LockItself();
  ReadIssuers();
  for (const std::string& name : StaleKeyFiles()) directory().Remove(name);
  directory().Sync();
  ledger_.ForgetStaleKeys();
}

Authority::PassphraseChange Authority::ChangePassphrase(PassphraseSource& old_one,
                                                        PassphraseSource& new_one,
                                                        RandomSource& random) {
  if (!encrypted()) {
    throw Error::WithHint(
        ErrorKind::kUsage, "the keys of this authority are not encrypted: they have no passphrase",
        "it was made so, and stays so: keep '" + directory().path() + "' on an encrypted disk");
  }
  return WithWipedStack(kSecretStack, [&] { return MoveKeys(old_one, new_one, random); });
}

Authority::PassphraseChange Authority::MoveKeys(PassphraseSource& old_one,
                                                PassphraseSource& new_one, RandomSource& random) {
  CachedPassphrase old_phrase(&old_one);
  static_cast<void>(UnlockPasswords(&old_phrase));  // it is that of the keys
  {
    const FileLock still = directory().LockItself();
    ClearUnfinished(directory(), ledger_);  // a key of no generation would keep the old passphrase
  }
  ReadIssuers();
  const std::uint32_t change = Split(ledger_.FleetKeyFile()).change + 1;
  PassphraseChange done;
  std::vector<Moved> moved;
  for (const std::string& name : KeyFiles()) {
    if (!directory().Exists(name)) {
      done.absent.push_back(name);
      continue;
    }
    const std::string what = "the key '" + directory().PathOf(name) + "'";
    try {
      moved.push_back({name, NameAfter(name, change),
                       DecodeKeyFile(directory().ReadSecret(name), &old_phrase, what)});
    } catch (const Error& error) {
      if (error.cause() != ErrorCause::kWrongPassword) throw;
      throw Error::WithHint(ErrorKind::kAuthority,
                            what + " is under another passphrase than the fleet key",
                            "move it away, as an offline root's: it keeps its own passphrase "
                            "(--root-key-passphrase-file); then change that of the others");
    }
  }
  const SecretBytes phrase = new_one.Get("the CA keys in '" + directory().path() + "', the new one",
                                         /*confirm=*/true);
  if (phrase == old_phrase.Get("", /*confirm=*/false)) {
    throw Error::WithHint(ErrorKind::kUsage, "the new passphrase is the old one",
                          "nothing was changed; choose another one");
  }

  const FileLock still = directory().LockItself();
  std::vector<std::pair<std::string, std::string>> names;
  for (const Moved& key : moved) names.emplace_back(key.from, key.to);
  ledger_.AddStaleKeys(names);
  for (const Moved& key : moved) {
    directory().CreateDurably(key.to, EncodeKeyFile(key.der, phrase, random));
    KnownPassphrase again(phrase);
    if (DecodeKeyFile(directory().ReadSecret(key.to), &again, key.to) != key.der) {
      throw Error(ErrorKind::kDisk,
                  "'" + directory().PathOf(key.to) + "' does not read back as it was written");
    }
    done.changed.push_back(key.to);
  }
  ledger_.RenameKeys(names);
  ReadIssuers();
  for (const Moved& key : moved) directory().Remove(key.from);
  directory().Sync();
  ledger_.ForgetStaleKeys();
  return done;
}

}  // namespace fleetmint

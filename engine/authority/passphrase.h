// Passphrase: how the authority asks for the one secret that a person knows.
#pragma once

#include <optional>
#include <string>

#include "engine/base/bytes.h"

namespace fleetmint {

// PassphraseSource is asked at most once for each command that needs a private key of the CA.
class PassphraseSource {
 public:
  virtual ~PassphraseSource() = default;
  // Get gives the passphrase; `purpose` says for what ("the CA keys in ca/"). `confirm` asks a
  // person twice, for a new one. Throws Error(kAuthority) with a hint if there is no way to get
  // one.
  virtual SecretBytes Get(const std::string& purpose, bool confirm) = 0;
};

// ThrowNoPassphrase throws the Error(kAuthority) of a key that is encrypted where nobody can be
// asked.
[[noreturn]] void ThrowNoPassphrase(const std::string& what);

// CachedPassphrase asks its source once for all the keys of one command.
class CachedPassphrase final : public PassphraseSource {
 public:
  explicit CachedPassphrase(PassphraseSource* source) : source_(source) {}
  SecretBytes Get(const std::string& purpose, bool confirm) override {
    if (!phrase_) {
      if (source_ == nullptr) ThrowNoPassphrase(purpose);
      phrase_ = source_->Get(purpose, confirm);
    }
    return *phrase_;
  }

 private:
  PassphraseSource* source_;
  std::optional<SecretBytes> phrase_;
};

// KnownPassphrase gives one that is known already.
class KnownPassphrase final : public PassphraseSource {
 public:
  explicit KnownPassphrase(const SecretBytes& phrase) : phrase_(phrase) {}
  SecretBytes Get(const std::string&, bool) override { return phrase_; }

 private:
  const SecretBytes& phrase_;
};

}  // namespace fleetmint

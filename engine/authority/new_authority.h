// NewAuthority builds an authority's directory beside its place and moves it there whole. Internal
// to authority/.
#pragma once

#include <optional>
#include <string>

#include "engine/authority/authority.h"

namespace fleetmint {

inline constexpr const char* kLedgerFile = "ledger.db";
inline constexpr const char* kCrlFolder = "crl";

// FileOf gives the name of a generation's file: issuing.key, issuing-2.key, ...
inline std::string FileOf(const std::string& tier, std::int64_t generation, const char* extension) {
  return tier + (generation == 1 ? "" : "-" + std::to_string(generation)) + extension;
}

// HasKeyOf tells whether a file of a generation's key is there, of whatever passphrase:
// issuing-2.key, issuing-2.p1.key, ...
bool HasKeyOf(const Directory& directory, const std::string& tier, std::int64_t generation);

class NewAuthority {
 public:
  NewAuthority(const std::string& path, RandomSource& random);
  NewAuthority(const NewAuthority&) = delete;
  NewAuthority& operator=(const NewAuthority&) = delete;
  ~NewAuthority();  // removes what was not finished

  const Directory& directory() const { return *directory_; }
  const std::optional<SecretBytes>& passphrase() const { return passphrase_; }
  // Begin asks for the new passphrase once (null source: none), then makes the directory: a process
  // that is ended while it waits for a person has written nothing.
  void Begin(PassphraseSource* source);
  // NewLedger makes the ledger.
  Ledger NewLedger() const;
  // Finish writes fleet.key and authority.yaml, and places the directory.
  Authority Finish(bool test = false);
  // Place makes everything durable and renames the directory into place.
  void Place();

 private:
  std::string path_, temporary_, id_;
  RandomSource& random_;
  std::optional<Directory> directory_;
  std::optional<SecretBytes> passphrase_;
  bool finished_ = false;
};

// ParseChain reads certificates (certificate_file.h; issuing first) and checks them by ChainFaults,
// and whether anything may be issued below them. Errors: kAuthority, with all faults. What single
// verifiers refuse, and what will bind endpoints, goes to `log`, if there is one.
std::vector<Certificate> ParseChain(ByteView file, const Clock& clock, Log* log);

// IsTestCa tells whether a CA is a test fleet's (kTestOrganization).
bool IsTestCa(const Certificate& certificate);

// KeyNameOf gives KeySpecName of a public key, or its algorithm's name.
std::string KeyNameOf(const Certificate& certificate);

}  // namespace fleetmint

// What an Authority holds, and the names of its files. Internal to authority/.
#pragma once

#include "engine/authority/authority.h"
#include "engine/x509/certificate.h"

namespace fleetmint {

inline constexpr const char* kAuthorityFile = "authority.yaml";
inline constexpr const char* kFleetKeyFile = "fleet.key";
inline constexpr const char* kLedgerFile = "ledger.db";
inline constexpr const char* kCrlFolder = "crl";
inline constexpr const char* kRequestFile = "issuing.csr";

inline std::string CertificateFile(const std::string& tier) { return tier + ".crt"; }
inline std::string KeyFile(const std::string& tier) { return tier + ".key"; }

struct Authority::Impl {
  explicit Impl(Directory opened) : directory(std::move(opened)) {}

  const std::string& IssuingTier() const { return tiers.back(); }
  // Reads the certificates of all tiers that have one.
  void ReadCertificates();
  // Those that are there, issuing CA first.
  std::vector<Certificate> ChainOf() const;

  Directory directory;
  std::string id;
  bool encrypted = false;
  std::vector<std::string> tiers;                        // root first
  std::vector<std::optional<Certificate>> certificates;  // of each tier
  std::unique_ptr<Signer> signer;
  std::unique_ptr<Issuer> issuer;
  std::unique_ptr<PasswordMaker> passwords;
};

// NewAuthority builds a directory beside its place and moves it there whole.
class NewAuthority {
 public:
  NewAuthority(const std::string& path, RandomSource& random);
  NewAuthority(const NewAuthority&) = delete;
  NewAuthority& operator=(const NewAuthority&) = delete;
  ~NewAuthority();  // removes what was not finished

  const Directory& directory() const { return *directory_; }
  const std::string& id() const { return id_; }
  void WriteCertificate(const std::string& tier, ByteView der) const;
  void WriteKey(const std::string& tier, const SecretBytes& pkcs8) const;
  // Begin asks for the new passphrase once (null source: none), then makes the directory: a process
  // that is ended while it waits for a person has written nothing.
  void Begin(PassphraseSource* source);
  // Place makes the directory durable and renames it into place.
  void Place();
  // Finish writes fleet.key and authority.yaml (`tiers` root first), makes everything durable,
  // renames the directory into place and opens it.
  Authority Finish(const std::vector<std::string>& tiers);

 private:
  std::string path_, temporary_, id_;
  RandomSource& random_;
  std::optional<Directory> directory_;
  std::optional<SecretBytes> passphrase_;
  bool finished_ = false;
};

// FactsOfCa gives what the ledger keeps of a CA certificate.
IssuedFacts FactsOfCa(const Certificate& certificate, const Certificate& issuer);

// ParseChain reads PEM certificates (issuing first) and checks them by ChainFaults. Errors:
// kAuthority, with all faults.
std::vector<Certificate> ParseChain(ByteView pem, const Clock& clock);

// KeyNameOf gives KeySpecName of a public key, or its algorithm's name.
std::string KeyNameOf(const Certificate& certificate);

}  // namespace fleetmint

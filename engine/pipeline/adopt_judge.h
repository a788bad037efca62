// AdoptJudge: whether what an output says of a certificate is true. Evidence is not truth: what is
// to be adopted was signed by a CA of ours, and is what its settings make of its endpoint's name.
// Internal to adopt. For one thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/authority/authority.h"
#include "engine/pipeline/verify_bundle.h"
#include "output/manifest_words.h"
#include "output/pack.h"
#include "output/run_records.h"

namespace fleetmint {

// Refused is a piece of evidence that is not taken, and why.
struct Refused {
  std::string what;  // "the record of 'ws-1'", "crl.pem"
  std::string why;
  // There may be something that nothing else tells of: certificates of a CA that this ledger does
  // not have, a bundle that nobody explains. What is damaged, or was never signed by us, is not so.
  bool doubtful = false;
};

// RefusedBy gives what an error says; one of cause kDamaged leaves no doubt.
Refused RefusedBy(const std::string& what, const Error& error);

class AdoptJudge {
 public:
  // Both must outlive the object.
  AdoptJudge(const Authority& authority, const OutputDirectory& output);

  // AddSettings makes settings known, as those of the ledger are.
  void AddSettings(const RecordedSettings& settings) { Find(settings); }

  // Judge gives what a record says, if it is true. Throws Error(kInput) with the reason if not, of
  // cause kDamaged where no CA of ours has signed it in any case.
  AdoptedCertificate Judge(const RunRecords::Entry& entry, Time now);

  // Open gives the certificate whose bundle is in its place, as the manifest says, and opens; it is
  // one under settings that are known, or that its bundle tells, by which verify finds nothing
  // wrong with it. Nothing if there is none: its files are not there, or of another password.
  std::optional<AdoptedCertificate> Open(const ManifestWord& word, const PasswordMaker& passwords);

  // IssuerOf gives the ledger's id of the CA of ours whose certificate has this digest.
  std::optional<std::int64_t> IssuerOf(const Sha256Digest& sha256) const;
  const Certificate& CertificateOf(std::int64_t issuer) const {
    return issuers_.at(issuer).certificates.front();
  }

 private:
  struct Known {
    RecordedSettings record;
    EndpointTemplate endpoints;
  };
  std::int64_t SignerOf(const Certificate& certificate) const;
  const Known* Find(const RecordedSettings& settings);
  // What is wrong with the certificate as one of this name under these settings; "" if nothing.
  std::string Misfit(const Known& known, const std::string& endpoint,
                     const Certificate& certificate, std::int64_t issuer,
                     const std::vector<BundleFileRecord>& files) const;
  std::optional<AdoptedCertificate> OpenUnder(const Known& known, const ManifestWord& word,
                                              const std::vector<BundleFile>& files,
                                              const PasswordMaker& passwords);
  std::optional<RecordedSettings> SettingsOf(const ManifestWord& word,
                                             const std::vector<BundleFile>& files,
                                             const PasswordMaker& passwords) const;

  const Authority& authority_;
  const OutputDirectory& output_;
  std::map<std::int64_t, IssuerChain> issuers_;  // those that sign endpoints
  std::map<std::string, Known> known_;           // by all that makes settings equal
  const Known* last_fit_ = nullptr;              // neighbours mostly share theirs
};

}  // namespace fleetmint

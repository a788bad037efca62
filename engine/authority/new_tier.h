// A CA certificate of our own: key, reservation, certificate, record, in this order, as for an
// endpoint. Internal to authority/.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "engine/authority/authority.h"
#include "engine/authority/new_authority_options.h"
#include "engine/authority/signer.h"
#include "engine/base/directory.h"
#include "engine/keys/private_key.h"
#include "engine/ledger/ledger.h"
#include "engine/x509/certificate.h"
#include "profiles/authority_profile.h"

namespace fleetmint {

struct MadeTier {
  std::int64_t id;  // in the ledger
  Certificate certificate;
  std::unique_ptr<Signer> signer;
};

// TierAbove is the CA that signs the new one's certificate.
struct TierAbove {
  std::int64_t id;
  const Certificate& certificate;
  Signer& signer;
};

// NewTierPlace is where a new CA is put.
struct NewTierPlace {
  const Directory& directory;
  const std::optional<SecretBytes>& passphrase;  // its key is encrypted under it, if there is one
  Ledger& ledger;
  std::int64_t generation = 1;
  bool leaves = false;  // it signs endpoint certificates
  IssuerState state = IssuerState::kCurrent;
};

// MakeTier makes it; with nothing above, it signs itself. Its files are durable before the ledger
// has it.
MadeTier MakeTier(const Tier& tier, const std::optional<TierAbove>& above,
                  const NewTierPlace& place, const NewAuthorityOptions& options);

// MakeCaKey makes the key of a CA: every candidate drawn anew, every key checked independently.
PrivateKey MakeCaKey(const KeySpec& key, const std::string& tier,
                     const NewAuthorityOptions& options);

// WriteTierKey and WriteTierCertificate create the durable files of a generation.
void WriteTierKey(const Directory& directory, const std::string& name, const SecretBytes& pkcs8,
                  const std::optional<SecretBytes>& passphrase, RandomSource& random);
void WriteTierCertificate(const Directory& directory, const std::string& name, ByteView der);

// SignFirstCrl signs an empty CRL of a CA that signs other CAs and writes it into crl/: nginx
// refuses valid clients without a CRL of every tier.
void SignFirstCrl(const Directory& directory, const std::string& file, const Certificate& ca,
                  Signer& signer, Seconds validity, Ledger& ledger, const Clock& clock);

// ClearUnfinished removes what a crash has left of CAs that were reserved and never committed: the
// files first, so that the ledger names them as long as they are there.
void ClearUnfinished(const Directory& directory, Ledger& ledger);

// The next generation's subject: the common name with " G2" (or the generation's number) at its
// end, in the place of an earlier one, which it is always above.
Name NameOfGeneration(Name name, std::int64_t generation);

}  // namespace fleetmint

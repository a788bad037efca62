// Test identities: keys with certificates under a two-tier chain, made once for each test program.
//
// The certificates are encoded by x509/ and signed here with Botan: no authority and no ledger.
#pragma once

#include <botan/pubkey.h>

#include <string>
#include <vector>

#include "engine/base/botan_compat.h"
#include "engine/base/random.h"
#include "engine/base/serial.h"
#include "engine/keys/load_key.h"
#include "engine/x509/tbs_certificate.h"
#include "tests/support/test_keys.h"

namespace fleetmint {

// CaSpec and LeafSpec give what a CA's and an endpoint's certificate say.
inline CertificateSpec CaSpec(const std::string& subject, std::string_view validity = "10y") {
  CertificateSpec spec;
  spec.subject = Name::Parse(subject);
  spec.is_ca = true;
  spec.key_usage = key_usage::kKeyCertSign | key_usage::kCrlSign;
  spec.validity = {ParseDuration(validity), ParseDuration("24h"), Seconds{0}};
  return spec;
}

inline CertificateSpec LeafSpec(const std::string& subject, std::string_view validity = "1y") {
  CertificateSpec spec;
  spec.subject = Name::Parse(subject);
  spec.san.dns = {"itAuth"};
  spec.key_usage = key_usage::kDigitalSignature | key_usage::kKeyEncipherment;
  spec.extended_key_usage = {"1.3.6.1.5.5.7.3.2"};
  spec.validity = {ParseDuration(validity), ParseDuration("10m"), Seconds{0}};
  return spec;
}

// SignWith gives the certificate of `spki`, signed by the ECDSA P-256 key `issuer`.
inline Bytes SignWith(const PrivateKey& issuer, const Name& issuer_name,
                      const CertificateSpec& spec, ByteView spki) {
  SystemRandom random;
  BotanRng rng(random);
  const Time now = SystemClock().Now();
  const Bytes name = issuer_name.Encode();
  const Sha1Digest key_identifier = SubjectKeyIdentifier(issuer.spki());
  const bool root = issuer_name == spec.subject;
  const TbsInput input{.serial = DrawSerial(random),
                       .signature_algorithm = SignatureAlgorithm::kEcdsaSha256,
                       .issuer_name = name,
                       .issuer_key_identifier = root ? ByteView{} : ByteView(key_identifier),
                       .not_before = now - spec.validity.backdate,
                       .not_after = now + spec.validity.duration,
                       .spki = spki};
  const Bytes tbs = EncodeTbsCertificate(spec, input);
  const auto key = LoadPkcs8(issuer.pkcs8());
  Botan::PK_Signer signer(*key, rng, "EMSA1(SHA-256)", botan_compat::kDerSignature);
  return AssembleSigned(tbs, SignatureAlgorithm::kEcdsaSha256,
                        signer.sign_message(tbs.data(), tbs.size(), rng));
}

// TestIdentity is one endpoint's key, its certificate, and the chain above it (issuing, root).
struct TestIdentity {
  PrivateKey key;
  Bytes certificate;
  std::vector<Bytes> chain;
};

inline TestIdentity NewIdentity(KeySpec spec, const std::string& subject) {
  static const PrivateKey root = NewKey({KeyAlgorithm::kEcdsa, 256});
  static const PrivateKey issuing = NewKey({KeyAlgorithm::kEcdsa, 256});
  static const CertificateSpec root_spec = CaSpec("CN=Test Root");
  static const CertificateSpec issuing_spec = CaSpec("CN=Test Issuing", "5y");
  static const std::vector<Bytes> chain{
      SignWith(root, root_spec.subject, issuing_spec, issuing.spki()),
      SignWith(root, root_spec.subject, root_spec, root.spki())};
  PrivateKey key = NewKey(spec);
  Bytes certificate = SignWith(issuing, issuing_spec.subject, LeafSpec(subject), key.spki());
  return {std::move(key), std::move(certificate), chain};
}

inline const TestIdentity& RsaIdentity() {
  static const TestIdentity identity =
      NewIdentity({KeyAlgorithm::kRsa, 2048}, "CN=ws-0001.corp.example.com");
  return identity;
}

inline const TestIdentity& EcIdentity() {
  static const TestIdentity identity =
      NewIdentity({KeyAlgorithm::kEcdsa, 256}, "CN=ws-0002.corp.example.com");
  return identity;
}

}  // namespace fleetmint

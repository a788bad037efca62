#include "engine/pipeline/test_faults.h"

#include <algorithm>
#include <optional>

#include "engine/authority/key_file.h"
#include "engine/base/ber.h"
#include "engine/base/der.h"
#include "engine/base/error.h"
#include "engine/keys/forbidden.h"
#include "engine/pipeline/bundle_passwords.h"
#include "engine/x509/oids.h"
#include "inventory/fleet.h"

namespace fleetmint {
namespace {

constexpr const char* kSha1WithRsa = "1.2.840.113549.1.1.5";  // RFC 3279 2.2.1
constexpr const char* kEcdsaWithSha1 = "1.2.840.10045.4.1";   // RFC 3279 2.2.3
constexpr const char* kCodeSigning = "1.3.6.1.5.5.7.3.3";     // RFC 5280 4.2.1.12
constexpr const char* kStrangeName = "other-host.example";
constexpr std::size_t kSerialElement = 1, kAlgorithmElement = 2;  // of a TBSCertificate (v3)

// One DER element of a short content.
Bytes Element(std::uint8_t tag, ByteView content) {
  Bytes der(2 + content.size());
  der[0] = tag;
  der[1] = static_cast<std::uint8_t>(content.size());
  std::copy(content.begin(), content.end(), der.begin() + 2);
  return der;
}

// A SEQUENCE with its elements, of `replace` instead of each that it gives something for.
template <typename Replace>
Bytes WithElements(ByteView sequence, Replace replace) {
  BerReader inner = BerReader(sequence).Enter(ber::kSequence, "a sequence");
  DerWriter writer;
  writer.Sequence([&](DerWriter& out) {
    for (std::size_t i = 0; !inner.AtEnd(); ++i) {
      const BerElement element = inner.Next();
      const std::optional<Bytes> other = replace(i, element);
      out.Raw(other ? ByteView(*other) : element.encoded);
    }
  });
  return writer.Take();
}

Bytes WithElement(const Bytes& sequence, std::size_t number, const Bytes& replacement) {
  return WithElements(sequence, [&](std::size_t i, const BerElement&) {
    return i == number ? std::optional(replacement) : std::nullopt;
  });
}

// A TBSCertificate without one of its extensions.
Bytes WithoutExtension(const Bytes& tbs, const char* oid) {
  const auto drop = [&](std::size_t, const BerElement& extension) -> std::optional<Bytes> {
    BerReader inner = BerReader(extension.encoded).Enter(ber::kSequence, "an extension");
    return inner.Oid() == oid ? std::optional(Bytes()) : std::nullopt;
  };
  return WithElements(tbs, [&](std::size_t, const BerElement& element) -> std::optional<Bytes> {
    if (element.tag != ber::Context(3)) return std::nullopt;
    const Bytes left = WithElements(element.content, drop);
    DerWriter writer;
    writer.Context(3, [&](DerWriter& extensions) { extensions.Raw(left); });
    return writer.Take();
  });
}

Bytes Sha1Identifier(SignatureAlgorithm of) {
  DerWriter writer;
  writer.Sequence([&](DerWriter& identifier) {
    if (of == SignatureAlgorithm::kRsaSha256) {
      identifier.Oid(kSha1WithRsa).Null();
    } else {
      identifier.Oid(kEcdsaWithSha1);
    }
  });
  return writer.Take();
}

}  // namespace

// What a certificate is made of; a fault changes it before it is encoded, or after.
struct FaultMaker::Draft {
  std::string endpoint;
  std::string password_of;  // the endpoint that the source of the password knows
  ExpandedProfile expanded;
  Serial serial{};
  Bytes serial_content;  // of the INTEGER, if it is not to be `serial`
  Time not_before, not_after;
  std::shared_ptr<const PrivateKey> key;  // null: one of the profile's kind
  Signer* signer = nullptr;
  Bytes issuer_name, issuer_key_identifier;
  std::vector<Bytes> chain;
  bool sha1 = false, break_signature = false, damage_bundle = false, wrong_password = false;
  const char* without = nullptr;  // an extension that is taken out again
  std::string twin;               // name of a second endpoint with the same key
};

struct FaultMaker::Kind {
  std::string word;
  std::string_view say;
  void (*spoil)(FaultMaker&, Draft&);
};

struct FaultMaker::Stranger {
  Bytes der;
  Certificate certificate;
  std::unique_ptr<Signer> signer;
};

const std::vector<FaultMaker::Kind>& FaultMaker::Kinds() {
  static const std::vector<Kind> kinds{
      {"expired", "the certificate has expired",
       [](FaultMaker& maker, Draft& draft) {
         draft.not_before = maker.with_.now - std::chrono::hours{23};
         draft.not_after = maker.with_.now - std::chrono::hours{1};
       }},
      {"not-yet-valid", "the certificate is not valid yet",
       [](FaultMaker&, Draft& draft) {
         // 80 years on, so that it is so whenever a test runs.
         draft.not_before += std::chrono::days{365 * 80};
         draft.not_after = draft.not_before + std::chrono::days{365};
       }},
      {"wrong-eku", "the certificate is for code signing, not for TLS",
       [](FaultMaker&, Draft& draft) {
         draft.expanded.certificate.extended_key_usage = {kCodeSigning};
       }},
      {"wrong-ca", "the signature is not the issuing CA's",
       [](FaultMaker& maker, Draft& draft) { draft.signer = maker.StrangeCa().signer.get(); }},
      {"unknown-ca", "the issuer is not known",
       [](FaultMaker& maker, Draft& draft) {
         const Stranger& stranger = maker.StrangeCa();
         draft.signer = stranger.signer.get();
         draft.issuer_name = stranger.certificate.subject();
         draft.issuer_key_identifier = stranger.certificate.subject_key_identifier();
         draft.chain = {stranger.der};
       }},
      {std::string(kRevokedFault), "the certificate is revoked, by out/crl.pem", nullptr},
      {"no-san", "the host has no name: no subject alternative name",
       [](FaultMaker&, Draft& draft) { draft.expanded.certificate.san = {}; }},
      {"wrong-name", "the host has another name",
       [](FaultMaker&, Draft& draft) {
         CertificateSpec& certificate = draft.expanded.certificate;
         certificate.san = {{kStrangeName}, {}};
         for (Name::Attribute& attribute : certificate.subject.attributes) {
           if (attribute.type == "CN") attribute.value = kStrangeName;
         }
       }},
      {"weak-key", "the key is too short: RSA 1024",
       [](FaultMaker& maker, Draft& draft) { maker.UseForbiddenKey(draft, 1024, 65537); }},
      {"sha1-signature", "the signature's hash is SHA-1",
       [](FaultMaker&, Draft& draft) { draft.sha1 = true; }},
      {"no-key-usage", "there is no key usage extension",
       [](FaultMaker&, Draft& draft) { draft.without = oid::kKeyUsage; }},
      {"ca-as-leaf", "the certificate is a CA's",
       [](FaultMaker&, Draft& draft) {
         CertificateSpec& certificate = draft.expanded.certificate;
         certificate.is_ca = true;
         certificate.key_usage |= key_usage::kKeyCertSign | key_usage::kCrlSign;
       }},
      {"broken-signature", "the signature does not verify",
       [](FaultMaker&, Draft& draft) { draft.break_signature = true; }},
      {"shared-key", "two hosts have one key",
       [](FaultMaker&, Draft& draft) { draft.twin = TwinOf(draft.endpoint); }},
      {"negative-serial", "the serial number is negative",
       [](FaultMaker&, Draft& draft) {
         draft.serial_content.assign(draft.serial.begin(), draft.serial.end());
         // 10.. is no shorter with an octet less (X.690 8.3.2).
         draft.serial_content[0] = (draft.serial_content[0] & 0x3FU) | 0x80U;
       }},
      {"long-serial", "the serial number is longer than 20 octets",
       [](FaultMaker&, Draft& draft) {
         draft.serial_content.assign(draft.serial.begin(), draft.serial.end());
         draft.serial_content.resize(24, 1);
       }},
      {"rsa-exponent-3", "the key's public exponent is 3",
       [](FaultMaker& maker, Draft& draft) { maker.UseForbiddenKey(draft, 2048, 3); }},
      {"bundle-damaged", "the bundle is damaged",
       [](FaultMaker&, Draft& draft) { draft.damage_bundle = true; }},
      {"bundle-wrong-password", "the password does not open the bundle",
       [](FaultMaker&, Draft& draft) { draft.wrong_password = true; }},
  };
  return kinds;
}

std::string TwinOf(const std::string& endpoint) { return "twin-" + endpoint; }

const FaultMaker::Kind& FaultMaker::KindOf(std::string_view fault) {
  const auto kind = std::find_if(Kinds().begin(), Kinds().end(),
                                 [&](const Kind& each) { return each.word == fault; });
  if (kind == Kinds().end()) {
    throw Error(ErrorKind::kUsage, "unknown fault '" + std::string(fault) + "'");
  }
  return *kind;
}

std::vector<std::string> FaultWords() {
  std::vector<std::string> words;
  for (const FaultMaker::Kind& kind : FaultMaker::Kinds()) words.push_back(kind.word);
  return words;
}

std::string_view WhatToSay(std::string_view fault) { return FaultMaker::KindOf(fault).say; }

FaultMaker::FaultMaker(TestMark mark, const Surroundings& surroundings)
    : mark_(mark), with_(surroundings) {
  const auto id = with_.authority.issuing();
  for (const IssuerRow& row : with_.authority.ledger().Issuers()) {
    if (row.id != id) continue;
    signing_key_ = DecodeKeyFile(with_.authority.directory().ReadSecret(row.key_file), nullptr,
                                 "the test authority's key");
  }
  signer_ = MakeSoftwareSigner(signing_key_, with_.keys.kernel);
}

FaultMaker::~FaultMaker() = default;

const FaultMaker::Stranger& FaultMaker::StrangeCa() {
  if (stranger_) return *stranger_;
  const std::string name = "stranger";
  const KeySpec spec = signer_->algorithm() == SignatureAlgorithm::kRsaSha256
                           ? KeySpec{KeyAlgorithm::kRsa, 2048}
                           : KeySpec{KeyAlgorithm::kEcdsa, 256};
  const PrivateKey key =
      std::move(GenerateKeys(spec, with_.streams, {&name, 1}, {}, with_.keys).front());
  auto signer = MakeSoftwareSigner(key.pkcs8(), with_.keys.kernel);
  CertificateSpec ca;
  ca.subject = Name::Parse("CN=TEST Unknown CA, O=TEST ONLY");
  ca.is_ca = true;
  ca.key_usage = key_usage::kKeyCertSign | key_usage::kCrlSign;
  RandomStream serial = with_.streams.Open({name, StreamPurpose::kSerial});
  const IssuerCertificate& issuer = with_.unlocked.issuer().certificate();
  const Bytes subject = ca.subject.Encode();
  const Bytes tbs = EncodeTbsCertificate(ca, {.serial = DrawSerial(serial),
                                              .signature_algorithm = signer->algorithm(),
                                              .issuer_name = subject,
                                              .issuer_key_identifier = {},
                                              .not_before = issuer.not_before,
                                              .not_after = issuer.not_after,
                                              .spki = key.spki()});
  const ByteView message = tbs;
  Bytes der = AssembleSigned(tbs, signer->algorithm(), signer->Sign({&message, 1}).front());
  Certificate certificate = Certificate::Parse(der);
  stranger_ = std::make_unique<Stranger>(
      Stranger{std::move(der), std::move(certificate), std::move(signer)});
  return *stranger_;
}

void FaultMaker::UseForbiddenKey(Draft& draft, std::uint32_t bits, std::uint32_t exponent) {
  KeyStreams streams = OpenKeyStreams(with_.streams, draft.endpoint);
  draft.key = std::make_shared<const PrivateKey>(
      MakeForbiddenRsaKey(mark_, bits, exponent, streams.p, streams.q));
}

FaultMaker::Draft FaultMaker::Begin(const Job& job) {
  const IssuerCertificate& issuer = with_.unlocked.issuer().certificate();
  const Validity& validity = job.expanded.certificate.validity;
  Draft draft;
  draft.endpoint = draft.password_of = job.endpoint;
  draft.expanded = job.expanded;
  RandomStream serial = with_.streams.Open({job.endpoint, StreamPurpose::kSerial});
  draft.serial = DrawSerial(serial);
  draft.not_before = std::max(with_.now - validity.backdate, issuer.not_before);
  draft.not_after = std::min(with_.now + validity.duration, issuer.not_after);
  draft.signer = signer_.get();
  draft.issuer_name = issuer.subject;
  draft.issuer_key_identifier = issuer.key_identifier;
  const auto chain = with_.authority.ChainDers();
  draft.chain.assign(chain.begin(), chain.end());
  return draft;
}

Bytes FaultMaker::Encode(const Draft& draft) {
  Bytes tbs = EncodeTbsCertificate(draft.expanded.certificate,
                                   {.serial = draft.serial,
                                    .signature_algorithm = draft.signer->algorithm(),
                                    .issuer_name = draft.issuer_name,
                                    .issuer_key_identifier = draft.issuer_key_identifier,
                                    .not_before = draft.not_before,
                                    .not_after = draft.not_after,
                                    .spki = draft.key->spki()});
  if (!draft.serial_content.empty()) {
    tbs = WithElement(tbs, kSerialElement, Element(ber::kInteger, draft.serial_content));
  }
  if (draft.without != nullptr) tbs = WithoutExtension(tbs, draft.without);
  if (draft.sha1) {
    tbs = WithElement(tbs, kAlgorithmElement, Sha1Identifier(draft.signer->algorithm()));
  }
  return tbs;
}

Bytes FaultMaker::Sign(const Draft& draft, const Bytes& tbs) const {
  const ByteView message = tbs;
  Bytes signature = draft.sha1 ? SignWithSha1(mark_, signing_key_, tbs)
                               : draft.signer->Sign({&message, 1}).front();
  if (draft.break_signature) signature.back() ^= 1U;
  const Bytes algorithm = draft.sha1 ? Sha1Identifier(draft.signer->algorithm())
                                     : EncodeAlgorithmIdentifier(draft.signer->algorithm());
  DerWriter writer;
  writer.Sequence(
      [&](DerWriter& certificate) { certificate.Raw(tbs).Raw(algorithm).BitString(signature); });
  return writer.Take();
}

FaultyBundle FaultMaker::Finish(Draft& draft) {
  if (draft.key == nullptr) {
    draft.key = std::make_shared<const PrivateKey>(std::move(
        GenerateKeys(draft.expanded.key, with_.streams, {&draft.endpoint, 1}, {}, with_.keys)
            .front()));
  }
  FaultyBundle bundle;
  bundle.endpoint = draft.endpoint;
  bundle.password = with_.passwords.Get(draft.expanded.password, draft.password_of, draft.serial,
                                        with_.unlocked.passwords());
  bundle.pkcs8 = draft.key->pkcs8();
  bundle.certificate = Sign(draft, Encode(draft));
  bundle.chain = draft.chain;
  SecretBytes own = bundle.password;
  if (draft.wrong_password) own.back() = own.back() == 'x' ? 'y' : 'x';
  RandomStream salts = with_.streams.Open({draft.endpoint, StreamPurpose::kBundle});
  bundle.files =
      PackBundle({.spec = draft.expanded.bundle,
                  .pkcs8 = bundle.pkcs8,
                  .certificate = bundle.certificate,
                  .chain = bundle.chain,
                  .key_container_name = KeyContainerName(with_.fleet, draft.endpoint, draft.serial),
                  .password = own,
                  .iterations = with_.iterations},
                 salts);
  if (draft.damage_bundle) {
    Bytes& content = bundle.files.front().content;
    content[content.size() / 2] ^= 0x55U;
  }
  return bundle;
}

std::vector<FaultyBundle> FaultMaker::Make(const Job& job, std::string_view fault) {
  Draft draft = Begin(job);
  KindOf(fault).spoil(*this, draft);
  std::vector<FaultyBundle> bundles;
  bundles.push_back(Finish(draft));
  if (draft.twin.empty()) return bundles;
  Draft twin = Begin({draft.twin, job.expanded, job.settings});
  twin.key = draft.key;
  CertificateSpec& certificate = twin.expanded.certificate;
  for (std::string& name : certificate.san.dns) {
    if (name == job.expanded.fqdn) name = TwinOf(name);
  }
  for (Name::Attribute& attribute : certificate.subject.attributes) {
    if (attribute.value == job.expanded.fqdn) attribute.value = TwinOf(attribute.value);
  }
  twin.password_of = job.endpoint;  // a list of passwords does not name it
  const std::vector<Fault> faults = ValidateTexts(certificate);
  if (!faults.empty()) {
    throw Error::About(ErrorKind::kInput, "endpoint '" + twin.endpoint + "', which shares a key",
                       Error(ErrorKind::kInput, faults));
  }
  bundles.push_back(Finish(twin));
  return bundles;
}

}  // namespace fleetmint

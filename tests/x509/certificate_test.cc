// Certificate: the reader gives back what the encoder wrote, and survives whatever else it is
// given.
#include "engine/x509/certificate.h"

#include <botan/ecdsa.h>
#include <botan/pk_keys.h>
#include <botan/pubkey.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "engine/base/ber.h"
#include "engine/base/botan_compat.h"
#include "engine/base/der.h"
#include "engine/base/error.h"
#include "engine/base/pem.h"
#include "engine/base/random.h"
#include "engine/x509/signature_check.h"
#include "engine/x509/tbs_certificate.h"
#include "tests/support/run_program.h"
#include "tests/support/temp_dir.h"

namespace fleetmint {
namespace {

const Serial kSerial{0x7F, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
constexpr const char* kOids[] = {
    "2.5.29.19", "2.5.29.15", "2.5.29.37", "2.5.29.17",         "2.5.29.14",
    "2.5.29.35", "2.5.29.30", "2.5.29.31", "1.3.6.1.5.5.7.1.1", "1.3.6.1.4.1.311.25.2"};

BotanRng& Rng() {
  static SystemRandom random;
  static BotanRng rng(random);
  return rng;
}

const Botan::ECDSA_PrivateKey& Key() {
  static const Botan::ECDSA_PrivateKey key(Rng(), botan_compat::NamedCurve("secp256r1"));
  return key;
}

Bytes Sign(ByteView tbs, const Botan::Private_Key& key = Key()) {
  Botan::PK_Signer signer(key, Rng(), "EMSA1(SHA-256)", botan_compat::kDerSignature);
  return AssembleSigned(tbs, SignatureAlgorithm::kEcdsaSha256,
                        signer.sign_message(tbs.data(), tbs.size(), Rng()));
}

// Everything that a spec can say, in one certificate.
CertificateSpec FullSpec() {
  CertificateSpec spec;
  spec.subject = Name::Parse("CN=Issuing, O=Acme, C=DE");
  spec.san.dns = {"ws-0001.corp", "itAuth"};
  spec.san.ip = {FromHex("0a000005"), FromHex("20010db8000000000000000000000001")};
  spec.key_usage = key_usage::kKeyCertSign | key_usage::kCrlSign | key_usage::kDigitalSignature;
  spec.extended_key_usage = {"1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"};
  spec.is_ca = true;
  spec.path_length = 3;
  spec.permitted_dns = {"corp"};
  spec.crl_urls = {"http://pki.example/ca.crl"};
  spec.ca_issuers_url = "http://pki.example/ca.crt";
  spec.sid = "S-1-5-21-1-2-3-1104";
  return spec;
}

Bytes Tbs(const CertificateSpec& spec, std::string_view not_before = "2026-01-01T00:00:01Z",
          std::string_view not_after = "2036-12-31T23:59:59Z") {
  const Bytes issuer = Name::Parse("CN=Root").Encode();
  const Bytes key_id = FromHex("00112233445566778899aabbccddeeff00112233");
  const Bytes spki = Key().subject_public_key();
  TbsInput input;
  input.serial = kSerial;
  input.signature_algorithm = SignatureAlgorithm::kEcdsaSha256;
  input.issuer_name = issuer;
  input.issuer_key_identifier = key_id;
  input.not_before = ParseRfc3339(not_before);
  input.not_after = ParseRfc3339(not_after);
  input.spki = spki;
  return EncodeTbsCertificate(spec, input);
}

TEST(CertificateTest, ReadsBackEverythingThatWasEncoded) {
  const CertificateSpec spec = FullSpec();
  const Bytes der = Sign(Tbs(spec));
  const Certificate certificate = Certificate::Parse(der);
  EXPECT_EQ(certificate.der(), der);
  EXPECT_EQ(certificate.version(), 3);
  EXPECT_EQ(certificate.serial(), Bytes(kSerial.begin(), kSerial.end()));
  EXPECT_EQ(certificate.subject(), spec.subject.Encode());
  EXPECT_EQ(certificate.issuer(), Name::Parse("CN=Root").Encode());
  EXPECT_EQ(certificate.spki(), Key().subject_public_key());
  EXPECT_EQ(FormatRfc3339(certificate.not_before()), "2026-01-01T00:00:01Z");
  EXPECT_EQ(FormatRfc3339(certificate.not_after()), "2036-12-31T23:59:59Z");
  EXPECT_TRUE(certificate.is_ca());
  EXPECT_EQ(certificate.path_length(), 3u);
  EXPECT_EQ(certificate.key_usage(), spec.key_usage);
  EXPECT_EQ(certificate.extended_key_usage(), spec.extended_key_usage);
  EXPECT_EQ(certificate.san(), spec.san);
  const Sha1Digest ski = SubjectKeyIdentifier(certificate.spki());
  EXPECT_EQ(certificate.subject_key_identifier(), Bytes(ski.begin(), ski.end()));
  EXPECT_EQ(ToHex(certificate.authority_key_identifier()),
            "00112233445566778899aabbccddeeff00112233");
}

TEST(CertificateTest, ExtensionsKeepTheirOrderAndCriticality) {
  const Certificate certificate = Certificate::Parse(Sign(Tbs(FullSpec())));
  EXPECT_EQ(certificate.ExtensionOids(),
            std::vector<std::string>(std::begin(kOids), std::end(kOids)));
  for (const std::string& oid : certificate.ExtensionOids()) {
    const bool critical = oid == "2.5.29.19" || oid == "2.5.29.15" || oid == "2.5.29.30";
    EXPECT_EQ(certificate.IsCritical(oid), critical) << oid;
    EXPECT_NE(certificate.Extension(oid), nullptr) << oid;
  }
  EXPECT_EQ(ToHex(*certificate.Extension("2.5.29.30")), "300aa00830068204636f7270");
  EXPECT_EQ(certificate.Extension("2.5.29.36"), nullptr);
  EXPECT_FALSE(certificate.IsCritical("2.5.29.36"));
}

TEST(CertificateTest, WhatALeafDoesNotSayIsAbsent) {
  CertificateSpec spec;
  spec.san.dns = {"a"};
  spec.key_usage = key_usage::kDigitalSignature;
  const Certificate certificate = Certificate::Parse(Sign(Tbs(spec)));
  EXPECT_FALSE(certificate.is_ca());
  EXPECT_EQ(certificate.path_length(), std::nullopt);
  EXPECT_EQ(ToHex(certificate.subject()), "3000");
  EXPECT_TRUE(certificate.IsCritical("2.5.29.17"));
  EXPECT_TRUE(certificate.extended_key_usage().empty());
}

TEST(CertificateTest, EveryKeyUsageBitIsReadAlone) {
  for (unsigned bit = 0; bit < 9; ++bit) {
    CertificateSpec spec = FullSpec();
    spec.key_usage = static_cast<std::uint16_t>(1U << bit);
    EXPECT_EQ(Certificate::Parse(Sign(Tbs(spec))).key_usage(), spec.key_usage) << bit;
  }
}

// UTCTime turns at 1950 and 2050; system clocks at 1970 and, in nanoseconds, 2262.
TEST(CertificateTest, DatesOfEveryCenturyAreRead) {
  for (const char* time : {"1950-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "1970-01-01T00:00:00Z",
                           "2049-12-31T23:59:59Z", "2050-01-01T00:00:00Z", "2263-01-01T00:00:00Z",
                           "2400-02-29T00:00:00Z", "2999-12-31T23:59:59Z"}) {
    const Certificate certificate = Certificate::Parse(Sign(Tbs(FullSpec(), time, time)));
    EXPECT_EQ(FormatRfc3339(certificate.not_before()), time);
    EXPECT_EQ(FormatRfc3339(certificate.not_after()), time);
  }
}

TEST(CertificateTest, SignedByLooksAtTheSignature) {
  const Bytes tbs = Tbs(FullSpec());
  const Certificate certificate = Certificate::Parse(Sign(tbs));
  EXPECT_TRUE(certificate.SignedBy(certificate)) << "the key in it made the signature";
  const Botan::ECDSA_PrivateKey other(Rng(), botan_compat::NamedCurve("secp256r1"));
  EXPECT_FALSE(Certificate::Parse(Sign(tbs, other)).SignedBy(certificate));
  Bytes changed = certificate.der();
  const auto name = std::search(changed.begin(), changed.end(), kSerial.begin(), kSerial.end());
  ASSERT_NE(name, changed.end());
  name[15] ^= 1U;
  EXPECT_FALSE(Certificate::Parse(changed).SignedBy(certificate))
      << "another serial, the same signature";
  EXPECT_FALSE(Certificate::Parse(AssembleSigned(tbs, SignatureAlgorithm::kEcdsaSha256, Bytes(64)))
                   .SignedBy(certificate));
}

// RFC 5280 4.1.1.2: what is signed names the algorithm, too.
TEST(CertificateTest, TheAlgorithmStandsTwice) {
  const Certificate sound = Certificate::Parse(Sign(Tbs(FullSpec())));
  ASSERT_TRUE(sound.SignedBy(sound));
  // The one within is changed, and all signed again.
  const Bytes inner = EncodeAlgorithmIdentifier(SignatureAlgorithm::kEcdsaSha256);
  const Bytes other = EncodeAlgorithmIdentifier(SignatureAlgorithm::kEcdsaSha384);
  const ByteView view = sound.View().tbs();
  Bytes tbs(view.begin(), view.end());
  const auto place = std::search(tbs.begin(), tbs.end(), inner.begin(), inner.end());
  ASSERT_NE(place, tbs.end());
  std::copy(other.begin(), other.end(), place);
  const Certificate odd = Certificate::Parse(Sign(tbs));
  EXPECT_TRUE(IsSignedBy(odd.der(), sound.spki())) << "the signature itself is right";
  EXPECT_FALSE(odd.SignedBy(sound));
}

// Every algorithm that CAs of others use; the certificates are openssl's.
TEST(SignatureCheckTest, AlgorithmsOfOthers) {
  const TempDir temp;
  const std::string key = temp / "key", crt = temp / "crt";
  const auto run = [](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "openssl");
    const auto result = RunProgram(arguments);
    EXPECT_TRUE(result.ok()) << result;
  };
  struct Case {
    std::vector<std::string> key, sign;
  };
  const std::vector<std::string> rsa{"RSA", "-pkeyopt", "rsa_keygen_bits:2048"};
  const auto ec = [](const char* curve) {
    return std::vector<std::string>{"EC", "-pkeyopt", std::string("ec_paramgen_curve:") + curve};
  };
  const auto pss = [](const char* hash, const char* salt) {
    return std::vector<std::string>{std::string("-") + hash, "-sigopt", "rsa_padding_mode:pss",
                                    "-sigopt", std::string("rsa_pss_saltlen:") + salt};
  };
  for (const Case& c :
       {Case{rsa, {"-sha1"}}, Case{rsa, {"-sha224"}}, Case{rsa, {"-sha256"}},
        Case{rsa, {"-sha384"}}, Case{rsa, {"-sha512"}}, Case{rsa, pss("sha256", "32")},
        Case{rsa, pss("sha512", "20")}, Case{rsa, pss("sha1", "20")}, Case{ec("P-256"), {"-sha1"}},
        Case{ec("P-256"), {"-sha512"}}, Case{ec("P-384"), {"-sha384"}},
        Case{ec("P-521"), {"-sha512"}}, Case{{"ED25519"}, {}}}) {
    std::vector<std::string> make{"genpkey", "-out", key, "-algorithm"};
    make.insert(make.end(), c.key.begin(), c.key.end());
    run(make);
    std::vector<std::string> sign{"req",  "-x509", "-new",  "-key", key,
                                  "-out", crt,     "-subj", "/CN=x"};
    sign.insert(sign.end(), c.sign.begin(), c.sign.end());
    run(sign);
    std::ifstream file(crt);
    const std::string text(std::istreambuf_iterator<char>(file), {});
    const SecretBytes der = PemDecodeAll(text).front().der;
    const Certificate certificate = Certificate::Parse(der);
    EXPECT_TRUE(certificate.SignedBy(certificate)) << testing::PrintToString(c.sign);
    EXPECT_FALSE(Certificate::Parse(Sign(Tbs(FullSpec()))).SignedBy(certificate));
    Bytes changed(der.begin(), der.end());
    changed.back() ^= 1U;
    EXPECT_FALSE(Certificate::Parse(changed).SignedBy(certificate))
        << testing::PrintToString(c.sign);
  }
}

TEST(CertificateTest, WhatIsNoWholeCertificateIsRefused) {
  const Bytes der = Sign(Tbs(FullSpec()));
  Bytes trailing = der;
  trailing.push_back(0);
  Bytes twice = der;
  twice.insert(twice.end(), der.begin(), der.end());
  const std::string pem = PemEncode("CERTIFICATE", der);
  for (const Bytes& bytes :
       {Bytes{}, Bytes(1000), FromHex("3000"), FromHex("30820100"), trailing, twice,
        Bytes(pem.begin(), pem.end()), Tbs(FullSpec()), Key().subject_public_key()}) {
    EXPECT_THROW(Certificate::Parse(bytes), Error) << "accepted " << bytes.size() << " bytes";
  }
}

// Parse and everything that verify and the lint ask of a certificate: an Error or an answer, no
// other exception and no crash. Returns whether it was accepted.
bool Survives(ByteView der, const Certificate& issuer) {
  try {
    const Certificate certificate = Certificate::Parse(der);
    for (const std::string& oid : certificate.ExtensionOids()) certificate.IsCritical(oid);
    certificate.SignedBy(issuer);
    SubjectKeyIdentifier(certificate.spki());
    NameToString(certificate.issuer());
    NameToString(certificate.subject());
    return true;
  } catch (const Error&) {
    return false;
  }
}

TEST(CertificateMutationTest, NoChangedByteCrashesTheReader) {
  const Bytes der = Sign(Tbs(FullSpec()));
  const Certificate issuer = Certificate::Parse(der);
  std::size_t refused = 0;
  for (std::size_t i = 0; i < der.size(); ++i) {
    for (const unsigned mask : {0xFFU, 0x01U, 0x02U, 0x04U, 0x08U, 0x10U, 0x20U, 0x40U, 0x80U}) {
      Bytes changed = der;
      changed[i] = static_cast<std::uint8_t>(changed[i] ^ mask);
      EXPECT_NO_THROW(refused += Survives(changed, issuer) ? 0 : 1)
          << "byte " << i << " ^ " << mask;
    }
  }
  EXPECT_GT(refused, der.size()) << "the mutations did not reach the reader";
}

TEST(CertificateMutationTest, EveryTruncationIsRefused) {
  const Bytes der = Sign(Tbs(FullSpec()));
  const Certificate issuer = Certificate::Parse(der);
  for (std::size_t size = 0; size < der.size(); ++size) {
    EXPECT_NO_THROW(EXPECT_FALSE(Survives(ByteView(der).first(size), issuer)) << size) << size;
  }
}

// An extension that is cut off inside, in an otherwise whole certificate.
TEST(CertificateMutationTest, TruncatedExtensionValuesAreSurvived) {
  const Certificate whole = Certificate::Parse(Sign(Tbs(FullSpec())));
  const Bytes tbs = Tbs(FullSpec());
  for (const char* cut : kOids) {
    for (std::size_t size = 0; size < whole.Extension(cut)->size(); ++size) {
      DerWriter writer;
      writer.Sequence([&](DerWriter& out) {
        BerReader in = BerReader(tbs).Enter(ber::kSequence, "tbs");
        while (in.PeekTag() != ber::Context(3)) out.Raw(in.Next().encoded);
        out.Context(3, [&](DerWriter& tagged) {
          tagged.Sequence([&](DerWriter& list) {
            for (const std::string& oid : whole.ExtensionOids()) {
              const ByteView value = *whole.Extension(oid);
              list.Sequence([&](DerWriter& extension) {
                extension.Oid(oid).OctetString(oid == cut ? value.first(size) : value);
              });
            }
          });
        });
      });
      EXPECT_NO_THROW(Survives(Sign(writer.bytes()), whole)) << cut << " cut to " << size;
    }
  }
}

}  // namespace
}  // namespace fleetmint

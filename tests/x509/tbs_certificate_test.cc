// TBSCertificate: its exact bytes, and what Botan, OpenSSL and GnuTLS make of the signed
// certificate.
#include "engine/x509/tbs_certificate.h"

#include <botan/asn1_obj.h>
#include <botan/ecdsa.h>
#include <botan/pk_keys.h>
#include <botan/pubkey.h>
#include <botan/rsa.h>
#include <botan/x509_ext.h>
#include <botan/x509cert.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/botan_compat.h"
#include "engine/base/error.h"
#include "engine/base/pem.h"
#include "engine/base/random.h"
#include "tests/support/run_program.h"
#include "tests/support/temp_dir.h"

namespace fleetmint {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kClientAuth = "1.3.6.1.5.5.7.3.2";
constexpr const char* kServerAuth = "1.3.6.1.5.5.7.3.1";

// SEQUENCE { SEQUENCE { OID 2.5.4.10 }, BIT STRING aabb }: the encoder copies keys and asks no
// more.
const Bytes kToySpki = FromHex("300c3005060355040a030300aabb");
// SHA-1 of aabb, by sha1sum(1).
constexpr const char* kToyKeyId = "65b1e351a6cbfeb41c927222bc9ef53aad3396b0";
const Serial kSerial{0x40, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

const Botan::Private_Key& CaKey() {
  static SystemRandom random;
  static BotanRng rng(random);
  static const Botan::RSA_PrivateKey key(rng, 2048);
  return key;
}

const Botan::Private_Key& LeafKey() {
  static SystemRandom random;
  static BotanRng rng(random);
  static const Botan::ECDSA_PrivateKey key(rng, botan_compat::NamedCurve("secp256r1"));
  return key;
}

Bytes Spki(const Botan::Private_Key& key) { return key.subject_public_key(); }

CertificateSpec CaSpec() {
  CertificateSpec spec;
  spec.subject = Name::Parse("CN=Acme Root, O=Acme, C=DE");
  spec.is_ca = true;
  spec.key_usage = key_usage::kKeyCertSign | key_usage::kCrlSign;
  return spec;
}

CertificateSpec LeafSpec() {
  CertificateSpec spec;
  spec.subject = Name::Parse("CN=ws-0001.corp.example, O=Acme");
  spec.san.dns = {"ws-0001.corp.example", "itAuth.corp.example"};
  spec.san.ip = {FromHex("0a000005"), FromHex("20010db8000000000000000000000001")};
  spec.key_usage = key_usage::kDigitalSignature | key_usage::kKeyEncipherment;
  spec.extended_key_usage = {kClientAuth};
  return spec;
}

struct Dates {
  Time not_before = ParseRfc3339("2026-01-01T00:00:00Z");
  Time not_after = ParseRfc3339("2036-01-01T00:00:00Z");
};

// Certifies `key` under the CA key; a CA named like its issuer is self-signed.
Bytes Certify(const CertificateSpec& spec, const Botan::Private_Key& key, const Name& issuer,
              const Dates& dates = {}) {
  const Bytes issuer_name = issuer.Encode();
  const Bytes spki = Spki(key);
  const Sha1Digest key_id = SubjectKeyIdentifier(Spki(CaKey()));
  TbsInput input;
  input.serial = kSerial;
  input.serial[15] = static_cast<std::uint8_t>(spec.is_ca ? 1 : 2);
  input.issuer_name = issuer_name;
  if (issuer != spec.subject) input.issuer_key_identifier = key_id;
  input.not_before = dates.not_before;
  input.not_after = dates.not_after;
  input.spki = spki;
  const Bytes tbs = EncodeTbsCertificate(spec, input);
  SystemRandom random;
  BotanRng rng(random);
  Botan::PK_Signer signer(CaKey(), rng, "EMSA3(SHA-256)", botan_compat::kPlainSignature);
  return AssembleSigned(tbs, SignatureAlgorithm::kRsaSha256,
                        signer.sign_message(tbs.data(), tbs.size(), rng));
}

Bytes Root(const CertificateSpec& spec = CaSpec(), const Dates& dates = {}) {
  return Certify(spec, CaKey(), spec.subject, dates);
}
Bytes Leaf(const CertificateSpec& spec = LeafSpec(), const Dates& dates = {}) {
  return Certify(spec, LeafKey(), CaSpec().subject, dates);
}

std::string OpensslText(const Bytes& der) {
  const auto result =
      RunProgram({"openssl", "x509", "-inform", "DER", "-noout", "-text"}, AsText(der));
  EXPECT_TRUE(result.ok()) << result;
  return result.out;
}

ProgramResult OpensslVerify(const Bytes& root, const Bytes& leaf, const std::string& purpose) {
  const TempDir dir;
  dir.Write("root.pem", PemEncode("CERTIFICATE", root));
  dir.Write("leaf.pem", PemEncode("CERTIFICATE", leaf));
  return RunProgram({"openssl", "verify", "-x509_strict", "-no-CApath", "-attime", "1800000000",
                     "-purpose", purpose, "-CAfile", dir / "root.pem", dir / "leaf.pem"},
                    "");
}

// Derived by hand from RFC 5280 4.1. A difference means that some byte is not intended.
TEST(TbsCertificateTest, EncodesTheBytesThatWereDerivedByHand) {
  CertificateSpec spec;
  spec.subject = Name::Parse("CN=a");
  spec.key_usage = key_usage::kDigitalSignature;
  const Bytes issuer = Name::Parse("CN=r").Encode();
  const Bytes issuer_key_id = FromHex("0102");
  TbsInput input;
  input.serial = kSerial;
  input.issuer_name = issuer;
  input.issuer_key_identifier = issuer_key_id;
  input.not_before = ParseRfc3339("2026-01-31T23:59:58Z");
  input.not_after = ParseRfc3339("2050-01-01T00:00:00Z");
  input.spki = kToySpki;
  EXPECT_EQ(ToHex(EncodeTbsCertificate(spec, input)),
            std::string("3081c2") +                       // 194 octets
                "a003020102" +                            // version 3
                "0210400102030405060708090a0b0c0d0e0f" +  // serial
                "300d06092a864886f70d01010b0500" +        // sha256WithRSAEncryption, NULL
                "300c310a300806035504030c0172" +          // issuer CN=r
                "3020" +                                  // validity
                "170d3236303133313233353935385a" +        // UTCTime 260131235958Z
                "180f32303530303130313030303030305a" +    // GeneralizedTime 20500101000000Z
                "300c310a300806035504030c0161" +          // subject CN=a
                ToHex(kToySpki) +                         // subjectPublicKeyInfo
                "a34e304c" +                              // extensions
                "300c0603551d130101ff04023000" +          // basicConstraints, critical, empty
                "300e0603551d0f0101ff040403020780" +      // keyUsage, critical, digitalSignature
                "301d0603551d0e04160414" + kToyKeyId +    // subjectKeyIdentifier
                "300d0603551d230406300480020102");        // authorityKeyIdentifier
}

TEST(TbsCertificateTest, AlgorithmIdentifiersAreRfc4055AndRfc5758) {
  EXPECT_EQ(ToHex(EncodeAlgorithmIdentifier(SignatureAlgorithm::kRsaSha256)),
            "300d06092a864886f70d01010b0500");
  EXPECT_EQ(ToHex(EncodeAlgorithmIdentifier(SignatureAlgorithm::kEcdsaSha256)),
            "300a06082a8648ce3d040302");
  EXPECT_EQ(ToHex(EncodeAlgorithmIdentifier(SignatureAlgorithm::kEcdsaSha384)),
            "300a06082a8648ce3d040303");
}

TEST(TbsCertificateTest, AssembleSignedIsTbsAlgorithmBitString) {
  EXPECT_EQ(ToHex(AssembleSigned(FromHex("3000"), SignatureAlgorithm::kEcdsaSha256, FromHex("cd"))),
            "30123000300a06082a8648ce3d040302030200cd");
}

TEST(SubjectKeyIdentifierTest, IsSha1OfTheBitStringContent) {
  EXPECT_EQ(ToHex(SubjectKeyIdentifier(kToySpki)), kToyKeyId);
  for (const Botan::Private_Key* key : {&CaKey(), &LeafKey()}) {
    EXPECT_EQ(SubjectKeyIdentifier(Spki(*key)), Sha1(key->public_key_bits()));
  }
}

TEST(SubjectKeyIdentifierTest, RefusesWhatIsNoKey) {
  for (const char* hex :
       {"", "30", "3000", "0400", "30023000", "300430000400", "30063000030300aa"}) {
    EXPECT_THROW(SubjectKeyIdentifier(FromHex(hex)), Error) << hex;
  }
}

TEST(CertificateTextTest, OpensslReadsWhatTheSpecSays) {
  CertificateSpec spec = LeafSpec();
  spec.extended_key_usage = {kClientAuth, kServerAuth};
  spec.crl_urls = {"http://pki.example/ca.crl"};
  spec.ca_issuers_url = "http://pki.example/ca.crt";
  const std::string text = WithNames(OpensslText(Leaf(spec)));
  for (const char* part :
       {"Version: 3 (0x2)", "40:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:02",
        "Signature Algorithm: sha256WithRSAEncryption", "Issuer: C=DE, O=Acme, CN=Acme Root",
        "Subject: O=Acme, CN=ws-0001.corp.example", "Not Before: Jan  1 00:00:00 2026 GMT",
        "Not After : Jan  1 00:00:00 2036 GMT", "ASN1 OID: prime256v1",
        "X509v3 Basic Constraints: critical\n                CA:FALSE\n",
        "X509v3 Key Usage: critical\n                Digital Signature, Key Encipherment\n",
        "X509v3 Extended Key Usage: \n                TLS Web Client Authentication, "
        "TLS Web Server Authentication\n",
        "X509v3 Subject Alternative Name: \n                DNS:ws-0001.corp.example, "
        "DNS:itAuth.corp.example, IP Address:10.0.0.5, IP Address:2001:DB8:0:0:0:0:0:1\n",
        "X509v3 Subject Key Identifier: \n", "X509v3 Authority Key Identifier: \n",
        "Full Name:\n                  URI:http://pki.example/ca.crl\n",
        "CA Issuers - URI:http://pki.example/ca.crt\n"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
  EXPECT_THAT(text, Not(HasSubstr("Name Constraints")));
}

TEST(CertificateTextTest, OpensslReadsACa) {
  CertificateSpec spec = CaSpec();
  spec.path_length = 0;
  spec.permitted_dns = {"corp.example", "test"};
  const std::string text = OpensslText(Root(spec));
  for (const char* part :
       {"X509v3 Basic Constraints: critical\n                CA:TRUE, pathlen:0\n",
        "X509v3 Key Usage: critical\n                Certificate Sign, CRL Sign\n",
        "X509v3 Name Constraints: critical\n                Permitted:\n                  "
        "DNS:corp.example\n                  DNS:test\n"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
  EXPECT_THAT(text, Not(HasSubstr("Authority Key Identifier"))) << "a root needs none";
  EXPECT_THAT(OpensslText(Root()), HasSubstr("CA:TRUE\n")) << "pathlen without being asked";
}

// RFC 5280 4.1.2.5: a reader may refuse GeneralizedTime through 2049 and misread UTCTime after it.
TEST(CertificateTextTest, TimesAreUtcTimeThrough2049AndGeneralizedTimeAfter) {
  struct Case {
    const char* time;
    const char* encoded;
  };
  for (const Case& c : {Case{"2026-01-01T00:00:01Z", "UTCTIME           :260101000001Z"},
                        Case{"2049-12-31T23:59:59Z", "UTCTIME           :491231235959Z"},
                        Case{"2050-01-01T00:00:00Z", "GENERALIZEDTIME   :20500101000000Z"},
                        Case{"2125-02-28T12:00:00Z", "GENERALIZEDTIME   :21250228120000Z"}}) {
    const Bytes der =
        Leaf(LeafSpec(), {ParseRfc3339("2026-01-01T00:00:00Z"), ParseRfc3339(c.time)});
    const auto result = RunProgram({"openssl", "asn1parse", "-inform", "DER"}, AsText(der));
    ASSERT_TRUE(result.ok()) << result;
    EXPECT_THAT(result.out, HasSubstr(c.encoded));
    EXPECT_EQ(Botan::X509_Certificate(der).not_after().time_since_epoch(),
              static_cast<std::uint64_t>(ParseRfc3339(c.time).time_since_epoch().count()));
  }
}

TEST(ExtensionsTest, BotanSeesTheIntendedCriticality) {
  CertificateSpec spec = LeafSpec();
  spec.crl_urls = {"http://pki.example/ca.crl"};
  spec.ca_issuers_url = "http://pki.example/ca.crt";
  spec.sid = "S-1-5-21-1-2-3-1104";
  CertificateSpec no_subject = spec;
  no_subject.subject = {};
  CertificateSpec ca = CaSpec();
  ca.permitted_dns = {"corp.example"};
  struct Case {
    const char* what;
    Bytes der;
    std::vector<const char*> critical, not_critical;
  };
  const std::vector<Case> cases{
      {"leaf",
       Leaf(spec),
       {"2.5.29.19", "2.5.29.15"},
       {"2.5.29.37", "2.5.29.17", "2.5.29.14", "2.5.29.35", "2.5.29.31", "1.3.6.1.5.5.7.1.1",
        "1.3.6.1.4.1.311.25.2"}},
      {"leaf without subject", Leaf(no_subject), {"2.5.29.19", "2.5.29.15", "2.5.29.17"}, {}},
      {"CA", Root(ca), {"2.5.29.19", "2.5.29.15", "2.5.29.30"}, {"2.5.29.14"}}};
  for (const Case& c : cases) {
    const Botan::X509_Certificate certificate(c.der);
    const Botan::Extensions& extensions = certificate.v3_extensions();
    for (const char* oid : c.critical) {
      EXPECT_TRUE(extensions.critical_extension_set(Botan::OID(oid))) << c.what << " " << oid;
    }
    for (const char* oid : c.not_critical) {
      EXPECT_TRUE(extensions.extension_set(Botan::OID(oid))) << c.what << " " << oid;
      EXPECT_FALSE(extensions.critical_extension_set(Botan::OID(oid))) << c.what << " " << oid;
    }
  }
}

TEST(ExtensionsTest, KeyIdentifiersNameTheTwoKeys) {
  const Botan::X509_Certificate leaf(Leaf()), root(Root());
  const auto plain = [](const Sha1Digest& id) { return Bytes(id.begin(), id.end()); };
  EXPECT_EQ(Bytes(leaf.subject_key_id()), plain(Sha1(LeafKey().public_key_bits())));
  EXPECT_EQ(Bytes(leaf.authority_key_id()), plain(Sha1(CaKey().public_key_bits())));
  EXPECT_EQ(Bytes(leaf.authority_key_id()), Bytes(root.subject_key_id()));
  EXPECT_TRUE(root.authority_key_id().empty());
}

// KB5014754: GeneralNames { otherName { 1.3.6.1.4.1.311.25.2.1, [0] OCTET STRING "S-1-5-18" } }, by
// hand.
TEST(ExtensionsTest, SidIsTheStrongMappingOfKb5014754) {
  CertificateSpec spec = LeafSpec();
  spec.sid = "S-1-5-18";
  const Botan::X509_Certificate certificate(Leaf(spec));
  EXPECT_EQ(
      ToHex(certificate.v3_extensions().get_extension_bits(Botan::OID("1.3.6.1.4.1.311.25.2"))),
      "301aa018060a2b060104018237190201a00a0408532d312d352d3138");
}

TEST(VerifyTest, OpensslStrictlyAcceptsTheChainForItsPurposeAlone) {
  CertificateSpec server = LeafSpec(), both = LeafSpec(), no_subject = LeafSpec();
  server.extended_key_usage = {kServerAuth};
  both.extended_key_usage = {kServerAuth, kClientAuth};
  no_subject.subject = {};
  struct Case {
    const char* what;
    CertificateSpec spec;
    bool client, server;
  };
  const Bytes root = Root();
  for (const Case& c :
       {Case{"client", LeafSpec(), true, false}, Case{"server", server, false, true},
        Case{"both", both, true, true}, Case{"no subject", no_subject, true, false}}) {
    const Bytes leaf = Leaf(c.spec);
    const auto as_client = OpensslVerify(root, leaf, "sslclient");
    EXPECT_EQ(as_client.ok(), c.client) << c.what << ": " << as_client;
    const auto as_server = OpensslVerify(root, leaf, "sslserver");
    EXPECT_EQ(as_server.ok(), c.server) << c.what << ": " << as_server;
  }
}

TEST(VerifyTest, OpensslEnforcesTheNameConstraints) {
  CertificateSpec ca = CaSpec(), outside = LeafSpec();
  ca.permitted_dns = {"corp.example"};
  outside.san.dns = {"ws-0001.other.example"};
  const auto inside = OpensslVerify(Root(ca), Leaf(), "sslclient");
  EXPECT_TRUE(inside.ok()) << inside;
  const auto refused = OpensslVerify(Root(ca), Leaf(outside), "sslclient");
  EXPECT_FALSE(refused.ok());
  EXPECT_THAT(refused.err + refused.out, HasSubstr("permitted subtree violation"));
}

TEST(VerifyTest, GnutlsAcceptsTheChain) {
  if (!HasProgram("certtool")) GTEST_SKIP() << "certtool is not installed";
  const Time now = SystemClock().Now();  // certtool cannot be told another time
  const Dates dates{now - std::chrono::hours{1}, now + std::chrono::hours{1}};
  const std::string chain = PemEncode("CERTIFICATE", Leaf(LeafSpec(), dates)) +
                            PemEncode("CERTIFICATE", Root(CaSpec(), dates));
  const auto result = RunProgram({"certtool", "--verify-chain"}, chain);
  EXPECT_TRUE(result.ok()) << result;
  EXPECT_THAT(result.out, HasSubstr("Chain verification output: Verified"));
}

}  // namespace
}  // namespace fleetmint

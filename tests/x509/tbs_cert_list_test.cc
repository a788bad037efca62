// TBSCertList: its exact bytes, and what Botan and OpenSSL make of the signed CRL.
#include "engine/x509/tbs_cert_list.h"

#include <botan/ecdsa.h>
#include <botan/pubkey.h>
#include <botan/x509_crl.h>
#include <botan/x509cert.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/base/botan_compat.h"
#include "engine/base/pem.h"
#include "engine/base/random.h"
#include "engine/x509/cert_list_view.h"
#include "tests/support/run_program.h"
#include "tests/support/temp_dir.h"

namespace fleetmint {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const Bytes kIssuer = Name::Parse("CN=Acme Root").Encode();
const Time kThisUpdate = ParseRfc3339("2026-01-31T23:59:58Z");

BotanRng& Rng() {
  static SystemRandom random;
  static BotanRng rng(random);
  return rng;
}

const Botan::ECDSA_PrivateKey& CaKey() {
  static const Botan::ECDSA_PrivateKey key(Rng(), botan_compat::NamedCurve("secp256r1"));
  return key;
}

Bytes Sign(ByteView tbs) {
  Botan::PK_Signer signer(CaKey(), Rng(), "EMSA1(SHA-256)", botan_compat::kDerSignature);
  return AssembleSigned(tbs, SignatureAlgorithm::kEcdsaSha256,
                        signer.sign_message(tbs.data(), tbs.size(), Rng()));
}

Serial SerialOf(std::uint8_t last) {
  Serial serial{};
  serial[0] = 0x40;
  serial[15] = last;
  return serial;
}

CertificateSpec CaSpec() {
  CertificateSpec spec;
  spec.subject = Name::Parse("CN=Acme Root");
  spec.is_ca = true;
  spec.key_usage = key_usage::kKeyCertSign | key_usage::kCrlSign;
  return spec;
}

// The CA itself, or a leaf under it.
Bytes Certify(const CertificateSpec& spec, std::uint8_t serial) {
  const Bytes spki = CaKey().subject_public_key();
  const Sha1Digest key_id = SubjectKeyIdentifier(spki);
  TbsInput input;
  input.serial = SerialOf(serial);
  input.signature_algorithm = SignatureAlgorithm::kEcdsaSha256;
  input.issuer_name = kIssuer;
  if (!spec.is_ca) input.issuer_key_identifier = key_id;
  input.not_before = ParseRfc3339("2026-01-01T00:00:00Z");
  input.not_after = ParseRfc3339("2036-01-01T00:00:00Z");
  input.spki = spki;
  return Sign(EncodeTbsCertificate(spec, input));
}

Bytes Ca() { return Certify(CaSpec(), 1); }

Bytes Leaf(std::uint8_t serial) {
  CertificateSpec spec;
  spec.subject = Name::Parse("CN=ws-0001");
  spec.san.dns = {"ws-0001"};
  spec.key_usage = key_usage::kDigitalSignature;
  spec.extended_key_usage = {"1.3.6.1.5.5.7.3.2"};
  return Certify(spec, serial);
}

Bytes CrlTbs(std::span<const RevokedCertificate> revoked, std::uint64_t number = 7,
             std::string_view next_update = "2035-01-01T00:00:00Z") {
  const Sha1Digest key_id = SubjectKeyIdentifier(CaKey().subject_public_key());
  CertListInput input;
  input.signature_algorithm = SignatureAlgorithm::kEcdsaSha256;
  input.issuer_name = kIssuer;
  input.issuer_key_identifier = key_id;
  input.crl_number = number;
  input.this_update = kThisUpdate;
  input.next_update = ParseRfc3339(next_update);
  input.revoked = revoked;
  return EncodeTbsCertList(input);
}

const std::vector<RevokedCertificate>& EveryReason() {
  static const std::vector<RevokedCertificate> revoked{
      {SerialOf(10), kThisUpdate - Seconds{60}, CrlReason::kUnspecified},
      {SerialOf(11), kThisUpdate - Seconds{50}, CrlReason::kKeyCompromise},
      {SerialOf(12), kThisUpdate - Seconds{40}, CrlReason::kCaCompromise},
      {SerialOf(13), kThisUpdate - Seconds{30}, CrlReason::kAffiliationChanged},
      {SerialOf(14), kThisUpdate - Seconds{20}, CrlReason::kSuperseded},
      {SerialOf(15), kThisUpdate - Seconds{10}, CrlReason::kCessationOfOperation}};
  return revoked;
}

// Prints a CRL after its signature was verified against the CA.
ProgramResult OpensslCrl(const Bytes& crl) {
  const TempDir dir;
  dir.Write("ca.pem", PemEncode("CERTIFICATE", Ca()));
  return RunProgram(
      {"openssl", "crl", "-inform", "DER", "-CAfile", dir / "ca.pem", "-noout", "-text"},
      AsText(crl));
}

// The reader has nothing of the encoder's.
TEST(CertListViewTest, ReadsWhatWasEncoded) {
  const Bytes der = Sign(CrlTbs(EveryReason(), 4711));
  const CertListView view = CertListView::Read(der);
  EXPECT_EQ(view.number(), 4711U);
  EXPECT_EQ(view.this_update(), kThisUpdate);
  EXPECT_EQ(view.next_update(), ParseRfc3339("2035-01-01T00:00:00Z"));
  EXPECT_EQ(Bytes(view.issuer().begin(), view.issuer().end()), kIssuer);
  ASSERT_EQ(view.entries().size(), EveryReason().size());
  for (std::size_t i = 0; i < view.entries().size(); ++i) {
    const RevokedCertificate& wanted = EveryReason()[i];
    EXPECT_EQ(view.entries()[i].reason, static_cast<int>(wanted.reason));
    EXPECT_EQ(view.entries()[i].revoked_at, wanted.revoked_at);
    EXPECT_EQ(ToHex(view.entries()[i].serial), ToHex(wanted.serial));
  }
  const Bytes empty = Sign(CrlTbs({}));
  EXPECT_TRUE(CertListView::Read(empty).entries().empty());
}

// Damage anywhere is an error or another CRL, never a crash.
TEST(CertListViewTest, TakesAnyBytes) {
  const Bytes der = Sign(CrlTbs(EveryReason()));
  for (std::size_t at = 0; at < der.size(); ++at) {
    for (const int change : {1, 0x80, 0xFF}) {
      Bytes damaged = der;
      damaged[at] ^= static_cast<std::uint8_t>(change);
      try {
        static_cast<void>(CertListView::Read(damaged));
      } catch (const Error& error) {
        EXPECT_EQ(error.cause(), ErrorCause::kDamaged);
      }
    }
    EXPECT_THROW(CertListView::Read(ByteView(der).first(at)), Error) << at;
  }
}

// Derived by hand from RFC 5280 5.1: one revoked certificate, reason keyCompromise.
TEST(TbsCertListTest, EncodesTheBytesThatWereDerivedByHand) {
  const Bytes issuer = Name::Parse("CN=r").Encode();
  const Bytes key_id = FromHex("0102");
  const std::vector<RevokedCertificate> revoked{
      {SerialOf(9), ParseRfc3339("2026-01-02T03:04:05Z"), CrlReason::kKeyCompromise}};
  CertListInput input;
  input.issuer_name = issuer;
  input.issuer_key_identifier = key_id;
  input.crl_number = 128;
  input.this_update = kThisUpdate;
  input.next_update = ParseRfc3339("2050-01-01T00:00:00Z");
  input.revoked = revoked;
  EXPECT_EQ(ToHex(EncodeTbsCertList(input)),
            std::string("308193") +                       // 147 octets
                "020101" +                                // version 2
                "300d06092a864886f70d01010b0500" +        // sha256WithRSAEncryption, NULL
                "300c310a300806035504030c0172" +          // issuer CN=r
                "170d3236303133313233353935385a" +        // thisUpdate, UTCTime
                "180f32303530303130313030303030305a" +    // nextUpdate, GeneralizedTime
                "3031302f" +                              // revokedCertificates, one entry
                "021040000000000000000000000000000009" +  // its serial
                "170d3236303130323033303430355a" +        // revocationDate
                "300c300a0603551d1504030a0101" +          // reasonCode, ENUMERATED 1
                "a01e301c" +                              // crlExtensions
                "300d0603551d230406300480020102" +        // authorityKeyIdentifier
                "300b0603551d14040402020080");            // cRLNumber 128
}

TEST(TbsCertListTest, OpensslVerifiesAnEmptyList) {
  const auto result = OpensslCrl(Sign(CrlTbs({})));
  ASSERT_TRUE(result.ok()) << result;
  EXPECT_THAT(result.err + result.out, HasSubstr("verify OK"));
  for (const char* part :
       {"Version 2 (0x1)", "Issuer: CN=Acme Root", "Last Update: Jan 31 23:59:58 2026 GMT",
        "Next Update: Jan  1 00:00:00 2035 GMT", "No Revoked Certificates.",
        "X509v3 Authority Key Identifier: \n", "X509v3 CRL Number: \n                7\n"}) {
    EXPECT_THAT(WithNames(result.out), HasSubstr(part));
  }
}

TEST(TbsCertListTest, OpensslReadsEveryEntryAndReason) {
  const auto result = OpensslCrl(Sign(CrlTbs(EveryReason(), std::uint64_t{1} << 40U)));
  ASSERT_TRUE(result.ok()) << result;
  EXPECT_THAT(result.err + result.out, HasSubstr("verify OK"));
  for (const char* part :
       {"X509v3 CRL Number: \n                1099511627776\n",
        "4000000000000000000000000000000A\n        Revocation Date: Jan 31 23:58:58 2026 GMT\n",
        "X509v3 CRL Reason Code: \n                Key Compromise\n",
        "X509v3 CRL Reason Code: \n                CA Compromise\n",
        "X509v3 CRL Reason Code: \n                Affiliation Changed\n",
        "X509v3 CRL Reason Code: \n                Superseded\n",
        "X509v3 CRL Reason Code: \n                Cessation Of Operation\n"}) {
    EXPECT_THAT(result.out, HasSubstr(part));
  }
  // RFC 5280 5.3.1: unspecified is said by silence.
  EXPECT_THAT(result.out, Not(HasSubstr("Unspecified")));
}

TEST(TbsCertListTest, OpensslRefusesAChangedList) {
  Bytes crl = Sign(CrlTbs(EveryReason()));
  const Serial serial = SerialOf(11);
  const auto place = std::search(crl.begin(), crl.end(), serial.begin(), serial.end());
  ASSERT_NE(place, crl.end());
  place[15] = 99;
  const auto result = OpensslCrl(crl);
  EXPECT_THAT(result.err + result.out, HasSubstr("verify failure"));
}

TEST(TbsCertListTest, BotanReadsTheListBack) {
  const Bytes bytes = Sign(CrlTbs(EveryReason(), 42, "2050-01-01T00:00:00Z"));
  const Botan::X509_CRL crl(bytes);
  EXPECT_EQ(crl.crl_number(), 42u);
  EXPECT_TRUE(crl.check_signature(CaKey()));
  EXPECT_EQ(Bytes(crl.authority_key_id()), Bytes(Botan::X509_Certificate(Ca()).subject_key_id()));
  EXPECT_EQ(crl.next_update().to_string(), "20500101000000Z");
  const auto& entries = crl.get_revoked();
  ASSERT_EQ(entries.size(), EveryReason().size());
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const RevokedCertificate& revoked = EveryReason()[i];
    EXPECT_EQ(Bytes(entries[i].serial_number()),
              Bytes(revoked.serial.begin(), revoked.serial.end()));
    EXPECT_EQ(static_cast<int>(entries[i].reason_code()), static_cast<int>(revoked.reason));
    EXPECT_EQ(entries[i].expire_time().time_since_epoch(),
              static_cast<std::uint64_t>(revoked.revoked_at.time_since_epoch().count()));
  }
}

// What the list is for: a server that checks it turns away the revoked client and no other.
TEST(TbsCertListTest, OpensslRefusesTheRevokedCertificateAlone) {
  const TempDir dir;
  dir.Write("ca.pem", PemEncode("CERTIFICATE", Ca()));
  dir.Write("crl.pem", PemEncode("X509 CRL", Sign(CrlTbs(EveryReason()))));
  const auto verify = [&](std::uint8_t serial) {
    dir.Write("leaf.pem", PemEncode("CERTIFICATE", Leaf(serial)));
    return RunProgram(
        {"openssl", "verify", "-x509_strict", "-no-CApath", "-crl_check", "-attime", "1800000000",
         "-CAfile", dir / "ca.pem", "-CRLfile", dir / "crl.pem", dir / "leaf.pem"},
        "");
  };
  const auto good = verify(16);
  EXPECT_TRUE(good.ok()) << good;
  for (const RevokedCertificate& revoked : EveryReason()) {
    const auto result = verify(revoked.serial[15]);
    EXPECT_FALSE(result.ok());
    EXPECT_THAT(result.err + result.out, HasSubstr("certificate revoked"));
  }
}

}  // namespace
}  // namespace fleetmint

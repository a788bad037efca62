// CertificateView: the light reader sees what Botan and openssl see, and nothing else is taken for
// a certificate.
#include "engine/x509/certificate_view.h"

#include <botan/x509cert.h>
#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "engine/x509/certificate.h"
#include "tests/support/run_program.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_chain.h"
#include "tests/support/thrown.h"

namespace fleetmint {
namespace {

Bytes Copy(ByteView view) { return {view.begin(), view.end()}; }

// What Botan says of the same bytes.
void ExpectLikeBotan(const Bytes& der) {
  const CertificateView view = CertificateView::Read(der);
  const Botan::X509_Certificate botan(der);
  EXPECT_EQ(Copy(view.serial()), botan.serial_number());
  EXPECT_EQ(Copy(view.subject()), botan.raw_subject_dn());
  EXPECT_EQ(Copy(view.issuer()), botan.raw_issuer_dn());
  EXPECT_EQ(Copy(view.spki()), botan.subject_public_key_info());
  EXPECT_EQ(Copy(view.SubjectKeyIdentifier()), botan.subject_key_id());
  EXPECT_EQ(Copy(view.AuthorityKeyIdentifier()), botan.authority_key_id());
  if (botan.x509_version() == 3 && !view.extensions().empty()) {  // Botan takes version 1 for a CA
    EXPECT_EQ(view.Constraints().ca, botan.is_CA_cert());
  }
  EXPECT_EQ(Copy(view.tbs()),
            botan.tbs_data().size() == view.tbs().size() ? botan.tbs_data() : Bytes{});
  const Certificate certificate = Certificate::Parse(der);
  EXPECT_EQ(certificate.not_before(), view.not_before());
  EXPECT_EQ(certificate.not_after(), view.not_after());
  EXPECT_EQ(certificate.san(), view.San());
}

TEST(CertificateViewTest, SeesWhatBotanSees) {
  for (const TestIdentity* identity : {&EcIdentity(), &RsaIdentity()}) {
    ExpectLikeBotan(identity->certificate);
    for (const Bytes& ca : identity->chain) ExpectLikeBotan(ca);
  }
}

// Certificates that openssl made: other string types, serials, dates, extensions in other orders,
// no extensions at all.
TEST(CertificateViewTest, SeesWhatBotanSeesInCertificatesOfOthers) {
  const TempDir dir;
  dir.Write("c.cnf",
            "[req]\ndistinguished_name=dn\nprompt=no\nstring_mask=nombstr\n[dn]\nO=Example\n"
            "[none]\n[ca]\nbasicConstraints=critical,CA:TRUE,pathlen:3\n"
            "[leaf]\nsubjectAltName=DNS:a.example,IP:10.0.0.1,IP:::1,email:x@example.com,URI:u:x\n"
            "extendedKeyUsage=clientAuth,1.2.3.4\nkeyUsage=digitalSignature,decipherOnly,"
            "keyAgreement\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid,issuer\n");
  int number = 0;
  for (const char* extensions : {"none", "ca", "leaf"}) {
    for (const char* days : {"1", "9000"}) {  // UTCTime and GeneralizedTime
      for (const char* serial : {"1", "0xff00", "0x7fffffffffffffffffffffffffffffffffffffff"}) {
        const std::string out = dir / std::to_string(++number);
        const auto made = RunProgram({"openssl",
                                      "req",
                                      "-x509",
                                      "-newkey",
                                      "ec",
                                      "-pkeyopt",
                                      "ec_paramgen_curve:P-256",
                                      "-nodes",
                                      "-keyout",
                                      dir / "key",
                                      "-config",
                                      dir / "c.cnf",
                                      "-extensions",
                                      extensions,
                                      "-subj",
                                      "/C=DE/O=\xc3\x84/CN=x",
                                      "-utf8",
                                      "-days",
                                      days,
                                      "-set_serial",
                                      serial,
                                      "-outform",
                                      "DER",
                                      "-out",
                                      out});
        ASSERT_TRUE(made.ok()) << made;
        ExpectLikeBotan(ReadFileBytes(out));
      }
    }
  }
}

// A damaged certificate of the ledger is said to be damaged: by its cause, whichever byte it is.
// What can still be read is read within its bounds (the sanitizers look).
TEST(CertificateViewTest, DamageIsSaidAndNeverReadBeyond) {
  const Bytes& good = EcIdentity().certificate;
  const auto read = [](const Bytes& der) {
    const CertificateView view = CertificateView::Read(der);
    view.San();
    view.KeyUsage();
    view.ExtendedKeyUsage();
    view.Constraints();
    view.SubjectKeyIdentifier();
    view.AuthorityKeyIdentifier();
  };
  for (std::size_t size = 0; size < good.size(); ++size) {
    const auto error = ThrownBy(
        [&] { read(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size))); });
    ASSERT_TRUE(error) << size;
    EXPECT_EQ(error->cause(), ErrorCause::kDamaged) << error->what();
  }
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const int change : {1, 0x20, 0x80, 0xFF}) {
      Bytes bad = good;
      bad[at] = static_cast<std::uint8_t>(bad[at] ^ change);
      const auto error = ThrownBy([&] { read(bad); });
      EXPECT_EQ(error ? error->cause() : ErrorCause::kDamaged, ErrorCause::kDamaged)
          << at << " " << error->what();
    }
  }
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_TRUE(ThrownBy([&] { read(longer); }));
}

}  // namespace
}  // namespace fleetmint

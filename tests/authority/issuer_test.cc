// The issuer: the dates it gives, what it refuses to sign, and that a serial is used once.
#include "engine/authority/issuer.h"

#include <gtest/gtest.h>

#include <thread>

#include "engine/base/error.h"
#include "engine/base/pem.h"
#include "engine/ledger/ledger.h"
#include "engine/x509/certificate.h"
#include "tests/support/run_program.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_chain.h"
#include "tests/support/thrown.h"

namespace fleetmint {
namespace {

// CountingSigner passes on and notes the size of each batch.
class CountingSigner final : public Signer {
 public:
  explicit CountingSigner(std::unique_ptr<Signer> signer) : signer_(std::move(signer)) {}
  SignatureAlgorithm algorithm() const override { return signer_->algorithm(); }
  const Bytes& spki() const override { return signer_->spki(); }
  std::vector<Bytes> Sign(std::span<const ByteView> messages) override {
    batches.push_back(messages.size());
    return signer_->Sign(messages);
  }
  std::vector<std::size_t> batches;

 private:
  std::unique_ptr<Signer> signer_;
};

class IssuerTest : public testing::Test {
 protected:
  IssuerTest()
      : signer_(MakeSoftwareSigner(CaKey().pkcs8())),
        root_(SelfSign(Reserve("root"), CaSpec("CN=Root", "10y"), *signer_, now_)),
        issuer_(IssuerCertificate::Parse(root_.der), *signer_) {}

  static const PrivateKey& CaKey() {
    static const PrivateKey key = NewKey({KeyAlgorithm::kEcdsa, 256});
    return key;
  }
  static const Bytes& LeafSpki() { return EcIdentity().key.spki(); }

  Reservation Reserve(const std::string& endpoint) {
    return std::move(ledger_.Reserve(0, "", {&endpoint, 1}, random_, now_).front());
  }

  PreparedCertificate Prepare(const CertificateSpec& spec, Time now) {
    Reservation reservation = Reserve("ws-0001");
    return issuer_.Prepare(reservation, spec, LeafSpki(), now);
  }
  PreparedCertificate Prepare(const Validity& validity, Time now) {
    CertificateSpec spec = LeafSpec("CN=ws-0001");
    spec.validity = validity;
    return Prepare(spec, now);
  }

  const Time now_ = ParseRfc3339("2026-03-01T12:00:00Z");
  TempDir temp_;
  SystemRandom random_;
  Ledger ledger_ = Ledger::Create(temp_ / "ledger.db", "test-authority");
  std::unique_ptr<Signer> signer_;
  IssuedCertificate root_;
  Issuer issuer_;
};

constexpr Seconds kDay{86400};

TEST_F(IssuerTest, DatesAreBackdatedAndAsLongAsAsked) {
  const auto prepared = Prepare(Validity{365 * kDay, Seconds{600}, Seconds{0}}, now_);
  EXPECT_EQ(FormatRfc3339(prepared.not_before()), "2026-03-01T11:50:00Z");
  EXPECT_EQ(FormatRfc3339(prepared.not_after()), "2027-03-01T12:00:00Z");
  EXPECT_FALSE(prepared.clamped());
}

// README "Profile": jitter is subtracted, and a function of the serial: the same record always
// gives the same certificate.
TEST_F(IssuerTest, JitterIsAFunctionOfTheSerial) {
  const Seconds jitter = 14 * kDay;
  Seconds least = jitter, most{0};
  for (int i = 0; i < 40; ++i) {
    const auto prepared = Prepare(Validity{365 * kDay, Seconds{600}, jitter}, now_);
    const Sha256Digest digest = Sha256(prepared.reservation().serial());
    const double fraction =
        (digest[0] * 16777216.0 + digest[1] * 65536.0 + digest[2] * 256.0 + digest[3]) /
        4294967296.0;
    const Seconds taken = now_ + 365 * kDay - prepared.not_after();
    EXPECT_EQ(taken.count(),
              static_cast<std::int64_t>(static_cast<double>(jitter.count()) * fraction));
    EXPECT_GE(taken, Seconds{0});
    EXPECT_LT(taken, jitter);
    least = std::min(least, taken);
    most = std::max(most, taken);
  }
  EXPECT_LT(least, jitter / 4) << "forty certificates end in the same part of the fortnight";
  EXPECT_GT(most, jitter * 3 / 4);
}

TEST_F(IssuerTest, DatesStayWithinTheIssuers) {
  const Time begin = issuer_.certificate().not_before, end = issuer_.certificate().not_after;
  const auto early = Prepare(Validity{kDay, Seconds{600}, Seconds{0}}, begin + Seconds{60});
  EXPECT_EQ(early.not_before(), begin);
  const auto late = Prepare(Validity{365 * kDay, Seconds{600}, Seconds{0}}, end - 100 * kDay);
  EXPECT_EQ(late.not_after(), end);
  EXPECT_TRUE(late.clamped());
  const auto exact = Prepare(Validity{100 * kDay, Seconds{600}, Seconds{0}}, end - 100 * kDay);
  EXPECT_EQ(exact.not_after(), end);
  EXPECT_FALSE(exact.clamped());
}

TEST_F(IssuerTest, UnderAQuarterOfTheValidityIsRefused) {
  const Time begin = issuer_.certificate().not_before, end = issuer_.certificate().not_after;
  const Validity year{400 * kDay, Seconds{600}, Seconds{0}};
  struct Case {
    Time now;
    const char* reason;  // "": accepted
  };
  for (const Case& c :
       {Case{now_, ""}, Case{end - 100 * kDay, ""},
        Case{end - 100 * kDay + Seconds{1}, "under a quarter of the validity '400d'"},
        Case{end, "under a quarter"}, Case{end + Seconds{1}, "expired at"},
        Case{begin - Seconds{1}, "is not valid before"}, Case{begin, ""}}) {
    const auto error = ThrownBy([&] { issuer_.CheckValidity(year, c.now); });
    if (*c.reason == '\0') {
      EXPECT_FALSE(error) << error->what();
      continue;
    }
    ASSERT_TRUE(error) << c.reason;
    EXPECT_EQ(error->kind(), ErrorKind::kAuthority);
    EXPECT_FALSE(error->faults().front().hint.empty());
    EXPECT_NE(std::string(error->what()).find(c.reason), std::string::npos) << error->what();
  }
}

// What breaks a rule is not signed, and its serial is still the caller's to use or abandon.
TEST_F(IssuerTest, TheLintBlocksAndLeavesTheReservation) {
  struct Case {
    const char* rule;
    void (*spoil)(CertificateSpec&);
  };
  for (const Case& c :
       {Case{"name_limits",
             [](CertificateSpec& s) { s.subject.attributes[0].value.append(64, 'x'); }},
        Case{"dns_names", [](CertificateSpec& s) { s.san.dns = {"not a name"}; }},
        Case{"ca_key_usage", [](CertificateSpec& s) { s.key_usage |= key_usage::kKeyCertSign; }},
        Case{"subject_or_san",
             [](CertificateSpec& s) {
               s.subject = {};
               s.san = {};
             }},
        Case{"validity_order", [](CertificateSpec& s) { s.validity = {}; }}}) {
    CertificateSpec spec = LeafSpec("CN=ws-0001");
    c.spoil(spec);
    Reservation reservation = Reserve("ws-0001");
    const Serial serial = reservation.serial();
    const auto error = ThrownBy([&] { issuer_.Prepare(reservation, spec, LeafSpki(), now_); });
    ASSERT_TRUE(error) << c.rule;
    EXPECT_EQ(error->kind(), ErrorKind::kEndpoint);
    EXPECT_NE(std::string(error->what()).find(c.rule), std::string::npos) << error->what();
    EXPECT_NE(std::string(error->what()).find("'ws-0001'"), std::string::npos) << error->what();
    const auto prepared = issuer_.Prepare(reservation, LeafSpec("CN=ws-0001"), LeafSpki(), now_);
    EXPECT_EQ(prepared.reservation().serial(), serial);
  }
}

// A serial that could be prepared twice could be signed twice.
TEST_F(IssuerTest, AReservationIsConsumed) {
  Reservation reservation = Reserve("ws-0001");
  const Serial serial = reservation.serial();
  const auto prepared = issuer_.Prepare(reservation, LeafSpec("CN=first"), LeafSpki(), now_);
  EXPECT_EQ(prepared.reservation().serial(), serial);
  EXPECT_EQ(prepared.reservation().endpoint(), "ws-0001");
  EXPECT_THROW(issuer_.Prepare(reservation, LeafSpec("CN=second"), LeafSpki(), now_), Error);
}

TEST_F(IssuerTest, SignsABatchInOneCallAndInOrder) {
  CountingSigner counting(MakeSoftwareSigner(CaKey().pkcs8()));
  const Issuer issuer(IssuerCertificate::Parse(root_.der), counting);
  std::vector<PreparedCertificate> prepared;
  for (const std::string name : {"a", "b", "c"}) {
    Reservation reservation = Reserve(name);
    prepared.push_back(issuer.Prepare(reservation, LeafSpec("CN=" + name), LeafSpki(), now_));
  }
  const auto issued = issuer.Sign(std::move(prepared));
  EXPECT_EQ(counting.batches, std::vector<std::size_t>{3});
  ASSERT_EQ(issued.size(), 3u);
  const Certificate root = Certificate::Parse(root_.der);
  for (std::size_t i = 0; i < issued.size(); ++i) {
    const Certificate certificate = Certificate::Parse(issued[i].der);
    const std::string name(1, static_cast<char>('a' + i));
    EXPECT_TRUE(certificate.SignedBy(root));
    EXPECT_EQ(NameToString(certificate.subject()), "CN=" + name);
    EXPECT_EQ(issued[i].reservation.endpoint(), name);
    EXPECT_EQ(ToHex(certificate.serial()), SerialHex(issued[i].reservation.serial()));
    EXPECT_EQ(certificate.not_before(), issued[i].not_before);
    EXPECT_EQ(certificate.not_after(), issued[i].not_after);
    EXPECT_EQ(certificate.spki(), LeafSpki());
    EXPECT_EQ(certificate.authority_key_identifier(), root.subject_key_identifier());
  }
}

TEST_F(IssuerTest, ManyThreadsIssueAtOnce) {
  constexpr std::size_t kThreads = 4, kEach = 8;
  std::vector<std::vector<Reservation>> reservations(kThreads);
  for (auto& mine : reservations) {
    for (std::size_t i = 0; i < kEach; ++i) mine.push_back(Reserve("host"));
  }
  std::vector<std::vector<IssuedCertificate>> issued(kThreads);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      std::vector<PreparedCertificate> prepared;
      for (Reservation& reservation : reservations[t]) {
        prepared.push_back(issuer_.Prepare(reservation, LeafSpec("CN=host"), LeafSpki(), now_));
      }
      issued[t] = issuer_.Sign(std::move(prepared));
    });
  }
  for (std::thread& thread : threads) thread.join();
  const Certificate root = Certificate::Parse(root_.der);
  for (const auto& mine : issued) {
    ASSERT_EQ(mine.size(), kEach);
    for (const auto& one : mine) EXPECT_TRUE(Certificate::Parse(one.der).SignedBy(root));
  }
}

TEST_F(IssuerTest, ARootSignsItself) {
  const Certificate root = Certificate::Parse(root_.der);
  EXPECT_EQ(root.issuer(), root.subject());
  EXPECT_TRUE(root.is_ca());
  EXPECT_EQ(FormatRfc3339(root.not_before()), "2026-02-28T12:00:00Z");
  temp_.Write("root.pem", PemEncode("CERTIFICATE", root_.der));
  const auto verified =
      RunProgram({"openssl", "verify", "-x509_strict", "-attime",
                  std::to_string(now_.time_since_epoch().count()), "-check_ss_sig", "-CAfile",
                  temp_ / "root.pem", temp_ / "root.pem"});
  EXPECT_TRUE(verified.ok()) << verified;
}

TEST_F(IssuerTest, AKeyOfAnotherCertificateIsRefused) {
  const auto other = MakeSoftwareSigner(EcIdentity().key.pkcs8());
  const auto error = ThrownBy([&] { Issuer(IssuerCertificate::Parse(root_.der), *other); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), ErrorKind::kAuthority);
  EXPECT_NE(std::string(error->what()).find("does not belong"), std::string::npos);
}

TEST_F(IssuerTest, OnlyACaCertificateIssues) {
  CertificateSpec mute = CaSpec("CN=CRLs only");
  const Bytes ca = SignWith(CaKey(), mute.subject, mute, CaKey().spki());
  EXPECT_NO_THROW(IssuerCertificate::Parse(ca));
  mute.key_usage = key_usage::kCrlSign;
  const Bytes crl_only = SignWith(CaKey(), mute.subject, mute, CaKey().spki());
  for (const Bytes& der : {EcIdentity().certificate, crl_only, Bytes{}, Bytes{0x30, 0x00}}) {
    const auto error = ThrownBy([&] { IssuerCertificate::Parse(der); });
    ASSERT_TRUE(error) << ToHex(der);
    EXPECT_EQ(error->kind(), ErrorKind::kAuthority);
  }
}

}  // namespace
}  // namespace fleetmint

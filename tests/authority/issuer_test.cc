// The issuer: the dates it gives, what it refuses to sign, and that a serial is used once.
#include "engine/authority/issuer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
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
        root_(SelfSign(ReserveRoot(), CaSpec("CN=Root", "10y"), *signer_, now_)),
        certificate_(Certificate::Parse(root_.der)) {
    ledger_.BindOutput("fleet", "out");
    run_ = ledger_.BeginRun("fleet", {"missing", now_}, random_, now_);
    issuer_id_ =
        ledger_.CommitIssuer(std::move(root_.reservation), root_.der, {1}, IssuerState::kCurrent);
    issuer_.emplace(issuer_id_, IssuerCertificate::Of({&certificate_, 1}), *signer_);
  }

  static const PrivateKey& CaKey() {
    static const PrivateKey key = NewKey({KeyAlgorithm::kEcdsa, 256});
    return key;
  }
  static const Bytes& LeafSpki() { return EcIdentity().key.spki(); }

  Reservation ReserveRoot() {
    NewIssuer root;
    root.tier = "root";
    root.leaves = true;
    return ledger_.ReserveIssuer(root, random_, now_);
  }
  Reservation Reserve(const std::string& endpoint, std::optional<Time> end_bound = std::nullopt) {
    return std::move(ledger_
                         .Reserve(run_, {&endpoint, 1},
                                  {issuer_id_, end_bound.value_or(certificate_.not_after())},
                                  streams_, now_)
                         .front());
  }

  IssuedCertificate SignOne(Reservation reservation, const CertificateSpec& spec, Time now) {
    SigningBatch batch = issuer_->NewBatch();
    batch.Prepare(reservation, spec, LeafSpki(), now);
    return std::move(std::move(batch).Sign().front());
  }
  IssuedCertificate SignOne(const Validity& validity, Time now) {
    CertificateSpec spec = LeafSpec("CN=ws-0001");
    spec.validity = validity;
    return SignOne(Reserve("ws-0001"), spec, now);
  }

  const Time now_ = ParseRfc3339("2026-03-01T12:00:00Z");
  TempDir temp_;
  SystemRandom random_;
  SystemStreams streams_{random_};
  Ledger ledger_ = Ledger::Create(temp_ / "ledger.db", "test-authority");
  std::unique_ptr<Signer> signer_;
  IssuedCertificate root_;
  Certificate certificate_;
  std::int64_t issuer_id_ = 0;
  fleetmint::Run run_;
  std::optional<Issuer> issuer_;
};

constexpr Seconds kDay{86400};

TEST_F(IssuerTest, DatesAreBackdatedAndAsLongAsAsked) {
  const auto prepared = SignOne(Validity{365 * kDay, Seconds{600}, Seconds{0}}, now_);
  EXPECT_EQ(FormatRfc3339(prepared.not_before), "2026-03-01T11:50:00Z");
  EXPECT_EQ(FormatRfc3339(prepared.not_after), "2027-03-01T12:00:00Z");
  EXPECT_FALSE(prepared.clamped);
}

// Jitter is subtracted, and spread evenly over the rows of the ledger: any run of neighbours fills
// the span without a gap much wider than the even one.
TEST_F(IssuerTest, JitterSpreadsNeighboursEvenly) {
  const Seconds jitter = 14 * kDay;
  std::vector<std::int64_t> taken;
  for (int i = 0; i < 40; ++i) {
    const auto issued = SignOne(Validity{365 * kDay, Seconds{600}, jitter}, now_);
    const Seconds off = now_ + 365 * kDay - issued.not_after;
    EXPECT_GE(off, Seconds{0});
    EXPECT_LT(off, jitter);
    taken.push_back(off.count());
  }
  std::sort(taken.begin(), taken.end());
  std::int64_t widest = std::max(taken.front(), jitter.count() - taken.back());
  for (std::size_t i = 1; i < taken.size(); ++i) widest = std::max(widest, taken[i] - taken[i - 1]);
  EXPECT_LT(widest, 2 * jitter.count() / 40) << "forty certificates leave a gap";
}

// At most a tenth of the validity is taken.
TEST_F(IssuerTest, JitterNeverTakesMoreThanATenth) {
  for (int i = 0; i < 40; ++i) {
    const auto issued = SignOne(Validity{10 * kDay, Seconds{600}, 9 * kDay}, now_);
    EXPECT_GE(issued.not_after, now_ + 9 * kDay);
  }
}

// A reservation names the end that the ledger, and so its CRLs, counts with.
TEST_F(IssuerTest, DatesStayWithinTheReservation) {
  const Time bound = now_ + 30 * kDay;
  const auto issued = SignOne(Reserve("ws-0001", bound), LeafSpec("CN=ws-0001"), now_);
  EXPECT_EQ(issued.not_after, bound);
  EXPECT_TRUE(issued.clamped);
}

TEST_F(IssuerTest, DatesStayWithinTheIssuers) {
  const Time begin = issuer_->certificate().not_before, end = issuer_->certificate().not_after;
  const auto early = SignOne(Validity{kDay, Seconds{600}, Seconds{0}}, begin + Seconds{60});
  EXPECT_EQ(early.not_before, begin);
  const auto late = SignOne(Validity{365 * kDay, Seconds{600}, Seconds{0}}, end - 100 * kDay);
  EXPECT_EQ(late.not_after, end);
  EXPECT_TRUE(late.clamped);
  const auto exact = SignOne(Validity{100 * kDay, Seconds{600}, Seconds{0}}, end - 100 * kDay);
  EXPECT_EQ(exact.not_after, end);
  EXPECT_FALSE(exact.clamped);
}

TEST_F(IssuerTest, UnderAQuarterOfTheValidityIsRefused) {
  const Time begin = issuer_->certificate().not_before, end = issuer_->certificate().not_after;
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
    const auto error =
        ThrownBy([&] { Issuer::CheckValidity(issuer_->certificate(), year, c.now); });
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
    SigningBatch batch = issuer_->NewBatch();
    const auto error = ThrownBy([&] { batch.Prepare(reservation, spec, LeafSpki(), now_); });
    ASSERT_TRUE(error) << c.rule;
    EXPECT_EQ(error->kind(), ErrorKind::kEndpoint);
    EXPECT_NE(std::string(error->what()).find(c.rule), std::string::npos) << error->what();
    EXPECT_NE(std::string(error->what()).find("'ws-0001'"), std::string::npos) << error->what();
    EXPECT_EQ(batch.size(), 0u);
    const auto issued = SignOne(std::move(reservation), LeafSpec("CN=ws-0001"), now_);
    EXPECT_EQ(issued.reservation.serial(), serial);
  }
}

// A serial that could be prepared twice could be signed twice.
TEST_F(IssuerTest, AReservationIsConsumed) {
  Reservation reservation = Reserve("ws-0001");
  const Serial serial = reservation.serial();
  SigningBatch batch = issuer_->NewBatch();
  batch.Prepare(reservation, LeafSpec("CN=first"), LeafSpki(), now_);
  EXPECT_TRUE(reservation.spent());
  EXPECT_THROW(batch.Prepare(reservation, LeafSpec("CN=second"), LeafSpki(), now_), Error);
  EXPECT_THROW(issuer_->NewBatch().Prepare(reservation, LeafSpec("CN=x"), LeafSpki(), now_), Error);
  const auto issued = std::move(batch).Sign();
  ASSERT_EQ(issued.size(), 1u);
  EXPECT_EQ(issued[0].reservation.serial(), serial);
  // NOLINTNEXTLINE(bugprone-use-after-move): a batch that was signed is empty
  EXPECT_TRUE(std::move(batch).Sign().empty()) << "a batch was signed twice";
}

// What one issuer's record says must not come out under another one's name.
TEST_F(IssuerTest, AnotherIssuersReservationIsRefused) {
  const Issuer other(issuer_id_ + 1, IssuerCertificate::Of({&certificate_, 1}), *signer_);
  Reservation reservation = Reserve("ws-0001");
  SigningBatch batch = other.NewBatch();
  const auto error =
      ThrownBy([&] { batch.Prepare(reservation, LeafSpec("CN=x"), LeafSpki(), now_); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), ErrorKind::kLedger);
  EXPECT_FALSE(reservation.spent());
}

TEST_F(IssuerTest, SignsABatchInOneCallAndInOrder) {
  CountingSigner counting(MakeSoftwareSigner(CaKey().pkcs8()));
  const Issuer issuer(issuer_id_, IssuerCertificate::Of({&certificate_, 1}), counting);
  SigningBatch batch = issuer.NewBatch();
  for (const std::string name : {"a", "b", "c"}) {
    Reservation reservation = Reserve(name);
    batch.Prepare(reservation, LeafSpec("CN=" + name), LeafSpki(), now_);
  }
  const auto issued = std::move(batch).Sign();
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
      SigningBatch batch = issuer_->NewBatch();
      for (Reservation& reservation : reservations[t]) {
        batch.Prepare(reservation, LeafSpec("CN=host"), LeafSpki(), now_);
      }
      issued[t] = std::move(batch).Sign();
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
  const auto error = ThrownBy([&] {
    Issuer(1, IssuerCertificate::Of({&certificate_, 1}), *other);
  });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), ErrorKind::kAuthority);
  EXPECT_NE(std::string(error->what()).find("does not belong"), std::string::npos);
}

IssuerCertificate OfOne(ByteView der) {
  const Certificate certificate = Certificate::Parse(der);
  return IssuerCertificate::Of({&certificate, 1});
}

// A path ends with its first certificate that ends, wherever that stands.
TEST_F(IssuerTest, CertificatesEndWithTheFirstOfTheChain) {
  CertificateSpec above = CaSpec("CN=Above");
  above.validity.duration = 100 * kDay;
  const Certificate brief =
      Certificate::Parse(SignWith(CaKey(), above.subject, above, CaKey().spki()));
  ASSERT_LT(brief.not_after(), certificate_.not_after());
  const std::vector<Certificate> chain{certificate_, brief};
  const IssuerCertificate issuer = IssuerCertificate::Of(chain);
  EXPECT_EQ(issuer.not_after, brief.not_after());
  EXPECT_EQ(issuer.ends, "CN=Above");
  EXPECT_EQ(issuer.subject, certificate_.subject());
}

TEST_F(IssuerTest, OnlyACaCertificateIssues) {
  CertificateSpec mute = CaSpec("CN=CRLs only");
  const Bytes ca = SignWith(CaKey(), mute.subject, mute, CaKey().spki());
  EXPECT_NO_THROW(OfOne(ca));
  mute.key_usage = key_usage::kCrlSign;
  const Bytes crl_only = SignWith(CaKey(), mute.subject, mute, CaKey().spki());
  for (const Bytes& der : {EcIdentity().certificate, crl_only}) {
    const auto error = ThrownBy([&] { OfOne(der); });
    ASSERT_TRUE(error) << ToHex(der);
    EXPECT_EQ(error->kind(), ErrorKind::kAuthority);
  }
}

}  // namespace
}  // namespace fleetmint

#include "engine/x509/lint_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/der.h"
#include "engine/base/error.h"
#include "engine/x509/tbs_certificate.h"

namespace fleetmint {
namespace {

const Bytes kEmptyName = FromHex("3000");
const Bytes kSpki = FromHex("300a300506032b6570030100");  // Ed25519, and a key of no octets

constexpr const char* kVersion3 = "a003020102";

// Tbs gives a whole TBSCertificate with this list of extensions; all three in DER or not.
Bytes Tbs(std::string_view extensions, std::string_view version = kVersion3,
          std::string_view before_extensions = "") {
  DerWriter writer;
  writer.Sequence([&](DerWriter& tbs) {
    tbs.Raw(FromHex(version)).Integer(5);
    tbs.Raw(EncodeAlgorithmIdentifier(SignatureAlgorithm::kEcdsaSha256)).Raw(kEmptyName);
    tbs.Sequence([](DerWriter& validity) {
      validity.Time(ParseRfc3339("2049-12-31T23:59:59Z"));
      validity.Time(ParseRfc3339("2050-01-01T00:00:00Z"));
    });
    tbs.Raw(kEmptyName).Raw(kSpki).Raw(FromHex(before_extensions));
    tbs.Context(3, [&](DerWriter& tagged) {
      tagged.Sequence([&](DerWriter& list) { list.Raw(FromHex(extensions)); });
    });
  });
  return writer.Take();
}

bool Reads(const Bytes& tbs) {
  try {
    ReadTbs(tbs);
    return true;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    return false;
  }
}

// critical basic constraints CA:TRUE, path length 3
constexpr const char* kConstraints = "30120603551d130101ff040830060101ff020103";

TEST(LintReaderTest, ReadsEveryField) {
  const Bytes tbs = Tbs(kConstraints);
  const TbsFields fields = ReadTbs(tbs);
  EXPECT_EQ(fields.version, 3u);
  EXPECT_EQ(ToHex(fields.serial), "05");
  EXPECT_EQ(ToHex(fields.issuer), "3000");
  EXPECT_EQ(ToHex(fields.subject), "3000");
  EXPECT_EQ(ToHex(fields.spki), ToHex(kSpki));
  EXPECT_EQ(FormatRfc3339(fields.not_before), "2049-12-31T23:59:59Z");  // UTCTime
  EXPECT_EQ(FormatRfc3339(fields.not_after), "2050-01-01T00:00:00Z");   // GeneralizedTime
  ASSERT_EQ(fields.extensions.size(), 1u);
  EXPECT_TRUE(fields.IsCritical("2.5.29.19"));
  EXPECT_FALSE(fields.IsCritical("2.5.29.15"));
  EXPECT_EQ(fields.Find("2.5.29.15"), nullptr);
  EXPECT_TRUE(fields.is_ca);
  EXPECT_EQ(fields.path_length, 3u);
}

// Other forms of BER, and what fleetmint does not write: if one of these were read, a certificate
// could say more than the rules of the lint look at.
TEST(LintReaderTest, RefusesWhatIsNotDerOrNotOurs) {
  struct Variant {
    const char *what, *sound, *other;  // extensions that differ in `what` alone
  };
  const Variant variants[] = {
      {"length of two octets", kConstraints, "3081120603551d130101ff040830060101ff020103"},
      {"indefinite length", kConstraints, "30800603551d130101ff040830060101ff0201030000"},
      {"length of two octets in the value", kConstraints,
       "30130603551d130101ff04093081060101ff020103"},
      {"indefinite length in the value", kConstraints,
       "30140603551d130101ff040a30800101ff0201030000"},
      {"TRUE as 01", kConstraints, "30120603551d13010101040830060101ff020103"},
      {"FALSE, the default", kConstraints, "30120603551d13010100040830060101ff020103"},
      {"TRUE as 01 in the value", kConstraints, "30120603551d130101ff04083006010101020103"},
      {"FALSE in the value", kConstraints, "30120603551d130101ff04083006010100020103"},
      {"a field more", kConstraints, "30150603551d130101ff040b30090101ff020103020103"},
      {"NULL behind the value", kConstraints, "30140603551d130101ff040a30060101ff0201030500"},
      {"NULL behind the extension", kConstraints, "30140603551d130101ff040830060101ff0201030500"},
      {"SAN [8], not [2]", "300e0603551d11040730058203614062", "300e0603551d11040730058803614062"},
      {"SAN [4], not [1]", "300e0603551d11040730058103614062", "300e0603551d11040730058403614062"},
      {"an otherName that is no UPN",
       "301e0603551d1104173015a013060a2b060104018237140203a0050c03614062",
       "301e0603551d1104173015a013060a2b060104018237140204a0050c03614062"},
      {"a UPN in an IA5String", "301e0603551d1104173015a013060a2b060104018237140203a0050c03614062",
       "301e0603551d1104173015a013060a2b060104018237140203a0051603614062"},
      {"an access that is not OCSP",
       "301d06082b060105050701010411300f300d06082b06010505073001860161",
       "301d06082b060105050701010411300f300d06082b06010505073003860161"},
      {"excluded subtrees", "30130603551d1e040c300aa00830068204636f7270",
       "30130603551d1e040c300aa10830068204636f7270"},
      {"key usage of 24 bits", "300b0603551d0f040403020780", "300d0603551d0f0406030400800000"},
  };
  for (const Variant& variant : variants) {
    EXPECT_TRUE(Reads(Tbs(variant.sound))) << variant.what;
    EXPECT_FALSE(Reads(Tbs(variant.other))) << variant.what;
  }
  EXPECT_FALSE(Reads(Tbs(kConstraints, "a006020102020102"))) << "two versions";
  EXPECT_FALSE(Reads(Tbs(kConstraints, kVersion3, "810100"))) << "an issuer's unique identifier";
}

TEST(LintReaderTest, ReadsOlderVersionsForTheLintToName) {
  EXPECT_EQ(ReadTbs(Tbs("", "")).version, 1u);
  EXPECT_EQ(ReadTbs(Tbs("", "a003020101")).version, 2u);
}

// A copy that is cut off anywhere is refused, and nothing is read beyond it (under
// AddressSanitizer).
TEST(LintReaderTest, RefusesWhatIsCutOff) {
  const Bytes whole = Tbs(kConstraints);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(Reads(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size))))
        << size;
  }
}

TEST(LintReaderTest, RefusesDeepNesting) {
  std::string nest;
  for (int level = 0; level < 40; ++level) {
    nest.insert(0, "30" + ToHex(Bytes{static_cast<std::uint8_t>(nest.size() / 2)}));
  }
  EXPECT_THAT([&] { ReadTbs(Tbs("", kVersion3, nest)); },
              testing::ThrowsMessage<Error>(testing::HasSubstr("deeper than 32 levels")));
}

}  // namespace
}  // namespace fleetmint

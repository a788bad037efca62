// EC keys: the scalar's bounds, and the encoding as openssl writes and Botan reads it.
#include "engine/keys/ec_keygen.h"

#include <botan/ec_group.h>
#include <botan/ecdsa.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "engine/base/ber.h"
#include "engine/base/botan_compat.h"
#include "engine/keys/load_key.h"

namespace fleetmint {
namespace {

// Gives what it is told, one value a call.
class ScriptedSource final : public RandomSource {
 public:
  explicit ScriptedSource(std::vector<Botan::BigInt> values) : values_(std::move(values)) {}
  void Fill(std::span<std::uint8_t> out) override {
    const auto bytes = Botan::BigInt::encode_1363(values_.at(next_++), out.size());
    std::copy(bytes.begin(), bytes.end(), out.begin());
  }
  std::size_t asked() const { return next_; }

 private:
  std::vector<Botan::BigInt> values_;
  std::size_t next_ = 0;
};

TEST(DrawScalarTest, LiesWithinItsBounds) {
  for (const char* curve : {"secp256r1", "secp384r1"}) {
    const Botan::BigInt order = botan_compat::NamedCurve(curve).get_order();
    for (const Botan::BigInt& good : {Botan::BigInt(1), order - 1}) {
      ScriptedSource source({Botan::BigInt(0), order, order + 1, good});
      const SecretBytes scalar = DrawScalar(source, order);
      EXPECT_EQ(Botan::BigInt(scalar.data(), scalar.size()), good) << curve;
      EXPECT_EQ(scalar.size(), order.bytes()) << "a small scalar keeps its length";
      EXPECT_EQ(source.asked(), 4u);
    }
  }
}

TEST(EcKeyTest, IsItsScalarAndPoint) {
  for (const std::uint32_t bits : {256U, 384U}) {
    SystemRandom random;
    SystemStreams streams(random);
    RandomStream scalar = streams.Open({}), test = streams.Open({});
    const PrivateKey key = GenerateEcdsaKey(bits, scalar, test);
    const auto read = LoadPkcs8(key.pkcs8());
    const auto* const ec = dynamic_cast<const Botan::EC_PrivateKey*>(read.get());
    ASSERT_NE(ec, nullptr);
    EXPECT_EQ(ec->domain().get_p_bits(), bits);
    EXPECT_EQ(Bytes(read->subject_public_key()), key.spki());
    // RFC 5958 2 and RFC 5915 3: version, scalar in full length, curve, public point.
    BerReader info = BerReader(key.pkcs8()).Enter(ber::kSequence, "PrivateKeyInfo");
    info.SmallInteger();
    const ByteView algorithm = info.Next().encoded;
    const SecretBytes wrapped = info.OctetString();
    BerReader own = BerReader(wrapped).Enter(ber::kSequence, "ECPrivateKey");
    EXPECT_EQ(own.SmallInteger(), 1u);
    EXPECT_EQ(own.OctetString().size(), bits / 8);
    const std::string curve = own.Enter(ber::Context(0), "the curve").Oid();
    EXPECT_EQ(curve, bits == 256 ? "1.2.840.10045.3.1.7" : "1.3.132.0.34");
    const ByteView point = own.Enter(ber::Context(1), "the point").BitString("the point");
    BerReader spki = BerReader(key.spki()).Enter(ber::kSequence, "SubjectPublicKeyInfo");
    EXPECT_TRUE(std::ranges::equal(spki.Next().encoded, algorithm));
    EXPECT_TRUE(std::ranges::equal(spki.BitString("the point"), point));
    own.ExpectEnd("ECPrivateKey");
  }
}

}  // namespace
}  // namespace fleetmint

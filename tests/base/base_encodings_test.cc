// Base32 and base64 by the vectors of RFC 4648 section 10.
#include <gtest/gtest.h>

#include <string>

#include "engine/base/base32.h"
#include "engine/base/base64.h"
#include "engine/base/error.h"
#include "tests/support/verdict.h"

namespace fleetmint {
namespace {

struct Vector {
  const char* text;
  const char* base32;  // without padding
  const char* base64;
};
constexpr Vector kVectors[] = {
    {"", "", ""},
    {"f", "MY", "Zg=="},
    {"fo", "MZXQ", "Zm8="},
    {"foo", "MZXW6", "Zm9v"},
    {"foob", "MZXW6YQ", "Zm9vYg=="},
    {"fooba", "MZXW6YTB", "Zm9vYmE="},
    {"foobar", "MZXW6YTBOI", "Zm9vYmFy"},
};

// If this failed, every derived password would be another one.
TEST(Base32Test, Rfc4648Vectors) {
  for (const Vector& v : kVectors) {
    const std::string expected = v.base32;
    for (std::size_t digits = 0; digits <= expected.size() + 3; ++digits) {
      EXPECT_EQ(AsText(Base32(AsBytes(v.text), digits)), expected.substr(0, digits)) << v.text;
    }
  }
}

TEST(Base64Test, Rfc4648Vectors) {
  for (const Vector& v : kVectors) {
    EXPECT_EQ(Base64Encode(AsBytes(v.text)), v.base64);
    EXPECT_EQ(AsText(Base64Decode(v.base64)), v.text);
  }
}

TEST(Base64Test, EveryByteRoundTrips) {
  Bytes bytes;
  for (int i = 0; i < 600; ++i) {
    EXPECT_EQ(Base64Decode(Base64Encode(bytes)), bytes);
    bytes.push_back(static_cast<std::uint8_t>(i * 167));
  }
}

// Two texts of one value would be two digests of one thing.
TEST(Base64Test, WhatIsNotCanonicalIsDamage) {
  for (const char* text : {"Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm9v ", "Zm 9v", "Zm9v\n",
                           "====", "Zg==Zg==", "Zm9_", "Zm9-", "Zm9\xC3"}) {
    EXPECT_EQ(VerdictOf([&] { Base64Decode(text); }), "damaged") << text;
  }
}

}  // namespace
}  // namespace fleetmint

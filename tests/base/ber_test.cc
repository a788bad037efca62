// BerReader on what is malformed, and PEM around it: each refusal is damage, by its cause.
#include "engine/base/ber.h"

#include <gtest/gtest.h>

#include <functional>

#include "engine/base/error.h"
#include "engine/base/pem.h"
#include "tests/support/verdict.h"

namespace fleetmint {
namespace {

void ReadAll(BerReader reader) {
  while (!reader.AtEnd()) {
    const BerElement element = reader.Next();
    if ((element.tag & ber::kConstructed) != 0) ReadAll(BerReader(element.content));
  }
}

// If this failed, a reader would run past its input, or down the stack without end.
TEST(BerReaderTest, WhatIsMalformedIsDamage) {
  std::string nested;
  for (int i = 0; i < 40; ++i) nested += "3080";
  for (const std::string& hex :
       {std::string("30"), std::string("1f0100"), std::string("0480"), std::string("0402aa"),
        std::string("30850000000001"), std::string("3082ff"), std::string("308004010a"),
        std::string("3003040500"), std::string("0484ffffffff"), nested}) {
    const Bytes input = FromHex(hex);
    EXPECT_EQ(VerdictOf([&] { ReadAll(BerReader(input)); }), "damaged") << hex;
  }
}

TEST(BerReaderTest, WhatIsNotExpectedIsDamage) {
  struct Case {
    const char* hex;
    std::function<void(BerReader)> read;
  };
  for (const Case& c :
       {Case{"", [](BerReader r) { r.Expect(0, "nothing"); }},
        Case{"0500", [](BerReader r) { r.Enter(ber::kSequence, "a list"); }},
        Case{"0500", [](BerReader r) { r.ExpectEnd("nothing"); }},
        Case{"0200", [](BerReader r) { r.SmallInteger(); }},
        Case{"0201ff", [](BerReader r) { r.SmallInteger(); }},
        Case{"0209010000000000000000", [](BerReader r) { r.SmallInteger(); }},
        Case{"0600", [](BerReader r) { r.Oid(); }}, Case{"060188", [](BerReader r) { r.Oid(); }},
        Case{"060bffffffffffffffffffff7f", [](BerReader r) { r.Oid(); }},
        Case{"0500", [](BerReader r) { r.OctetString(); }},
        Case{"0300", [](BerReader r) { r.BitString("bits"); }},
        Case{"030201fe", [](BerReader r) { r.BitString("bits"); }},
        Case{"0400", [](BerReader r) { r.BitString("bits"); }},
        Case{"24020500", [](BerReader r) { r.OctetString(); }}}) {
    const Bytes input = FromHex(c.hex);
    EXPECT_EQ(VerdictOf([&] { c.read(BerReader(input)); }), "damaged") << c.hex;
  }
}

TEST(BerReaderTest, BitStringsOfWholeOctetsAreRead) {
  const Bytes input = FromHex("0301000303000180");
  BerReader reader(input);
  EXPECT_EQ(ToHex(reader.BitString("none")), "");
  EXPECT_EQ(ToHex(reader.BitString("two")), "0180");
}

TEST(BerReaderTest, PiecesOfConstructedStringsAreJoined) {
  const Bytes input = FromHex("24800402010224030401030000");
  BerReader reader(input);
  EXPECT_EQ(ToHex(reader.OctetString()), "010203");
  EXPECT_TRUE(reader.AtEnd());
}

TEST(PemTest, DamageIsTold) {
  const auto verdict = [](const char* text) { return VerdictOf([&] { PemDecodeAll(text); }); };
  EXPECT_EQ(verdict("no block"), "opened");
  EXPECT_EQ(verdict("-----BEGIN X-----\nMAA=\n-----END X-----\n"), "opened");
  EXPECT_EQ(verdict("-----BEGIN X-----\nMAA=\n"), "damaged");
  EXPECT_EQ(verdict("-----BEGIN X-----\n????\n-----END X-----\n"), "damaged");
}

// RFC 1421 4.4: of what stands before the empty line, how the block is encrypted is kept.
TEST(PemTest, HeadersAreNoContent) {
  for (const char* line_end : {"\n", "\r\n"}) {
    std::string text =
        "-----BEGIN X-----|Proc-Type: 4,ENCRYPTED|DEK-Info: AES-128-CBC,00FF|"
        "Comment: a|  b|| MAA=|-----END X-----|";
    for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos;) {
      text.replace(at, 1, line_end);
    }
    const auto blocks = PemDecodeAll(text);
    ASSERT_EQ(blocks.size(), 1u);
    EXPECT_EQ(blocks[0].dek_info, "AES-128-CBC,00FF");
    EXPECT_EQ(ToHex(blocks[0].der), "3000");
  }
  EXPECT_EQ(ToHex(PemDecodeAll("-----BEGIN X-----MAA=-----END X-----")[0].der), "3000");
  EXPECT_EQ(PemDecodeAll("-----BEGIN X-----\n  MAA=\n-----END X-----\n")[0].dek_info, "");
}

TEST(PemTest, BlocksRoundTripAtEveryLength) {
  Bytes der;
  for (int i = 0; i < 200; ++i) {
    const std::string text = "before\n" + PemEncode("A LABEL", der) + "between\n" +
                             PemEncode("CERTIFICATE", der) + "after";
    const auto blocks = PemDecodeAll(text);
    ASSERT_EQ(blocks.size(), 2u);
    EXPECT_EQ(blocks[0].label, "A LABEL");
    EXPECT_EQ(Bytes(blocks[1].der.begin(), blocks[1].der.end()), der);
    der.push_back(static_cast<std::uint8_t>(i * 37));
  }
}

}  // namespace
}  // namespace fleetmint

// Names: text and DER of a distinguished name, and the limits that a certificate must keep.
#include "engine/x509/name.h"

#include <gtest/gtest.h>

#include "engine/base/error.h"

namespace fleetmint {
namespace {

using Attributes = std::vector<Name::Attribute>;

std::string ParseError(std::string_view text) {
  try {
    Name::Parse(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    EXPECT_FALSE(error.faults().front().hint.empty()) << text << ": an error without a remedy";
    return error.what();
  }
  return "";
}

// The order of the text is the order of the DER; types are read in either case and by their
// aliases.
TEST(NameTest, ParseReadsAttributesInOrder) {
  struct Case {
    const char* text;
    Attributes attributes;
  };
  const std::vector<Case> cases{
      {"", {}},
      {"   ", {}},
      {"CN=ws-0001", {{"CN", "ws-0001"}}},
      {"CN=x, O=y", {{"CN", "x"}, {"O", "y"}}},
      {"O=y,CN=x", {{"O", "y"}, {"CN", "x"}}},
      {"  cn = x  ,  ou =  two words  ", {{"CN", "x"}, {"OU", "two words"}}},
      {"S=Bavaria", {{"ST", "Bavaria"}}},
      {"emailAddress=a@b.example", {{"E", "a@b.example"}}},
      {"OU=a, OU=b", {{"OU", "a"}, {"OU", "b"}}},
      {"CN=a=b", {{"CN", "a=b"}}},
      {"CN=, O=y", {{"CN", ""}, {"O", "y"}}},
      {R"(O=Example\, Inc.)", {{"O", "Example, Inc."}}},
      {R"(CN=\ edge\ )", {{"CN", " edge "}}},
      {R"(CN=a\ \  , O=y)", {{"CN", "a  "}, {"O", "y"}}},
      {R"(CN=\#1\+\"\\\<\>\;\=)", {{"CN", "#1+\"\\<>;="}}},
      {R"(CN=M\C3\BCller)", {{"CN", "M\xC3\xBCller"}}},
      {R"(CN=a\0ab)", {{"CN", "a\nb"}}},
  };
  for (const Case& c : cases) EXPECT_EQ(Name::Parse(c.text).attributes, c.attributes) << c.text;
}

TEST(NameTest, WhatIsNoNameIsRefusedWithAHint) {
  for (const char* text :
       {"ws-0001", "CN=x, y", "CNN=x", "=x", "CN=x,", "CN=x,,O=y", R"(CN=x\)", R"(CN=\zz)",
        R"(CN=\4)", "CN=a+OU=b", "CN=a\"b", "CN=a;b", "CN=<a", "CN=a>"}) {
    EXPECT_NE(ParseError(text), "") << text << " was accepted";
  }
  EXPECT_NE(ParseError("CX=x").find("unknown attribute 'CX'"), std::string::npos);
  EXPECT_NE(ParseError("STRET=x").find("did you mean 'STREET'?"), std::string::npos);
}

// A name printed into a manifest or an error is the name that was read, whatever its characters.
TEST(NameTest, TextAndDerRoundTrip) {
  std::string controls;
  for (char c = 0; c < 0x20; ++c) controls += c;
  for (const std::string& value :
       {std::string("plain"), std::string("Example, Inc."), std::string(" lead"),
        std::string("trail "), std::string("  two  "), std::string(" "), std::string("#1"),
        std::string("a#b"), std::string("a+b=c;d<e>f\"g\\h"), std::string("M\xC3\xBCller"),
        std::string("\xF0\x9F\x98\x80"), std::string("0a"), std::string("\\0a"), controls,
        std::string(), std::string("\x7F")}) {
    const Name name{{{"CN", value}, {"OU", "second"}, {"O", value}}};
    EXPECT_EQ(Name::Parse(name.ToString()), name) << name.ToString();
    EXPECT_EQ(NameToString(name.Encode()), name.ToString());
  }
}

TEST(NameTest, EveryTypeRoundTripsThroughItsOid) {
  for (const char* type : {"CN", "SN", "SERIALNUMBER", "C", "L", "ST", "STREET", "O", "OU", "T",
                           "POSTALCODE", "GN", "DC", "UID", "E"}) {
    const std::string text = std::string(type) + "=DE";
    EXPECT_EQ(NameToString(Name::Parse(text).Encode()), text);
  }
}

// Derived by hand from X.690 and RFC 5280 appendix A:
//   30 35                                       SEQUENCE, 53 octets
//     31 0B 30 09 06 03 550406 13 02 "DE"       C, PrintableString
//     31 13 30 11 06 0A 09 9226 8993F22C 64 01 19 16 03 "lan"   DC, IA5String
//     31 11 30 0F 06 03 550403 0C 08 "M", C3 BC, "ller1"   CN, UTF8String
TEST(NameTest, EncodeGivesTheDerThatWasDerivedByHand) {
  const Name name{{{"C", "DE"}, {"DC", "lan"}, {"CN", "M\xC3\xBCller1"}}};
  EXPECT_EQ(ToHex(name.Encode()),
            "3035"
            "310b3009060355040613024445"
            "31133011060a0992268993f22c6401191603"
            "6c616e"
            "3111300f06035504030c084dc3bc6c6c657231");
}

TEST(NameTest, StringTypesAreFixedByAttribute) {
  struct Case {
    const char* type;
    std::uint8_t tag;
  };
  for (const Case& c : {Case{"C", 0x13}, Case{"SERIALNUMBER", 0x13}, Case{"DC", 0x16},
                        Case{"E", 0x16}, Case{"CN", 0x0C}, Case{"O", 0x0C}, Case{"L", 0x0C}}) {
    const Bytes der = Name{{{c.type, "AB"}}}.Encode();
    EXPECT_EQ(der[der.size() - 4], c.tag) << c.type;
  }
}

TEST(NameTest, EmptyNameIsAnEmptySequence) {
  EXPECT_EQ(ToHex(Name{}.Encode()), "3000");
  EXPECT_TRUE(Name::Parse("").empty());
  EXPECT_EQ(NameToString(FromHex("3000")), "");
}

TEST(NameTest, EncodeRefusesAnUnknownType) {
  EXPECT_THROW(((Name{{{"XX", "a"}}}).Encode()), Error);
}

TEST(NameTest, LimitsOfRfc5280) {
  struct Case {
    const char* type;
    std::string good;
    std::string bad;
    const char* fault;
  };
  const std::string umlaut = "\xC3\xBC";
  std::string umlauts;  // 64 characters, 128 octets
  for (int i = 0; i < 64; ++i) umlauts += umlaut;
  const std::vector<Case> cases{
      {"CN", std::string(64, 'a'), std::string(65, 'a'), "longer than 64"},
      {"CN", umlauts, umlauts + umlaut, "longer than 64"},
      {"O", std::string(64, 'a'), std::string(65, 'a'), "longer than 64"},
      {"OU", std::string(64, 'a'), std::string(65, 'a'), "longer than 64"},
      {"L", std::string(128, 'a'), std::string(129, 'a'), "longer than 128"},
      {"DC", std::string(63, 'a'), std::string(64, 'a'), "longer than 63"},
      {"CN", "a", "", "is empty"},
      {"CN", "\xC3\xBC", "\xC3", "not valid UTF-8"},
      {"CN", "a b", "a\tb", "control character"},
      {"O", "a b", "a\x7F", "control character"},
      {"O", "a b", std::string("a\0b", 3), "control character"},
      {"C", "DE", "D", "two capital letters"},
      {"C", "DE", "de", "two capital letters"},
      {"C", "DE", "D1", "two capital letters"},
      {"C", "DE", "DEU", "two capital letters"},
      {"SERIALNUMBER", "A-1 (2)", "A_1", "outside PrintableString"},
      {"SERIALNUMBER", "A-1 (2)", "A*1", "outside PrintableString"},
      {"E", "a@b.example", "\xC3\xBC@b.example", "outside ASCII"},
  };
  for (const Case& c : cases) {
    EXPECT_TRUE(NameFaults({{{c.type, c.good}}}).empty()) << c.type << "=" << c.good;
    const auto faults = NameFaults({{{c.type, c.bad}}});
    ASSERT_FALSE(faults.empty()) << c.type << "=" << c.bad << " was accepted";
    bool named = false;
    for (const auto& fault : faults)
      named = named || fault.message.find(c.fault) != std::string::npos;
    EXPECT_TRUE(named) << c.type << ": " << faults.front().message;
  }
  EXPECT_EQ(NameFaults({{{"XX", "a"}}}).size(), 1u);
  EXPECT_EQ(NameFaults({{{"CN", ""}, {"C", "D1X"}}}).size(), 3u) << "not all faults were given";
}

// Names of CAs that others made: BMPString, an unknown attribute type, a multi-valued RDN.
TEST(NameTest, NameToStringReadsForeignNames) {
  EXPECT_EQ(NameToString(FromHex("3011310f300d06035504031e06004100fc20ac")),
            "CN=A\xC3\xBC\xE2\x82\xAC");
  EXPECT_EQ(NameToString(FromHex("300c310a3008060355042a0c0141")), "GN=A");
  EXPECT_EQ(NameToString(FromHex("300c310a300806035504410c0141")), "2.5.4.65=A");
  EXPECT_EQ(NameToString(FromHex("301631143008060355040b0c0141300806035504030c0142")),
            "OU=A, CN=B");
}

TEST(NameTest, NameToStringRefusesWhatIsNoName) {
  for (const char* hex :
       {"", "3001", "040100", "3003310130", "300a3108300606035504030c", "3009310730050603550403"}) {
    EXPECT_THROW(NameToString(FromHex(hex)), Error) << hex;
  }
}

}  // namespace
}  // namespace fleetmint

// Names: text and DER of a distinguished name, and the limits that a certificate must keep.
#include "engine/x509/name.h"

#include <gtest/gtest.h>

#include "engine/base/der.h"
#include "engine/base/error.h"
#include "engine/base/text.h"

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

// The first part of the text is the last one in the DER (RFC 4514 2.1); types are read in either
// case and by their aliases.
TEST(NameTest, ParseReadsTheFirstPartAsTheLastEncoded) {
  struct Case {
    const char* text;
    Attributes attributes;
  };
  const std::vector<Case> cases{
      {"", {}},
      {"   ", {}},
      {"CN=ws-0001", {{"CN", "ws-0001"}}},
      {"CN=x, O=Acme, C=DE", {{"C", "DE"}, {"O", "Acme"}, {"CN", "x"}}},
      {"O=y,CN=x", {{"CN", "x"}, {"O", "y"}}},
      {"  cn = x  ,  ou =  two words  ", {{"OU", "two words"}, {"CN", "x"}}},
      {"S=Bavaria", {{"ST", "Bavaria"}}},
      {"organizationName=Acme, G=A, title=Dr", {{"T", "Dr"}, {"GN", "A"}, {"O", "Acme"}}},
      {"emailAddress=a@b.example", {{"E", "a@b.example"}}},
      {"OU=a, OU=b", {{"OU", "b"}, {"OU", "a"}}},
      {"CN=a=b", {{"CN", "a=b"}}},
      {"CN=, O=y", {{"O", "y"}, {"CN", ""}}},
      {R"(O=Example\, Inc.)", {{"O", "Example, Inc."}}},
      {R"(CN=\ edge\ )", {{"CN", " edge "}}},
      {R"(CN=a\ \  , O=y)", {{"O", "y"}, {"CN", "a  "}}},
      {R"(CN=\#1\+\"\\\<\>\;\=)", {{"CN", "#1+\"\\<>;="}}},
      {R"(CN=M\C3\BCller)", {{"CN", "M\xC3\xBCller"}}},
      {R"(CN=a\0ab)", {{"CN", "a\nb"}}},
      {R"(O="Acme, Inc.")", {{"O", "Acme, Inc."}}},
      {R"(CN = "x" , O="Acme, \"A+B\"; <c> \\ \2C ", C=DE)",
       {{"C", "DE"}, {"O", "Acme, \"A+B\"; <c> \\ , "}, {"CN", "x"}}},
      {R"(O="")", {{"O", ""}}},
      {R"(O="a/O=b", CN=x\2FO=y)", {{"CN", "x/O=y"}, {"O", "a/O=b"}}},
      {"CN=http://a/b?c=d, O=a/b", {{"O", "a/b"}, {"CN", "http://a/b?c=d"}}},
  };
  for (const Case& c : cases) EXPECT_EQ(Name::Parse(c.text).attributes, c.attributes) << c.text;
}

// What a record holds is the order of the encoding, and was never held to the rules of today.
TEST(NameTest, ARecordHasTheOrderOfItsEncoding) {
  const Attributes attributes{{"C", "DE"}, {"O", "A/O=B"}, {"CN", "x, y"}};
  const std::string text = R"(C=DE, O=A/O=B, CN=x\, y)";
  EXPECT_EQ(Name{attributes}.ToString(NameOrder::kEncoded), text);
  EXPECT_EQ(Name::Parse(text, NameOrder::kEncoded).attributes, attributes);
  EXPECT_EQ(Name{attributes}.ToString(), R"(CN=x\, y, O=A\2fO=B, C=DE)");
}

// The correction that a hint says: the text between its first pair of quotes behind "write".
std::string WrittenIn(const std::string& hint) {
  const std::size_t begin = hint.find("write '");
  if (begin == std::string::npos) return "";
  return hint.substr(begin + 7, hint.find('\'', begin + 7) - begin - 7);
}

// "/O=Acme/CN=x" is encoded as it stands; where the text does not say that it is this form, the
// order is that of the other parts.
TEST(NameTest, AFormWithSlashesIsRefusedWithTheRightOne) {
  struct Case {
    const char* text;
    const char* right;
  };
  for (const Case& c : {
           Case{"/C=DE/O=Acme/CN=x", "CN=x, O=Acme, C=DE"},
           Case{"/CN=x", "CN=x"},
           Case{" /O=Acme, Inc./CN=a\\/b=c", "CN=a/b=c, O=Acme\\, Inc."},
           Case{"/DC=lan/DC=corp/CN=x/emailAddress=a@b", "E=a@b, CN=x, DC=corp, DC=lan"},
           Case{"CN=x/O=Acme/C=DE", "CN=x, O=Acme, C=DE"},
           Case{"C=DE/O=Acme/CN=x", "CN=x, O=Acme, C=DE"},
           Case{"CN=x, O=Acme/C=DE", "CN=x, O=Acme, C=DE"},
           Case{"CN={host}/ O=Acme", "CN={host}, O=Acme"},
           Case{"CN=x/O=A/B", "CN=x, O=A/B"},
       }) {
    try {
      Name::Parse(c.text);
      ADD_FAILURE() << c.text << " was accepted";
    } catch (const Error& error) {
      const std::string written = WrittenIn(error.faults().front().hint);
      EXPECT_EQ(written, c.right) << c.text;
      EXPECT_EQ(Name::Parse(written).ToString(), written);
    }
  }
  try {
    Name::Parse("CN=x/O=y");
  } catch (const Error& error) {
    const std::string hint = error.faults().front().hint;
    EXPECT_NE(hint.find("'\\2F'"), std::string::npos) << hint;
    EXPECT_EQ(Name::Parse("CN=x\\2FO=y").attributes.front().value, "x/O=y");
  }
}

// Each hint that says how a character is written: where it is written so, the name is read.
TEST(NameTest, HintsOfCharactersAreFollowed) {
  struct Case {
    const char* text;
    const char* character;  // of the text, for which the hint says another
  };
  for (const Case& c :
       {Case{"CN=a\"b", "\""}, Case{"CN=a;b", ";"}, Case{"CN=<a", "<"}, Case{"CN=a>", ">"},
        Case{"CN=C++", "+"}, Case{"CN=#1", "#"}, Case{"CN=a\\", "\\"}, Case{"CN=a\\zb", "\\"},
        Case{"O=\"Acme", "\""}, Case{"CN=x,", ","}, Case{"CN=a+OU=b", "+"}, Case{"CN=a;OU=b", ";"},
        Case{"O=\"A\"+CN=x", "+"}}) {
    try {
      Name::Parse(c.text);
      ADD_FAILURE() << c.text << " was accepted";
    } catch (const Error& error) {
      const std::string written = WrittenIn(error.faults().front().hint);
      ASSERT_NE(written, "") << error.faults().front().hint;
      std::string text = c.text;
      for (std::size_t at = 0; (at = text.find(c.character, at)) != std::string::npos;) {
        text.replace(at, 1, written);
        at += written.size();
      }
      EXPECT_NO_THROW(Name::Parse(text)) << text;
    }
  }
}

TEST(NameTest, WhatIsNoNameIsRefusedWithAHint) {
  for (const char* text :
       {"ws-0001", "CN=x, y", "CNN=x", "=x", "CN=x,", "CN=x,,O=y", R"(CN=x\)", R"(CN=\zz)",
        R"(CN=\4)", "CN=a+OU=b", "CN=a\"b", "CN=a;b", "CN=<a", "CN=a>"}) {
    EXPECT_NE(ParseError(text), "") << text << " was accepted";
  }
  EXPECT_NE(ParseError("CN=a+OU=b").find("multi-valued"), std::string::npos);
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
        std::string("a#b"), std::string("a/O=b"), std::string("/CN = x"), std::string("\xC2\x9B"),
        std::string("a+b=c;d<e>f\"g\\h"), std::string("M\xC3\xBCller"),
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
  EXPECT_EQ(NameFaults({{{"C", "de"}}}).front().hint, "write 'C=DE'");
  EXPECT_EQ(NameFaults({{{"C", "DEU"}}}).back().hint, "e.g. 'C=DE'");
  EXPECT_EQ(NameFaults({{{"XX", "a"}}}).size(), 1u);
  EXPECT_EQ(NameFaults({{{"CN", ""}, {"C", "D1X"}}}).size(), 3u) << "not all faults were given";
}

// Names of CAs that others made: BMPString, an unknown attribute type, a multi-valued RDN.
TEST(NameTest, NameToStringReadsForeignNames) {
  EXPECT_EQ(NameToString(FromHex("3011310f300d06035504031e06004100fc20ac")),
            "CN=A\xC3\xBC\xE2\x82\xAC");
  EXPECT_EQ(NameToString(FromHex("300c310a3008060355042a0c0141")), "GN=A");
  EXPECT_EQ(NameToString(FromHex("300c310a300806035504410c0141")), "2.5.4.65=A");
  EXPECT_EQ(NameToString(FromHex("301631143008060355040b0c0141300806035504030c0142")), "CN=B+OU=A");
  const Name joined = ReadName(FromHex("301631143008060355040b0c0141300806035504030c0142"));
  EXPECT_EQ(joined.attributes, (Attributes{{"OU", "A"}, {"CN", "B", true}}));
  EXPECT_EQ(joined.Encode(), (Name{{{"CN", "B"}, {"OU", "A", true}}}.Encode()))
      << "members in the order of DER";
  EXPECT_EQ((Name{{{"C", "DE"}, {"OU", "A"}, {"CN", "B", true}, {"E", "x"}}}.ToString()),
            "E=x, CN=B+OU=A, C=DE");
}

// Whatever strings a foreign CA has: valid UTF-8, and nothing that steers a terminal.
TEST(NameTest, StringsOfEveryKindAreShownAsText) {
  struct Case {
    const char* what;
    std::uint8_t tag;
    const char* hex;
    const char* shown;
  };
  for (const Case& c : {
           Case{"T61String of ISO 8859-1", 0x14, "4dfc6c6c6572", "CN=M\xC3\xBCller"},
           Case{"T61String of ASCII", 0x14, "41636d65", "CN=Acme"},
           Case{"UniversalString", 0x1C, "0000004d000000fc0001f600",
                "CN=M\xC3\xBC\xF0\x9F\x98\x80"},
           Case{"UniversalString, no code points", 0x1C, "001100000000d80000000041",
                "CN=\xEF\xBF\xBD\xEF\xBF\xBD"
                "A"},
           Case{"UniversalString, cut off", 0x1C, "0000004d0000", "CN=M"},
           Case{"BMPString", 0x1E, "004d00fc", "CN=M\xC3\xBC"},
           Case{"BMPString, half a pair", 0x1E, "d8000041",
                "CN=\xEF\xBF\xBD"
                "A"},
           Case{"PrintableString", 0x13, "41636d65", "CN=Acme"},
           Case{"PrintableString with ISO 8859-1", 0x13, "4dfc", "CN=M\xC3\xBC"},
           Case{"IA5String that is UTF-8", 0x16, "4dc3bc", "CN=M\xC3\xBC"},
           Case{"NumericString", 0x12, "3132", "CN=12"},
           Case{"UTF8String that is none", 0x0C, "4dfc", "CN=M\xC3\xBC"},
           Case{"UTF8String with CSI", 0x0C, "c29b316d", "CN=\\c2\\9b1m"},
           Case{"T61String with CSI", 0x14, "9b316d1b7f", "CN=\\c2\\9b1m\\1b\\7f"},
           Case{"no string", 0x02, "01", "CN=\\#020101"},
       }) {
    DerWriter writer;
    const Bytes content = FromHex(c.hex);
    writer.Sequence([&](DerWriter& rdns) {
      rdns.Set([&](DerWriter& set) {
        set.Sequence([&](DerWriter& pair) {
          pair.Oid("2.5.4.3");
          const Bytes header{c.tag, static_cast<std::uint8_t>(content.size())};
          pair.Raw(header).Raw(content);
        });
      });
    });
    const std::string shown = NameToString(writer.bytes());
    EXPECT_EQ(shown, c.shown) << c.what;
    EXPECT_TRUE(IsValidUtf8(shown)) << c.what;
  }
}

TEST(NameTest, NameToStringRefusesWhatIsNoName) {
  for (const char* hex :
       {"", "3001", "040100", "3003310130", "300a3108300606035504030c", "3009310730050603550403"}) {
    EXPECT_THROW(NameToString(FromHex(hex)), Error) << hex;
  }
}

}  // namespace
}  // namespace fleetmint

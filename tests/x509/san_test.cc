// Subject alternative names: which DNS names and addresses a certificate may carry.
#include "engine/x509/san.h"

#include <gtest/gtest.h>

namespace fleetmint {
namespace {

// A name of `size` characters: labels of 63 and a rest.
std::string NameOfSize(std::size_t size) {
  std::string name;
  while (name.size() < size) name += name.size() % 64 == 63 ? '.' : 'a';
  return name;
}

TEST(DnsNameTest, HostNamesAreAccepted) {
  for (const std::string& name :
       {std::string("itAuth"), std::string("ws-0001"), std::string("ws-0001.corp.example.com"),
        std::string("xn--mller-kva.example"), std::string("WS-1.Example"),
        std::string("10.example"), std::string("1a"), std::string("a.1b"), std::string("a.0xg"),
        std::string("a.x0"), std::string("_service._tcp.example"), std::string("a_b.example"),
        std::string("a"), std::string(63, 'a') + ".example", NameOfSize(253)}) {
    for (const bool wildcard : {false, true}) {
      EXPECT_EQ(DnsNameFault(name, wildcard), std::nullopt) << name;
    }
  }
}

TEST(DnsNameTest, EachRuleNamesItsFault) {
  struct Case {
    std::string name;
    const char* fault;
  };
  const std::vector<Case> cases{
      {"", "it is empty"},
      {NameOfSize(254), "longer than 253"},
      {std::string(64, 'a') + ".example", "longer than 63"},
      {"a." + std::string(64, 'b'), "longer than 63"},
      {"m\xC3\xBCller.example", "A-label"},
      {".example", "empty label"},
      {"a..example", "empty label"},
      {"example.", "empty label"},
      {".", "empty label"},
      {"-a.example", "hyphen"},
      {"a-.example", "hyphen"},
      {"a.-b", "hyphen"},
      {"a b", "character ' '"},
      {"a/b", "character '/'"},
      {"a:443", "character ':'"},
      {"a@b", "character '@'"},
      {std::string("a\0b", 3), "character"},
      {"10.1", "is a number"},
      {"010.0.0.1", "is a number"},
      {"10.0.0.1", "is a number"},
      {"256.1.1.1", "is a number"},
      {"host.0x7f", "is a number"},
      {"a.0X", "is a number"},
      {"1", "is a number"},
  };
  for (const Case& c : cases) {
    const auto fault = DnsNameFault(c.name, true);
    ASSERT_TRUE(fault.has_value()) << c.name << " was accepted";
    EXPECT_NE(fault->find(c.fault), std::string::npos) << c.name << ": " << *fault;
  }
}

TEST(DnsNameTest, WildcardIsTheWholeLeftmostLabelOfAServerName) {
  EXPECT_EQ(DnsNameFault("*.example.com", true), std::nullopt);
  EXPECT_NE(DnsNameFault("*.example.com", false).value_or("").find("server_auth alone"),
            std::string::npos);
  for (const char* name : {"*", "a.*.example", "*a.example", "a*.example", "*.*.example", "**.a"}) {
    EXPECT_NE(DnsNameFault(name, true).value_or("").find("leftmost"), std::string::npos) << name;
  }
}

// What the hint of a refused name says, taken from it, is accepted in the place that it names.
TEST(DnsNameTest, HintsAreFollowed) {
  for (const char* address : {"::1", "2001:db8::1", "[::1]", "10.0.0.1"}) {
    const std::string hint = DnsNameHint(address);
    const std::size_t begin = hint.find("ip: ['") + 6;
    EXPECT_TRUE(ParseIp(hint.substr(begin, hint.find('\'', begin) - begin))) << hint;
  }
  for (const char* dotted : {"a.example.", ".a.example", ".a.example."}) {
    const std::string hint = DnsNameHint(dotted);
    EXPECT_EQ(hint.substr(7, hint.find('\'', 7) - 7), "a.example") << hint;
  }
  for (const char* number : {"10.1", "010.0.0.1", "7"}) {
    const std::string hint = DnsNameHint(number);
    const std::size_t begin = hint.find("ip: [") + 5;
    EXPECT_TRUE(ParseIp(hint.substr(begin, hint.find(']', begin) - begin))) << hint;
  }
}

struct TextCase {
  const char* text;
  const char* fault;  // "": none
};

template <std::size_t size>
void ExpectFaults(std::optional<std::string> (*fault_of)(std::string_view),
                  const TextCase (&cases)[size]) {
  for (const TextCase& c : cases) {
    const auto fault = fault_of(c.text);
    EXPECT_EQ(fault.has_value(), *c.fault != 0) << c.text << ": " << fault.value_or("accepted");
    EXPECT_NE(fault.value_or("").find(c.fault), std::string::npos) << c.text << ": " << *fault;
  }
}

TEST(SanTextTest, UrisHaveASchemeAndAHost) {
  ExpectFaults(UriFault, {{"https://a.example/x?y#z", ""},
                          {"spiffe://corp.example/agent/1", ""},
                          {"http://u:p@a.example:8080", ""},
                          {"https://10.0.0.1/", ""},
                          {"https://[2001:db8::1]:443/", ""},
                          {"urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6", ""},
                          {"tag:microsoft.com,2022-09-14:sid:S-1-5-21-1", ""},
                          {"x+y-1.z://a/%20", ""},
                          {"", "no scheme"},
                          {"a.example", "no scheme"},
                          {":x", "no scheme"},
                          {"1a://b", "no scheme"},
                          {"a_b://c", "no scheme"},
                          {"https:///x", "no host"},
                          {"https://:443/", "no host"},
                          {"mailto:a@b", "no host"},
                          {"file:/x", "no host"},
                          {"urn:", "nothing behind"},
                          {"https://a b/", "space"},
                          {"https://a/\xC3\xBC", "outside ASCII"},
                          {"https://a/<", "the character '<'"},
                          {"https://a/%2", "hexadecimal"},
                          {"https://a/%zz", "hexadecimal"},
                          {"https://a..b/", "empty label"},
                          {"https://10.1/", "is a number"},
                          {"https://[::1/", "brackets"},
                          {"https://[10.0.0.1]/", "brackets"},
                          {"https://[::1]x", "character"},
                          {"https://a:x/", "port"}});
}

TEST(SanTextTest, EmailsAreMailboxes) {
  ExpectFaults(EmailFault, {{"agent@corp.example", ""},
                            {"a.b+c_d@x", ""},
                            {"agent", "no '@'"},
                            {"@corp.example", "empty"},
                            {"a@", "its domain"},
                            {"a@b@c.example", "character"},
                            {"Agent <a@b>", "character"},
                            {"a b@c", "character"},
                            {"\"a\"@c", "character"},
                            {"\xC3\xBC@c", "character"},
                            {"a@\xC3\xBC.c", "not in ASCII"},
                            {".a@c", "a dot"},
                            {"a..b@c", "a dot"},
                            {"a@10.0.0.1", "is a number"}});
  EXPECT_TRUE(EmailFault(std::string(65, 'a') + "@b"));
  EXPECT_FALSE(EmailFault(std::string(64, 'a') + "@b"));
}

TEST(SanTextTest, UpnsAreAccountsOfADomain) {
  ExpectFaults(UpnFault, {{"svc-agent@corp.example", ""},
                          {"WS-1$@corp.example", ""},
                          {"m\xC3\xBCller@corp.example", ""},
                          {"agent", "no '@'"},
                          {"@corp.example", "no account"},
                          {"a@b@c", "two '@'"},
                          {"CORP\\a@b", "character"},
                          {"a b@c", "space"},
                          {"\xFF@b", "UTF-8"},
                          {"a@", "its domain"},
                          {"a@b..c", "its domain"}});
}

TEST(IpTest, AddressesBecomeTheirOctets) {
  struct Case {
    const char* text;
    const char* hex;
  };
  for (const Case& c :
       {Case{"10.0.0.5", "0a000005"}, Case{"255.255.255.255", "ffffffff"},
        Case{"0.0.0.0", "00000000"}, Case{"2001:db8::1", "20010db8000000000000000000000001"},
        Case{"::", "00000000000000000000000000000000"},
        Case{"::1", "00000000000000000000000000000001"},
        Case{"2001:DB8:0:0:0:0:0:A", "20010db800000000000000000000000a"},
        Case{"::ffff:10.0.0.5", "00000000000000000000ffff0a000005"}}) {
    const auto octets = ParseIp(c.text);
    ASSERT_TRUE(octets.has_value()) << c.text;
    EXPECT_EQ(ToHex(*octets), c.hex) << c.text;
    EXPECT_EQ(ParseIp(FormatIp(*octets)), octets) << c.text;
  }
}

TEST(IpTest, WhatIsNoAddressIsRefused) {
  for (const std::string& text :
       {std::string(), std::string("10.0.0"), std::string("10.0.0.256"), std::string("10.0.0.5/24"),
        std::string("10.0.0.5 "), std::string(" 10.0.0.5"), std::string("1.2.3.4.5"),
        std::string("0x7f.0.0.1"), std::string("10.0.0.5\0x", 10), std::string("host"),
        std::string("::1::"), std::string("1:2:3:4:5:6:7"), std::string("1:2:3:4:5:6:7:8:9"),
        std::string("fe80::1%eth0"), std::string("2001:db8::/32"), std::string("[::1]"),
        std::string("12345::")}) {
    EXPECT_EQ(ParseIp(text), std::nullopt) << text;
  }
}

TEST(IpTest, FormatIsTheShortForm) {
  EXPECT_EQ(FormatIp(FromHex("0a000005")), "10.0.0.5");
  EXPECT_EQ(FormatIp(FromHex("20010db8000000000000000000000001")), "2001:db8::1");
  EXPECT_EQ(FormatIp(FromHex("0a0000")), "?");
  EXPECT_EQ(FormatIp({}), "?");
}

TEST(SanTest, EmptyMeansNeitherNameNorAddress) {
  EXPECT_TRUE(SubjectAltNames{}.empty());
  EXPECT_FALSE((SubjectAltNames{{"a"}, {}}).empty());
  EXPECT_FALSE((SubjectAltNames{{}, {FromHex("0a000005")}}).empty());
}

}  // namespace
}  // namespace fleetmint

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
        std::string("10.example"), std::string("_service._tcp.example"), std::string("a_b.example"),
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
  };
  for (const Case& c : cases) {
    const auto fault = DnsNameFault(c.name, true);
    ASSERT_TRUE(fault.has_value()) << c.name << " was accepted";
    EXPECT_NE(fault->find(c.fault), std::string::npos) << c.name << ": " << *fault;
  }
}

TEST(DnsNameTest, WildcardIsTheWholeLeftmostLabelOfAServerName) {
  EXPECT_EQ(DnsNameFault("*.example.com", true), std::nullopt);
  EXPECT_NE(DnsNameFault("*.example.com", false).value_or("").find("client certificate"),
            std::string::npos);
  for (const char* name : {"*", "a.*.example", "*a.example", "a*.example", "*.*.example", "**.a"}) {
    EXPECT_NE(DnsNameFault(name, true).value_or("").find("leftmost"), std::string::npos) << name;
  }
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

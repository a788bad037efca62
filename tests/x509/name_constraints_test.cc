// Name constraints: each rule of matching, inside and outside (against OpenSSL and Go:
// tests/interop/paths_test.sh).
#include "engine/x509/name_constraints.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/der.h"
#include "engine/x509/name.h"
#include "engine/x509/san.h"

namespace fleetmint {
namespace {

// A subtree, as [context number] and its content.
struct Base {
  unsigned kind;
  std::string content;
  bool minimum = false;
};

NameConstraints Constraints(const std::vector<Base>& permitted, const std::vector<Base>& excluded) {
  DerWriter writer;
  const auto write = [](DerWriter& list, const std::vector<Base>& bases) {
    for (const Base& base : bases) {
      list.Sequence([&](DerWriter& subtree) {
        if (base.kind == 4) {
          subtree.Context(4, [&](DerWriter& name) { name.Raw(AsBytes(base.content)); });
        } else {
          subtree.ContextPrimitive(base.kind, AsBytes(base.content));
        }
        if (base.minimum) subtree.ContextPrimitive(0, Bytes{1});
      });
    }
  };
  writer.Sequence([&](DerWriter& fields) {
    if (!permitted.empty()) fields.Context(0, [&](DerWriter& list) { write(list, permitted); });
    if (!excluded.empty()) fields.Context(1, [&](DerWriter& list) { write(list, excluded); });
  });
  return NameConstraints::Read(writer.Take());
}

// A certificate's names, the SAN of one name of this kind; how many are forbidden.
std::size_t Forbidden(const NameConstraints& constraints, unsigned kind, const std::string& content,
                      const std::string& subject = "") {
  DerWriter san;
  san.Sequence([&](DerWriter& names) { names.ContextPrimitive(kind, AsBytes(content)); });
  std::size_t count = 0;
  for (const BoundName& name : BoundNames(Name::Parse(subject).Encode(), san.Take())) {
    if (constraints.Forbids(name)) ++count;
  }
  return count;
}

bool Permits(unsigned kind, const std::string& base, const std::string& name) {
  const bool permitted = Forbidden(Constraints({{kind, base}}, {}), kind, name) == 0;
  const bool excluded = Forbidden(Constraints({}, {{kind, base}}), kind, name) != 0;
  EXPECT_EQ(permitted, excluded) << base << " " << name;
  return permitted;
}

constexpr unsigned kEmail = 1, kDns = 2, kUri = 6, kIp = 7, kRegistered = 8;

TEST(NameConstraintsTest, DnsNames) {
  EXPECT_TRUE(Permits(kDns, "corp.example", "corp.example"));
  EXPECT_TRUE(Permits(kDns, "corp.example", "a.b.CORP.example"));
  EXPECT_FALSE(Permits(kDns, "corp.example", "xcorp.example"));
  EXPECT_FALSE(Permits(kDns, "corp.example", "example"));
  EXPECT_FALSE(Permits(kDns, ".corp.example", "corp.example"));
  EXPECT_TRUE(Permits(kDns, ".corp.example", "a.corp.example"));
  EXPECT_TRUE(Permits(kDns, "", "anything.example"));
}

TEST(NameConstraintsTest, EmailAddresses) {
  EXPECT_TRUE(Permits(kEmail, "corp.example", "ops@CORP.example"));
  EXPECT_FALSE(Permits(kEmail, "corp.example", "ops@a.corp.example"));
  EXPECT_TRUE(Permits(kEmail, ".corp.example", "ops@a.corp.example"));
  EXPECT_FALSE(Permits(kEmail, ".corp.example", "ops@corp.example"));
  EXPECT_TRUE(Permits(kEmail, "ops@corp.example", "ops@corp.EXAMPLE"));
  EXPECT_FALSE(Permits(kEmail, "ops@corp.example", "Ops@corp.example"));
}

TEST(NameConstraintsTest, Uris) {
  EXPECT_TRUE(Permits(kUri, "corp.example", "https://corp.example/x"));
  EXPECT_TRUE(Permits(kUri, "corp.example", "https://corp.example:8443"));
  EXPECT_FALSE(Permits(kUri, "corp.example", "https://a.corp.example/x"));
  EXPECT_TRUE(Permits(kUri, ".corp.example", "https://a.corp.example/x"));
}

TEST(NameConstraintsTest, IpAddresses) {
  const auto range = [](const char* address, const char* mask) {
    const Bytes a = *ParseIp(address), m = *ParseIp(mask);
    return std::string(a.begin(), a.end()) + std::string(m.begin(), m.end());
  };
  const auto ip = [](const char* address) {
    const Bytes a = *ParseIp(address);
    return std::string(a.begin(), a.end());
  };
  EXPECT_TRUE(Permits(kIp, range("10.0.0.0", "255.0.0.0"), ip("10.1.2.3")));
  EXPECT_FALSE(Permits(kIp, range("10.0.0.0", "255.0.0.0"), ip("11.1.2.3")));
  EXPECT_FALSE(Permits(kIp, range("10.0.0.0", "255.0.0.0"), ip("2001:db8::1")));
  EXPECT_TRUE(Permits(kIp, range("2001:db8::", "ffff:ffff::"), ip("2001:db8:5::1")));
}

TEST(NameConstraintsTest, OnlyNamesOfTheSameKindAreBound) {
  for (const unsigned kind : {kEmail, kDns, kUri, kRegistered}) {
    const NameConstraints constraints = Constraints({{kind, "none.example"}}, {});
    EXPECT_EQ(Forbidden(constraints, kind, "x"), 1u) << kind;
    EXPECT_EQ(Forbidden(constraints, kIp, std::string(4, 'x')), 0u) << kind;
  }
}

// What cannot be told must not pass, whether it would have been permitted or excluded.
TEST(NameConstraintsTest, WhatCannotBeComparedIsForbidden) {
  for (const auto& [kind, name] : {std::pair{kUri, "urn:uuid:1"},
                                   {kEmail, "no address"},
                                   {kRegistered, "x"},
                                   {kIp, "12345"}}) {
    EXPECT_EQ(Forbidden(Constraints({{kind, name}}, {}), kind, name), 1u) << kind;
    EXPECT_EQ(Forbidden(Constraints({}, {{kind, "other"}}), kind, name), 1u) << kind;
  }
  EXPECT_EQ(Forbidden(Constraints({{kDns, "a.example", true}}, {}), kDns, "a.example"), 1u);
}

TEST(NameConstraintsTest, SubjectsAreNamesToo) {
  const auto directory = [](const char* text) {
    const Bytes der = Name::Parse(text).Encode();
    return std::string(der.begin(), der.end());
  };
  const std::string uri = "https://x.example";
  const auto forbidden = [&](const Base& permitted, const char* subject) {
    return Forbidden(Constraints({permitted}, {}), kUri, uri, subject);
  };
  EXPECT_EQ(forbidden({4, directory("O=Acme")}, "O=ACME  "), 0u);
  EXPECT_EQ(forbidden({4, directory("O=Acme")}, "O=Acme Two"), 1u);
  EXPECT_EQ(forbidden({4, directory("O=Acme")}, ""), 0u);
  EXPECT_EQ(forbidden({kEmail, "corp.example"}, "E=ops@lab.example"), 1u);
  // A common name is a DNS name where there is no other, and where it looks like one.
  EXPECT_EQ(forbidden({kDns, "corp.example"}, "CN=a.lab.example"), 1u);
  EXPECT_EQ(forbidden({kDns, "corp.example"}, "CN=a.corp.example"), 0u);
  EXPECT_EQ(forbidden({kDns, "corp.example"}, "CN=workstation"), 0u);
  EXPECT_EQ(Forbidden(Constraints({{kDns, "corp.example"}}, {}), kDns, "corp.example",
                      "CN=a.lab.example"),
            0u);
}

}  // namespace
}  // namespace fleetmint

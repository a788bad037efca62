// The organization's own CA, made by openssl.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "tests/authority/ca_fixture.h"
#include "tests/support/thrown.h"

namespace fleetmint {

inline constexpr const char* kOpensslConfig =
    "[req]\ndistinguished_name = dn\nprompt = no\nstring_mask = nombstr\n"
    "[dn]\nO = Example\n"
    "[ca]\nbasicConstraints = critical, CA:TRUE\nkeyUsage = critical, keyCertSign, cRLSign\n"
    "subjectKeyIdentifier = hash\nauthorityKeyIdentifier = keyid\n"
    "[leaf]\nbasicConstraints = critical, CA:FALSE\nkeyUsage = critical, digitalSignature\n"
    "subjectKeyIdentifier = hash\nauthorityKeyIdentifier = keyid\n";

// Makes CAs with openssl: NAME.key (PKCS#8) and NAME.crt in the temporary directory.
class OpensslCaFixture : public AuthorityFixture {
 protected:
  void SetUp() override {
    temp_.Write("openssl.cnf", kOpensslConfig);
    temp_.Write("key-phrase", kPhrase);
  }

  static void Openssl(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "openssl");
    const auto result = RunProgram(arguments);
    ASSERT_TRUE(result.ok()) << testing::PrintToString(arguments) << result;
  }

  void MakeKey(const std::string& name, bool rsa = false) const {
    Openssl({"genpkey", "-algorithm", rsa ? "RSA" : "EC", "-pkeyopt",
             rsa ? "rsa_keygen_bits:2048" : "ec_paramgen_curve:P-256", "-out",
             temp_ / name + ".key"});
  }

  void MakeRoot(const std::string& name, bool rsa = false) const {
    MakeKey(name, rsa);
    Openssl({"req", "-x509", "-new", "-key", temp_ / name + ".key", "-config",
             temp_ / "openssl.cnf", "-extensions", "ca", "-subj", "/O=Example/CN=" + name, "-days",
             "3650", "-out", temp_ / name + ".crt"});
  }

  // Signs the request `csr` (a path) as NAME.crt.
  void SignRequest(const std::string& csr, const std::string& name, const std::string& issuer,
                   const std::string& extensions) const {
    Openssl({"x509", "-req", "-in", csr, "-CA", temp_ / issuer + ".crt", "-CAkey",
             temp_ / issuer + ".key", "-CAcreateserial", "-days", "1800", "-extfile",
             temp_ / "openssl.cnf", "-extensions", extensions, "-out", temp_ / name + ".crt"});
  }

  void MakeSub(const std::string& name, const std::string& issuer,
               const std::string& extensions = "ca") const {
    MakeKey(name);
    Openssl({"req", "-new", "-key", temp_ / name + ".key", "-config", temp_ / "openssl.cnf",
             "-subj", "/O=Example/CN=" + name, "-out", temp_ / name + ".csr"});
    SignRequest(temp_ / name + ".csr", name, issuer, extensions);
  }

  // Converts KEY.key with `openssl pkcs8` or another command to a new file, and gives its content.
  Bytes Converted(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"-out", temp_ / "converted"});
    Openssl(arguments);
    return ReadFileBytes(temp_ / "converted");
  }

  std::string Chain(const std::vector<std::string>& names) const {
    std::string text;
    for (const std::string& name : names) text += ReadFileText(temp_ / name + ".crt");
    return text;
  }

  Authority Import(ByteView key, const std::string& chain, PassphraseSource* key_phrase = nullptr,
                   PassphraseSource* phrase = nullptr) {
    return Authority::Import(ca_, {key, AsBytes(chain), key_phrase}, Options(phrase));
  }

  // The unlocked authority issues what openssl verifies.
  void ExpectIssues(Authority& authority, PassphraseSource* phrase = nullptr) {
    const auto verified =
        OpensslVerify(authority, IssueLeaf(authority, authority.Unlock(phrase, clock_)));
    EXPECT_TRUE(verified.ok()) << verified;
  }

  // Refused with `reason`, and no authority came to be.
  template <typename Call>
  void ExpectRefused(Call call, std::string_view reason) {
    const auto error = ThrownBy(call);
    ASSERT_TRUE(error) << "nothing was thrown; expected: " << reason;
    EXPECT_EQ(error->kind(), ErrorKind::kAuthority) << error->what();
    EXPECT_NE(std::string(error->what()).find(reason), std::string::npos) << error->what();
    for (const std::string& name : ListTree(temp_.path())) {
      EXPECT_FALSE(name.starts_with("ca")) << name << " was left behind";
    }
  }
};

}  // namespace fleetmint

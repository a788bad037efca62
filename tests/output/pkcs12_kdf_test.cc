// The PKCS#12 key derivation function, held against the published vectors and against OpenSSL's
// MACs.
#include "output/pkcs12_kdf.h"

#include <botan/mac.h>
#include <gtest/gtest.h>

#include "engine/base/ber.h"
#include "engine/base/botan_compat.h"
#include "engine/base/error.h"
#include "tests/support/run_program.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_chain.h"

namespace fleetmint {
namespace {

struct Vector {
  const char* password;
  const char* salt;
  std::uint32_t iterations;
  Pkcs12Purpose purpose;
  const char* derived;
};

// The SHA-1 vectors that circulate with BouncyCastle, OpenSSL and others. If one failed, no PFX
// with legacy encryption could be opened by Windows, nor theirs by us.
constexpr Vector kSha1Vectors[] = {
    {"smeg", "0A58CF64530D823F", 1, Pkcs12Purpose::kKey,
     "8aaae6297b6cb04642ab5b077851284eb7128f1a2a7fbca3"},
    {"smeg", "0A58CF64530D823F", 1, Pkcs12Purpose::kIv, "79993dfe048d3b76"},
    {"smeg", "642B99AB44FB4B1F", 1, Pkcs12Purpose::kKey,
     "f3a95fec48d7711e985cfe67908c5ab79fa3d7c5caa5d966"},
    {"smeg", "642B99AB44FB4B1F", 1, Pkcs12Purpose::kIv, "c0a38d64a79bea1d"},
    {"smeg", "3D83C0E4546AC140", 1, Pkcs12Purpose::kMac,
     "8d967d88f6caa9d714800ab3d48051d63f73a312"},
    {"queeg", "05DEC959ACFF72F7", 1000, Pkcs12Purpose::kKey,
     "ed2034e36328830ff09df1e1a07dd357185dac0d4f9eb3d4"},
    {"queeg", "05DEC959ACFF72F7", 1000, Pkcs12Purpose::kIv, "11dedad7758d4860"},
    {"queeg", "1682C0FC5B3F7EC5", 1000, Pkcs12Purpose::kKey,
     "483dd6e919d7de2e8e648ba8f862f3fbfbdc2bcb2c02957f"},
    {"queeg", "1682C0FC5B3F7EC5", 1000, Pkcs12Purpose::kIv, "9d461d1b00355c50"},
    {"queeg", "263216FCC2FAB31C", 1000, Pkcs12Purpose::kMac,
     "5ec4c7a80df652294c3925b6489a7ab857c83476"},
};

TEST(Pkcs12KdfTest, Sha1VectorsAreMet) {
  for (const Vector& v : kSha1Vectors) {
    const Bytes salt = FromHex(v.salt);
    const SecretBytes derived =
        Pkcs12Kdf(botan_compat::kSha1, v.purpose, Pkcs12Password(AsBytes(v.password)), salt,
                  v.iterations, std::string_view(v.derived).size() / 2);
    EXPECT_EQ(ToHex(derived), v.derived) << v.password << " " << v.salt;
  }
}

// The password is UTF-16BE with a final 0000; an empty one is the terminator alone, which is not
// the null password.
TEST(Pkcs12KdfTest, PasswordsAreTerminatedUtf16BigEndian) {
  EXPECT_EQ(ToHex(Pkcs12Password(AsBytes("Ab"))), "004100620000");
  EXPECT_EQ(ToHex(Pkcs12Password(AsBytes(""))), "0000");
  EXPECT_EQ(ToHex(Pkcs12Password(AsBytes("\xE2\x82\xAC\xF0\x9F\x98\x80"))), "20acd83dde000000");
  EXPECT_THROW(Pkcs12Password(AsBytes("\xFF")), Error);
}

TEST(Pkcs12KdfTest, NullAndEmptyPasswordDeriveDifferently) {
  const Bytes salt = FromHex("0102030405060708");
  const auto derive = [&](const SecretBytes& password) {
    return Pkcs12Kdf("SHA-256", Pkcs12Purpose::kMac, password, salt, 1, 32);
  };
  EXPECT_NE(derive({}), derive(Pkcs12Password(AsBytes(""))));
}

// A longer output starts with the shorter one, whatever the hash's size.
TEST(Pkcs12KdfTest, ShorterOutputsArePrefixes) {
  const Bytes salt = FromHex("0102030405060708");
  for (const char* hash : {botan_compat::kSha1, "SHA-256"}) {
    const SecretBytes password = Pkcs12Password(AsBytes("prefix"));
    const SecretBytes whole = Pkcs12Kdf(hash, Pkcs12Purpose::kKey, password, salt, 3, 100);
    for (const std::size_t length : {1U, 19U, 20U, 21U, 32U, 33U, 64U}) {
      const SecretBytes part = Pkcs12Kdf(hash, Pkcs12Purpose::kKey, password, salt, 3, length);
      EXPECT_EQ(part, SecretBytes(whole.begin(), whole.begin() + static_cast<long>(length)));
    }
  }
}

struct MacData {
  Bytes safe, digest, salt;
  std::uint32_t iterations = 1;
};

// Reads PFX { version, authSafe, macData } and nothing else.
MacData ReadMacData(ByteView file) {
  MacData result;
  BerReader pfx = BerReader(file).Enter(ber::kSequence, "pfx");
  pfx.Next();
  BerReader safe = pfx.Enter(ber::kSequence, "authSafe");
  safe.Next();
  const SecretBytes content = safe.Enter(ber::Context(0), "content").OctetString();
  result.safe.assign(content.begin(), content.end());
  BerReader mac = pfx.Enter(ber::kSequence, "macData");
  BerReader info = mac.Enter(ber::kSequence, "digest info");
  info.Next();
  const SecretBytes digest = info.OctetString(), salt = mac.OctetString();
  result.digest.assign(digest.begin(), digest.end());
  result.salt.assign(salt.begin(), salt.end());
  if (!mac.AtEnd()) result.iterations = static_cast<std::uint32_t>(mac.SmallInteger());
  return result;
}

// There are no published SHA-256 vectors: OpenSSL's files stand in for them.
TEST(Pkcs12KdfTest, Sha256MacsOfOpensslAreMet) {
  const TempDir temp;
  temp.Write("key.der", EcIdentity().key.pkcs8());
  const auto pem = RunProgram(
      {"openssl", "pkcs8", "-inform", "DER", "-in", temp / "key.der", "-nocrypt", "-topk8"});
  ASSERT_TRUE(pem.ok()) << pem;
  temp.Write("key.pem", pem.out);
  for (const char* password :
       {"a", "correct horse battery staple", "32 characters: one block of UTF."}) {
    for (const char* iterations : {"1", "2048"}) {
      temp.Write("password", password);
      const auto made =
          RunProgram({"openssl", "pkcs12", "-export", "-nocerts", "-inkey", temp / "key.pem",
                      "-passout", "file:" + temp / "password", "-macalg", "sha256", "-iter",
                      iterations, "-out", temp / "file.pfx"});
      ASSERT_TRUE(made.ok()) << made;
      const MacData data = ReadMacData(ReadFileBytes(temp / "file.pfx"));
      EXPECT_EQ(std::to_string(data.iterations), iterations);
      const SecretBytes key =
          Pkcs12Kdf("SHA-256", Pkcs12Purpose::kMac, Pkcs12Password(AsBytes(password)), data.salt,
                    data.iterations, 32);
      const auto mac = Botan::MessageAuthenticationCode::create_or_throw("HMAC(SHA-256)");
      mac->set_key(key.data(), key.size());
      mac->update(data.safe);
      EXPECT_EQ(ToHex(mac->final()), ToHex(data.digest)) << password << " " << iterations;
    }
  }
}

}  // namespace
}  // namespace fleetmint

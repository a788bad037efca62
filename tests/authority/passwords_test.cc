// Derived passwords: the construction of the header, re-derived here by another road. If it
// changed, no bundle that was ever issued could be opened by its derived password again.
#include "engine/authority/passwords.h"

#include <botan/kdf.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "engine/base/random.h"

namespace fleetmint {
namespace {

constexpr const char* kId = "00112233445566778899aabbccddeeff";

SecretBytes FleetKey() {
  SecretBytes key(32);
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::uint8_t>(i);
  return key;
}

const Serial kSerial{0x4F, 0x2A, 0x9C, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13};

std::string Derive(std::uint32_t generation, std::string_view endpoint, const Serial& serial,
                   const SecretBytes& key = FleetKey(), const std::string& id = kId) {
  return std::string(AsText(PasswordMaker(key, id).Derive(generation, endpoint, serial)));
}

std::string Prefixed(const std::string& field) {
  return std::string(3, '\0') + static_cast<char>(field.size()) + field;
}

Bytes Copy(std::string_view text) { return {text.begin(), text.end()}; }

// One call of HKDF (RFC 5869) and base32 from the bits as a text, unlike the code under test.
std::string Rederived(const std::string& generation, const std::string& lower_endpoint,
                      const Serial& serial) {
  const std::string info = Prefixed("fleetmint/pfx-password/v1") + Prefixed(generation) +
                           Prefixed(lower_endpoint) + Prefixed(std::string(AsText(serial)));
  const SecretBytes key = FleetKey();
  const SecretBytes okm =
      Botan::KDF::create_or_throw("HKDF(SHA-256)")->derive_key(17, key, Copy(kId), Copy(info));
  std::string bits, digits;
  for (const std::uint8_t byte : okm) {
    for (int i = 7; i >= 0; --i) bits += (byte >> i & 1) != 0 ? '1' : '0';
  }
  for (std::size_t i = 0; i < 26; ++i) {
    digits += "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[std::stoul(bits.substr(5 * i, 5), nullptr, 2)];
  }
  return digits;
}

TEST(PasswordMakerTest, IsTheDocumentedConstruction) {
  EXPECT_EQ(Derive(1, "ws-0001", kSerial), Rederived("1", "ws-0001", kSerial));
  EXPECT_EQ(Derive(12, "WS-0001.Corp", kSerial), Rederived("12", "ws-0001.corp", kSerial));
}

// Made by Python's hmac and base64 from the text of passwords.h.
TEST(PasswordMakerTest, KnownAnswer) {
  EXPECT_EQ(Derive(1, "ws-0001", kSerial), "MB6ZAVSHDBNZ7BRRIVOX56FPJ3");
}

TEST(PasswordMakerTest, Is26CharactersOfBase32) {
  std::map<char, int> seen;
  for (std::uint8_t i = 0; i < 100; ++i) {
    Serial serial = kSerial;
    serial[15] = i;
    const std::string password = Derive(1, "ws-0001", serial);
    EXPECT_EQ(password.size(), 26u);
    for (const char c : password) ++seen[c];
  }
  std::string alphabet;
  for (const auto& [c, count] : seen) alphabet += c;
  EXPECT_EQ(alphabet, "234567ABCDEFGHIJKLMNOPQRSTUVWXYZ");
}

TEST(PasswordMakerTest, EveryInputCounts) {
  Serial other_serial = kSerial;
  other_serial[15] ^= 1;
  SecretBytes other_key = FleetKey();
  other_key[31] ^= 1;
  const std::set<std::string> passwords{
      Derive(1, "ws-0001", kSerial),
      Derive(2, "ws-0001", kSerial),
      Derive(1, "ws-0002", kSerial),
      Derive(1, "ws-0001", other_serial),
      Derive(1, "ws-0001", kSerial, other_key),
      Derive(1, "ws-0001", kSerial, FleetKey(), "10112233445566778899aabbccddeeff"),
  };
  EXPECT_EQ(passwords.size(), 6u);
  EXPECT_EQ(Derive(1, "WS-0001", kSerial), Derive(1, "ws-0001", kSerial))
      << "endpoint names differ in case only";
}

// Without length prefixes, generation 1 of "1a" and generation 11 of "a" would share a password.
TEST(PasswordMakerTest, FieldsDoNotRunIntoEachOther) {
  EXPECT_NE(Derive(1, "1a", kSerial), Derive(11, "a", kSerial));
}

}  // namespace
}  // namespace fleetmint

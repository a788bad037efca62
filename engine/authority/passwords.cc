#include "engine/authority/passwords.h"

#include <botan/kdf.h>

#include "engine/base/base32.h"
#include "engine/base/text.h"

namespace fleetmint {
namespace {

constexpr std::size_t kPasswordBytes = 17;  // 136 bits, of which 26 base32 digits take 130
constexpr std::size_t kPasswordDigits = 26;

void AppendLengthPrefixed(Bytes& out, ByteView field) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    out.push_back(static_cast<std::uint8_t>(field.size() >> static_cast<unsigned>(shift)));
  }
  out.insert(out.end(), field.begin(), field.end());
}

}  // namespace

std::string FleetKeyId(const SecretBytes& fleet_key) {
  constexpr std::string_view kLabel = "fleetmint/fleet-key-id/v1";
  SecretBytes text(kLabel.begin(), kLabel.end());
  text.insert(text.end(), fleet_key.begin(), fleet_key.end());
  return ToHex(Sha256(text)).substr(0, 16);
}

PasswordMaker::PasswordMaker(const SecretBytes& fleet_key, const std::string& authority_id) {
  const auto extract = Botan::KDF::create_or_throw("HKDF-Extract(SHA-256)");
  const ByteView salt = AsBytes(authority_id);
  pseudorandom_key_ = extract->derive_key(32, fleet_key.data(), fleet_key.size(), salt.data(),
                                          salt.size(), nullptr, 0);
}

SecretBytes PasswordMaker::Derive(std::uint32_t key_generation, std::string_view endpoint,
                                  const Serial& serial) const {
  Bytes info;
  AppendLengthPrefixed(info, AsBytes("fleetmint/pfx-password/v1"));
  AppendLengthPrefixed(info, AsBytes(std::to_string(key_generation)));
  AppendLengthPrefixed(info, AsBytes(AsciiLower(endpoint)));
  AppendLengthPrefixed(info, serial);
  const auto expand = Botan::KDF::create_or_throw("HKDF-Expand(SHA-256)");
  const SecretBytes okm =
      expand->derive_key(kPasswordBytes, pseudorandom_key_.data(), pseudorandom_key_.size(),
                         nullptr, 0, info.data(), info.size());
  return Base32(okm, kPasswordDigits);
}

}  // namespace fleetmint

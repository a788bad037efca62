// Derived passwords: one for each bundle, from the fleet key; nothing to store, nothing to lose.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/bytes.h"
#include "engine/base/serial.h"

namespace fleetmint {

inline constexpr std::size_t kFleetKeyBytes = 32;

// FleetKeyId gives 16 hexadecimal digits that name a fleet key and tell nothing of it: the start of
// SHA-256 over "fleetmint/fleet-key-id/v1" and the key.
std::string FleetKeyId(const SecretBytes& fleet_key);

// PasswordMaker derives bundle passwords by HKDF-SHA-256 (RFC 5869): extract with the authority's
// id as salt over the 32-byte fleet key; expand with "fleetmint/pfx-password/v1", key generation,
// endpoint (lower case) and serial, each length-prefixed (4 bytes, big endian). Safe from any
// thread.
class PasswordMaker {
 public:
  PasswordMaker(const SecretBytes& fleet_key, const std::string& authority_id);

  // Derive gives 26 characters of RFC 4648 base32 in upper case, without padding: 130 bits.
  SecretBytes Derive(std::uint32_t key_generation, std::string_view endpoint,
                     const Serial& serial) const;

 private:
  SecretBytes pseudorandom_key_;
};

}  // namespace fleetmint

// KeySpec: which kind of key, and of what size. A value; any thread.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fleetmint {

enum class KeyAlgorithm : std::uint8_t { kRsa, kEcdsa };

// KeySpec: `bits` is the modulus length for RSA (2048, 3072, 4096) and the field size for ECDSA
// (256: P-256, 384: P-384). Other sizes are refused by KeySpecFault.
struct KeySpec {
  KeyAlgorithm algorithm = KeyAlgorithm::kRsa;
  std::uint32_t bits = 2048;
  friend auto operator<=>(const KeySpec&, const KeySpec&) = default;
};

// KeySpecFault says what is wrong with a spec, or nothing.
std::optional<std::string> KeySpecFault(const KeySpec& spec);

// KeySpecName gives "RSA 2048", "ECDSA P-256".
std::string KeySpecName(const KeySpec& spec);

// ParseKeySpecName is its inverse; nothing if no key is called so.
std::optional<KeySpec> ParseKeySpecName(std::string_view name);

}  // namespace fleetmint

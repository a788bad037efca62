// KeySpec: which kind of key, and of what size. A value; any thread.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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

// kKeySpecs are all that there are.
inline constexpr std::array<KeySpec, 5> kKeySpecs{{{KeyAlgorithm::kRsa, 2048},
                                                   {KeyAlgorithm::kRsa, 3072},
                                                   {KeyAlgorithm::kRsa, 4096},
                                                   {KeyAlgorithm::kEcdsa, 256},
                                                   {KeyAlgorithm::kEcdsa, 384}}};

// KeySpecName gives "RSA 2048", "ECDSA P-256": what people read.
std::string KeySpecName(const KeySpec& spec);

// KeySpecWord gives "rsa-2048", "p256": what people type, and what settings hold. ParseKeySpecWord
// is its inverse; nothing if no key is called so. KeySpecWords gives all of them, for hints and
// help texts.
std::string KeySpecWord(const KeySpec& spec);
std::optional<KeySpec> ParseKeySpecWord(std::string_view word);
std::vector<std::string> KeySpecWords();

}  // namespace fleetmint

#include "engine/keys/key_spec.h"

namespace fleetmint {

std::optional<std::string> KeySpecFault(const KeySpec& spec) {
  const std::string size = std::to_string(spec.bits);
  if (spec.algorithm == KeyAlgorithm::kRsa) {
    if (spec.bits == 2048 || spec.bits == 3072 || spec.bits == 4096) return std::nullopt;
    return "RSA keys have 2048, 3072 or 4096 bits, not " + size;
  }
  if (spec.bits == 256 || spec.bits == 384) return std::nullopt;
  return "ECDSA keys are on P-256 or P-384, not P-" + size;
}

std::optional<KeySpec> ParseKeySpecName(std::string_view name) {
  for (const KeySpec spec : {KeySpec{KeyAlgorithm::kRsa, 2048}, KeySpec{KeyAlgorithm::kRsa, 3072},
                             KeySpec{KeyAlgorithm::kRsa, 4096}, KeySpec{KeyAlgorithm::kEcdsa, 256},
                             KeySpec{KeyAlgorithm::kEcdsa, 384}}) {
    if (KeySpecName(spec) == name) return spec;
  }
  return std::nullopt;
}

std::string KeySpecName(const KeySpec& spec) {
  return (spec.algorithm == KeyAlgorithm::kRsa ? "RSA " : "ECDSA P-") + std::to_string(spec.bits);
}

}  // namespace fleetmint

#include "engine/keys/key_spec.h"

#include <algorithm>

namespace fleetmint {

std::optional<std::string> KeySpecFault(const KeySpec& spec) {
  if (std::find(kKeySpecs.begin(), kKeySpecs.end(), spec) != kKeySpecs.end()) return std::nullopt;
  const std::string size = std::to_string(spec.bits);
  if (spec.algorithm == KeyAlgorithm::kRsa) {
    return "RSA keys have 2048, 3072 or 4096 bits, not " + size;
  }
  return "ECDSA keys are on P-256 or P-384, not P-" + size;
}

std::string KeySpecName(const KeySpec& spec) {
  return (spec.algorithm == KeyAlgorithm::kRsa ? "RSA " : "ECDSA P-") + std::to_string(spec.bits);
}

std::string KeySpecWord(const KeySpec& spec) {
  return (spec.algorithm == KeyAlgorithm::kRsa ? "rsa-" : "p") + std::to_string(spec.bits);
}

std::optional<KeySpec> ParseKeySpecWord(std::string_view word) {
  const auto* const place =
      std::find_if(kKeySpecs.begin(), kKeySpecs.end(),
                   [&](const KeySpec& spec) { return KeySpecWord(spec) == word; });
  return place == kKeySpecs.end() ? std::nullopt : std::optional(*place);
}

std::vector<std::string> KeySpecWords() {
  std::vector<std::string> words;
  for (const KeySpec& spec : kKeySpecs) words.push_back(KeySpecWord(spec));
  return words;
}

}  // namespace fleetmint

#include "engine/base/seeded_streams.h"

#include <botan/kdf.h>

namespace fleetmint {
namespace {

void AppendNumber(Bytes& out, std::uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8) {
    out.push_back(static_cast<std::uint8_t>(number >> static_cast<unsigned>(shift)));
  }
}

}  // namespace

SeededStreams::SeededStreams(TestMark, std::uint64_t seed, std::string_view fleet) {
  Bytes key;
  AppendNumber(key, seed);
  const ByteView salt = AsBytes(fleet);
  const auto extract = Botan::KDF::create_or_throw("HKDF-Extract(SHA-256)");
  const auto extracted =
      extract->derive_key(32, key.data(), key.size(), salt.data(), salt.size(), nullptr, 0);
  pseudorandom_key_.assign(extracted.begin(), extracted.end());
}

RandomStream SeededStreams::Open(const StreamLabel& label) {
  const std::uint32_t attempt = [&] {
    const std::lock_guard lock(mutex_);
    return attempts_[{label.endpoint, label.purpose}]++;
  }();
  Bytes info;
  AppendNumber(info, label.endpoint.size());
  info.insert(info.end(), label.endpoint.begin(), label.endpoint.end());
  AppendNumber(info, static_cast<std::uint64_t>(label.purpose));
  AppendNumber(info, attempt);
  const auto expand = Botan::KDF::create_or_throw("HKDF-Expand(SHA-256)");
  const auto seed =
      expand->derive_key(kSeedBytes, pseudorandom_key_.data(), pseudorandom_key_.size(), nullptr, 0,
                         info.data(), info.size());
  return RandomStream(std::span<const std::uint8_t, kSeedBytes>(seed.data(), kSeedBytes));
}

}  // namespace fleetmint

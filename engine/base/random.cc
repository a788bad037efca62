#include "engine/base/random.h"

#include <botan/stream_cipher.h>
#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "engine/base/error.h"

namespace fleetmint {

void SystemRandom::Fill(std::span<std::uint8_t> out) {
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t got = ::getrandom(out.data() + done, out.size() - done, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      throw Error(ErrorKind::kIntegrity,
                  std::string("the system's random generator failed: getrandom: ") +
                      (got < 0 ? std::strerror(errno) : "no bytes"));
    }
    done += static_cast<std::size_t>(got);
  }
}

RandomStream::RandomStream(std::span<const std::uint8_t, kSeedBytes> seed)
    : cipher_(Botan::StreamCipher::create_or_throw("ChaCha(20)")) {
  cipher_->set_key(seed.data(), seed.size());
  const std::array<std::uint8_t, 12> nonce{};
  cipher_->set_iv(nonce.data(), nonce.size());
}

RandomStream::RandomStream(RandomStream&&) noexcept = default;
RandomStream& RandomStream::operator=(RandomStream&&) noexcept = default;
RandomStream::~RandomStream() = default;

void RandomStream::Fill(std::span<std::uint8_t> out) {
  std::fill(out.begin(), out.end(), std::uint8_t{0});
  cipher_->cipher1(out.data(), out.size());
}

RandomStream SystemStreams::Open(const StreamLabel&) {
  SecretBytes seed(kSeedBytes);
  source_.Fill(seed);
  {
    const Sha256Digest hash = Sha256(seed);
    const std::lock_guard lock(mutex_);
    if (hash == last_seed_hash_) {
      throw Error(ErrorKind::kIntegrity,
                  "the system's random generator gave the same 32 bytes twice in a row");
    }
    last_seed_hash_ = hash;
  }
  return RandomStream(std::span<const std::uint8_t, kSeedBytes>(seed.data(), kSeedBytes));
}

}  // namespace fleetmint

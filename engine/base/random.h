// Random: the system's generator, and a private stream of random bytes for each key.
//
// Nothing here is global and nothing lives across keys: every seed is drawn from the kernel at the
// moment it is needed. So a fork, or a snapshot of the machine, can duplicate those streams alone
// that are open at that moment.
#pragma once

#include <botan/rng.h>

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>

#include "engine/base/bytes.h"

namespace Botan {
class StreamCipher;
}

namespace fleetmint {

// RandomSource gives uniformly random bytes. Throws Error(kIntegrity) when it can not.
class RandomSource {
 public:
  virtual ~RandomSource() = default;
  virtual void Fill(std::span<std::uint8_t> out) = 0;
};

// SystemRandom reads getrandom(2). Safe from any thread. Never falls back to anything weaker.
class SystemRandom final : public RandomSource {
 public:
  void Fill(std::span<std::uint8_t> out) override;
};

inline constexpr std::size_t kSeedBytes = 32;

// RandomStream is the ChaCha20 keystream (RFC 8439, nonce zero) under one 32-byte seed, which is
// used for nothing else. Wiped on destruction. Move-only; not for concurrent use.
class RandomStream final : public RandomSource {
 public:
  explicit RandomStream(std::span<const std::uint8_t, kSeedBytes> seed);
  RandomStream(RandomStream&&) noexcept;
  RandomStream& operator=(RandomStream&&) noexcept;
  ~RandomStream() override;

  void Fill(std::span<std::uint8_t> out) override;

 private:
  std::unique_ptr<Botan::StreamCipher> cipher_;
};

// StreamPurpose says what is drawn from a stream.
enum class StreamPurpose : std::uint8_t {
  kFirstPrime,   // p, or the scalar of an EC key
  kSecondPrime,  // q, or the messages that an EC key is tried with
  kSerial,
  kBundle,     // salts and initialization vectors
  kRun,        // the token of a run
  kOutput,     // the id of an output directory
  kAuthority,  // what an authority draws: its id, its fleet key, serials of CAs, salts
};

// StreamLabel says whose stream it is: an endpoint's, a CA's, or nobody's ("").
// SystemStreams ignores it; SeededStreams (seeded_streams.h) makes its streams a function of it.
struct StreamLabel {
  std::string endpoint;
  StreamPurpose purpose = StreamPurpose::kFirstPrime;
};

// StreamFactory opens random streams. Implementations are safe from any thread.
class StreamFactory {
 public:
  virtual ~StreamFactory() = default;
  virtual RandomStream Open(const StreamLabel& label) = 0;
};

// SystemStreams seeds every stream with 32 fresh bytes of `source` (not owned).
// Throws Error(kIntegrity) if the source fails or gives the same seed twice in a row.
class SystemStreams final : public StreamFactory {
 public:
  explicit SystemStreams(RandomSource& source) : source_(source) {}
  RandomStream Open(const StreamLabel& label) override;

 private:
  RandomSource& source_;
  std::mutex mutex_;
  Sha256Digest last_seed_hash_{};  // a hash: the seed itself must not outlive its stream
};

// BotanRng lends a RandomSource (not owned) to Botan's functions. Not for concurrent use.
class BotanRng final : public Botan::RandomNumberGenerator {
 public:
  explicit BotanRng(RandomSource& source) : source_(source) {}

  std::string name() const override { return "fleetmint"; }
  bool is_seeded() const override { return true; }
  bool accepts_input() const override { return false; }
  void clear() override {}
#if BOTAN_VERSION_MAJOR >= 3
 protected:
  void fill_bytes_with_input(std::span<std::uint8_t> out, std::span<const std::uint8_t>) override {
    source_.Fill(out);
  }
#else
  void randomize(std::uint8_t out[], std::size_t length) override { source_.Fill({out, length}); }
  void add_entropy(const std::uint8_t[], std::size_t) override {}
#endif

 private:
  RandomSource& source_;
};

}  // namespace fleetmint

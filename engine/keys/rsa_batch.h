// RsaBatchSigner: RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 8.2), several messages at a time in the
// lanes of a vector kernel.
//
// By the Chinese remainder theorem each signature is two powers of half the size, m^dP mod p and
// m^dQ mod q (RFC 8017 5.1.2); all powers of a call travel the kernel together. The kernel runs in
// constant time and sees blinded messages only: m r^e, the pair (r^e, r^-1) being squared at each
// use and drawn anew every 32. What comes out is NOT checked here: a fault in one of the two powers
// would betray the key (Boneh, DeMillo, Lipton 1997), so the caller verifies every signature before
// it leaves the process.
//
// Not for concurrent use: one object a thread.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/random.h"
#include "engine/prime/kernel.h"

namespace fleetmint {

class RsaBatchSigner {
 public:
  // kLeast: fewer messages in a call are signed faster one by one, with other code.
  static constexpr std::size_t kLeast = 2;

  // Make gives null where nothing would be gained: no vector kernel, not an RSA key, or primes that
  // are not of one kernel size (1024, 1536 or 2048 bits each). `random` blinds; neither it nor
  // `kernel` (null: prime::BestKernel) is owned. Throws Botan::Exception if the key cannot be read.
  static std::unique_ptr<RsaBatchSigner> Make(const SecretBytes& pkcs8, const prime::Kernel* kernel,
                                              RandomSource& random);

  virtual ~RsaBatchSigner() = default;
  // Sign gives one signature a message, as long as the modulus, in their order; unverified.
  virtual std::vector<Bytes> Sign(std::span<const ByteView> messages) = 0;
};

}  // namespace fleetmint

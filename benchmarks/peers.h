// The peers: RSA keys as other libraries make them, and GMP's power. Linked into benchmarks alone.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace fleetmint::bench {

// Peer makes one RSA key at a time, as a user of the library would ask for it, and discards it.
struct Peer {
  std::string name;
  std::string version;
  int pace;                         // keys in about the time in which OpenSSL makes one
  void (*make_key)(unsigned bits);  // ends the process if the library fails
};

// Peers are OpenSSL, GnuTLS, nettle and Botan. Sets them up; not for concurrent use.
std::span<const Peer> Peers();

// GmpPower is mpz_powm(2, n - 1, n) of one random odd n.
class GmpPower {
 public:
  explicit GmpPower(std::size_t bits);
  ~GmpPower();
  void Run();
  static std::string Version();

 private:
  struct Numbers;
  std::unique_ptr<Numbers> numbers_;
};

}  // namespace fleetmint::bench

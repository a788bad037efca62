// BundleSpec: how an endpoint's key and certificates are packed. A value; any thread.
#pragma once

#include <cstdint>
#include <string>

namespace fleetmint {

enum class PfxEncryption : std::uint8_t {
  kModern,  // PBES2 AES-256-CBC, PBKDF2-HMAC-SHA-256, SHA-256 MAC: Windows 10 1709, Server 2019 and
            // later
  kLegacy,  // pbeWithSHA1And3-KeyTripleDES-CBC, SHA-1 MAC: Server 2016, Windows 10 before 1709 and
            // older
};

// WindowsKeySpec: what a CAPI provider may do with the key. CNG providers have none.
enum class WindowsKeySpec : std::uint8_t { kNone, kSignature, kExchange };

// BundleChain: which CA certificates travel with the endpoint's own.
enum class BundleChain : std::uint8_t { kNone, kIssuing, kFull };

struct BundleSpec {
  bool pfx = true;
  bool pem = false;
  PfxEncryption encryption = PfxEncryption::kModern;
  std::string csp;  // 1.3.6.1.4.1.311.17.1
  WindowsKeySpec key_spec = WindowsKeySpec::kNone;
  bool machine_keys = true;  // 1.3.6.1.4.1.311.17.2
  BundleChain chain = BundleChain::kIssuing;
  std::string friendly_name;  // display name, on the certificate bag
  std::string description;    // extended property 13, on the certificate bag
  std::string store;          // e.g. LocalMachine\My; for the rollout scripts
  bool exportable = false;    // for the rollout scripts: a flag of the import, not of the file
};

}  // namespace fleetmint

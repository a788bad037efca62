// CertListView: what a CRL says (RFC 5280 5.1), read with nothing of the encoder's. Values; any
// thread. The signature is not looked at.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/clock.h"

namespace fleetmint {

struct CertListEntry {
  ByteView serial;  // magnitude, big endian, without leading zeros; into the CRL's bytes
  Time revoked_at;
  int reason = 0;  // RFC 5280 5.3.1; 0 where none is given
};

class CertListView {
 public:
  // Read throws Error(kInput, kDamaged) if `der` is not one whole CRL. `der` must outlive the view.
  static CertListView Read(ByteView der);

  ByteView issuer() const { return issuer_; }  // DER of the name
  Time this_update() const { return this_update_; }
  Time next_update() const { return next_update_; }
  std::uint64_t number() const { return number_; }  // 0: it has none
  bool is_delta() const { return is_delta_; }       // it names only what another one does not
  const std::vector<CertListEntry>& entries() const { return entries_; }

 private:
  CertListView() = default;
  ByteView issuer_;
  Time this_update_, next_update_;
  std::uint64_t number_ = 0;
  bool is_delta_ = false;
  std::vector<CertListEntry> entries_;
};

}  // namespace fleetmint

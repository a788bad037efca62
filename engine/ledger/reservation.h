// Reservation: proof that a serial number stands in the ledger. Without one nothing can be signed.
//
// Only the Ledger makes reservations, and only committing or abandoning one ends it. One that is
// merely dropped (a crash) stays `reserved` in the ledger until recovery turns it into `abandoned`.
// Move-only.
#pragma once

#include <string>
#include <utility>

#include "engine/base/serial.h"

namespace fleetmint {

class Reservation {
 public:
  Reservation(Reservation&&) noexcept = default;
  Reservation& operator=(Reservation&&) noexcept = default;
  Reservation(const Reservation&) = delete;
  Reservation& operator=(const Reservation&) = delete;

  const Serial& serial() const { return serial_; }
  const std::string& fleet() const { return fleet_; }        // "" for a CA certificate
  const std::string& endpoint() const { return endpoint_; }  // tier name for a CA certificate

 private:
  friend class Ledger;
  Reservation(Serial serial, std::string fleet, std::string endpoint)
      : serial_(serial), fleet_(std::move(fleet)), endpoint_(std::move(endpoint)) {}

  Serial serial_;
  std::string fleet_;
  std::string endpoint_;
};

}  // namespace fleetmint

// Reservation: proof that a serial number stands in the ledger. Without one nothing can be signed.
//
// Only the Ledger makes reservations, for one issuer each, and only committing or giving one up
// ends it. One that is merely dropped (a crash) stays `reserved` in the ledger until recovery turns
// it into `abandoned`. Move-only: what was moved from is spent, and nothing can be signed with it.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/serial.h"

namespace fleetmint {

class Reservation {
 public:
  Reservation(Reservation&& other) noexcept
      : id_(std::exchange(other.id_, 0)),
        issuer_(other.issuer_),
        serial_(other.serial_),
        end_bound_(other.end_bound_),
        fleet_(std::move(other.fleet_)),
        endpoint_(std::move(other.endpoint_)),
        formerly_(std::move(other.formerly_)) {}
  Reservation& operator=(Reservation&& other) noexcept {
    id_ = std::exchange(other.id_, 0);
    issuer_ = other.issuer_;
    serial_ = other.serial_;
    end_bound_ = other.end_bound_;
    fleet_ = std::move(other.fleet_);
    endpoint_ = std::move(other.endpoint_);
    formerly_ = std::move(other.formerly_);
    return *this;
  }
  Reservation(const Reservation&) = delete;
  Reservation& operator=(const Reservation&) = delete;
  ~Reservation() = default;

  bool spent() const { return id_ == 0; }
  const Serial& serial() const { return serial_; }
  // row is a number of its own, counted up by the ledger.
  std::int64_t row() const { return id_; }
  // issuer gives the ledger's id of the issuer that may sign it (of a root, its own).
  std::int64_t issuer() const { return issuer_; }
  // end_bound is the latest notAfter that a certificate of it may have.
  Time end_bound() const { return end_bound_; }
  const std::string& fleet() const { return fleet_; }        // "" for a CA certificate
  const std::string& endpoint() const { return endpoint_; }  // tier name for a CA certificate

 private:
  friend class Ledger;
  Reservation(std::int64_t id, std::int64_t issuer, const Serial& serial, Time end_bound,
              std::string fleet, std::string endpoint)
      : id_(id),
        issuer_(issuer),
        serial_(serial),
        end_bound_(end_bound),
        fleet_(std::move(fleet)),
        endpoint_(std::move(endpoint)) {}

  std::int64_t id_;  // of its row; 0: spent
  std::int64_t issuer_;
  Serial serial_;
  Time end_bound_;
  std::string fleet_;
  std::string endpoint_;
  std::vector<std::string>
      formerly_;  // its host's other names, where it has no current certificate
};

}  // namespace fleetmint

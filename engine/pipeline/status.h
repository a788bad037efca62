// Status: how an authority and its fleets are, and what needs somebody.
#pragma once

#include <string>
#include <vector>

#include "engine/authority/authority.h"
#include "engine/base/clock.h"

namespace fleetmint {

struct CaStatus {
  std::string tier, subject, serial;  // serial: hex
  std::int64_t generation = 1;
  Time not_after;
  bool current = false;
};

struct CrlStatus {
  std::string issuer;  // subject
  std::string file;    // in the authority's crl/
  bool present = false;
  Time this_update, next_update;  // where it is present
  std::size_t entries = 0;
  std::size_t unpublished = 0;  // revocations that it does not name yet
};

struct AuthorityStatus {
  Time now;
  std::vector<FleetStatus> fleets;
  std::vector<CaStatus> cas;
  std::vector<CrlStatus> crls;
  std::optional<TrustCount> trust;  // of the next generation's root, where that is new
  // What needs somebody, a sentence each, and what to do about it.
  struct Action {
    std::string what, hint;
  };
  std::vector<Action> actions;
};

// LookAt reads the ledger and the CRLs, and writes nothing. What ends within `soon` needs a
// renewal.
AuthorityStatus LookAt(const Authority& authority, Seconds soon, Time now);

// Metrics gives it as Prometheus text (exposition format 0.0.4), aggregated by fleet and profile:
// the number of series does not grow with the endpoints. Names are those of
// x509-certificate-exporter where it has one (x509_cert_not_after, x509_crl_next_update).
std::string Metrics(const AuthorityStatus& status);

}  // namespace fleetmint

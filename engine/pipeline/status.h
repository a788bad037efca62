// Status: how an authority and its fleets are, and what needs somebody.
#pragma once

#include <string>
#include <vector>

#include "engine/authority/authority.h"
#include "engine/base/clock.h"
#include "engine/x509/name.h"

namespace fleetmint {

struct CaStatus {
  std::string tier, subject;
  Name name, issuer;  // its subject and its issuer
  Bytes serial;       // magnitude, big endian
  std::string path;   // of its certificate
  std::int64_t generation = 1;
  Time not_before, not_after;
  bool current = false;
};

struct CrlStatus {
  std::string issuer;  // subject
  std::string file;    // in the authority's crl/
  std::string path;
  bool present = false;
  Name issuer_name;  // this and what follows: where it is present
  std::uint64_t number = 0;
  Time this_update, next_update;
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

// kMostSeries is what Metrics never exceeds, whatever the authority has.
inline constexpr std::size_t kMostSeries = 1000;

// Metrics gives it as Prometheus text (exposition format 0.0.4), aggregated by fleet and profile:
// the number of series does not grow with the endpoints. Of very many fleets and profiles the
// smaller ones are counted together, as fleet "(others)"; of very many CRLs those are left out that
// are good for longest.
//
// Names and labels are those of x509-certificate-exporter where it has them: x509_cert_* and
// x509_crl_* with serial_number (decimal), subject_CN, issuer_CN (and C, ST, L, O, OU), filename,
// filepath, crl_number. Labels that would be empty are left out, which Prometheus takes for the
// same.
std::string Metrics(const AuthorityStatus& status);

}  // namespace fleetmint

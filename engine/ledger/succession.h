// Succession: which certificate goes on with which line, and what it puts an end to. Internal to
// ledger/; within the caller's transaction.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/ledger/rows.h"
#include "engine/ledger/sqlite.h"

namespace fleetmint {

// Line is what a new certificate may go on with: all that a host was issued, one after the other.
struct Line {
  std::int64_t lineage = 0;
  std::string name;
  bool current = false;  // the name has a current certificate
};

// LineOf gives the line that a name has now, if there is one.
std::optional<Line> LineOf(Connection& connection, std::int64_t fleet, const std::string& name);

// Ancestry is what a new certificate goes on with, and what else it ends.
struct Ancestry {
  std::optional<Line> own;
  std::vector<Line> others;  // to be joined to it
};

// AncestryOf: a current certificate of its own is all that is ended, since the names that its host
// had may be other hosts' by now. Else the line is that of a name with a current certificate, else
// its own last one.
Ancestry AncestryOf(Connection& connection, std::int64_t fleet, const std::string& endpoint,
                    std::span<const std::string> formerly);

// HasItsOwn tells whether the endpoint has a current certificate under the name that it has now.
bool HasItsOwn(const Ancestry& ancestry, const std::string& endpoint);

struct Superseded {
  std::int64_t id = 0;
  ReplacedBundle bundle;
  std::optional<std::int64_t> revoked;  // the reason, where it was
};

// Supersede ends the current certificate of the endpoint, if there is one.
std::optional<Superseded> Supersede(Connection& connection, std::int64_t fleet,
                                    const std::string& endpoint);

// Succession is what a certificate that is being committed has put an end to.
struct Succession {
  std::int64_t lineage = 0;
  std::optional<std::int64_t> supersedes;
  std::string former;                   // its name, if it is not the endpoint's
  std::optional<std::int64_t> revoked;  // a reason, where one of them was
  std::vector<ReplacedBundle> replaced;

  std::optional<std::int64_t> Take(std::optional<Superseded> old);
};

// Succeed ends what the endpoint has, or else what it had under former names, in favour of the
// certificate with this id.
Succession Succeed(Connection& connection, std::int64_t fleet, const std::string& endpoint,
                   std::span<const std::string> formerly, std::int64_t id);

// InsertRecord adds the record that a certificate is issued with.
void InsertRecord(Connection& connection, std::int64_t id, ByteView der,
                  const std::vector<BundleFileRecord>& files);

}  // namespace fleetmint

#include "engine/pipeline/status.h"

#include <algorithm>
#include <set>

#include "engine/base/counted.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/x509/cert_list_view.h"
#include "engine/x509/name.h"

namespace fleetmint {
namespace {

constexpr std::size_t kMostCrlBytes = std::size_t{1} << 28;
constexpr Seconds kWeek = std::chrono::days{7};
// An issuing CA is to be replaced while what it signs still gets its validity.
constexpr Seconds kCaNotice = std::chrono::days{90};

CertListView ReadCrl(ByteView der, const std::string& file) {
  try {
    return CertListView::Read(der);
  } catch (const Error& error) {
    throw Error::WithHint(ErrorKind::kLedger,
                          "the authority's crl/" + file + " is no CRL: " + error.what(),
                          "move it away: fleetmint crl makes the next one from the ledger");
  }
}

// What is out as `file`, in the authority's crl/.
void ReadInto(CrlStatus& status, const Directory& folder, const std::string& file,
              const CertListView& view) {
  status.file = file;
  status.path = folder.PathOf(file);
  status.present = true;
  status.issuer_name = ReadName(view.issuer());
  status.number = view.number();
  status.this_update = view.this_update();
  status.next_update = view.next_update();
  status.entries = view.entries().size();
}

CrlStatus LookAtCrl(const Authority& authority, const Authority::CrlIssuer& issuer, Time now) {
  CrlStatus status;
  status.issuer = NameToString(authority.FindIssuer(issuer.issuer)->subject());
  status.file = issuer.file;
  const std::vector<CrlEntry> due = authority.ledger().CrlEntries(issuer.scope, now);
  const Directory folder = authority.Crls();
  status.unpublished = due.size();
  if (!folder.Exists(issuer.file)) return status;
  const Bytes der = folder.Read(issuer.file, kMostCrlBytes);
  const CertListView view = ReadCrl(der, issuer.file);
  ReadInto(status, folder, issuer.file, view);
  std::set<Bytes> named;
  for (const CertListEntry& entry : view.entries()) {
    named.emplace(entry.serial.begin(), entry.serial.end());
  }
  status.unpublished =
      static_cast<std::size_t>(std::count_if(due.begin(), due.end(), [&](const CrlEntry& entry) {
        return !named.contains(Bytes(entry.serial.begin(), entry.serial.end()));
      }));
  return status;
}

CaStatus LookAtCa(const Authority& authority, const TierInfo& tier) {
  const Certificate certificate = Certificate::Parse(tier.certificate);
  return {tier.name,
          tier.subject,
          ReadName(certificate.subject()),
          ReadName(certificate.issuer()),
          certificate.serial(),
          authority.directory().PathOf(tier.file),
          tier.generation,
          tier.not_before,
          tier.not_after,
          !tier.next};
}

const char* Verb(std::size_t count, const char* one, const char* many) {
  return count == 1 ? one : many;
}

void LookAtFleet(const FleetStatus& fleet, Seconds soon, AuthorityStatus& status) {
  const std::string of = " of fleet '" + fleet.fleet + "', profile '" + fleet.profile + "', ";
  if (fleet.expired != 0) {
    status.actions.push_back(
        {Counted(fleet.expired, "certificate") + of + Verb(fleet.expired, "has", "have") +
             " expired",
         "fleetmint renew FLEET --within 1d renews them; fleetmint retire ends those "
         "whose hosts are gone"});
  }
  if (fleet.issuer_revoked != 0) {
    status.actions.push_back(
        {Counted(fleet.issuer_revoked, "endpoint") + of +
             Verb(fleet.issuer_revoked, "has a certificate", "have certificates") +
             " of a revoked CA",
         "fleetmint renew FLEET.yaml --issuer-retired makes new ones under the current CA"});
  }
  if (fleet.next_end && *fleet.next_end <= status.now + soon) {
    std::size_t count = 0;
    for (const auto& [week, number] : fleet.weeks) {
      if (week * kWeek <= soon) count += number;
    }
    status.actions.push_back({"up to " + Counted(count, "certificate") + of +
                                  "with an end within " + FormatDuration(soon) + ", the first at " +
                                  FormatRfc3339(*fleet.next_end),
                              "fleetmint renew, --within a duration or --all, makes new ones"});
  }
}

// Whether the CRL in this file of crl/ is signed by another organization's CA.
bool IsForeign(const Authority& authority, const std::string& file) {
  const auto issuers = authority.ForeignCrlIssuers();
  return std::any_of(issuers.begin(), issuers.end(),
                     [&](const auto& issuer) { return issuer.file == file; });
}

void LookAtCrls(const CrlStatus& crl, AuthorityStatus& status) {
  const auto act = [&](const std::string& what) {
    status.actions.push_back({what, "fleetmint crl --out OUT signs the next one and publishes it"});
  };
  if (crl.unpublished != 0) {
    act(Counted(crl.unpublished, "revocation") + " by '" + crl.issuer + "' " +
        Verb(crl.unpublished, "is", "are") + " on no CRL yet");
  }
  if (!crl.present) return;
  if (crl.next_update < status.now) {
    act("the CRL of '" + crl.issuer + "' was to be replaced by " + FormatRfc3339(crl.next_update));
  } else if (crl.next_update - status.now < (crl.next_update - crl.this_update) / 4) {
    act("the CRL of '" + crl.issuer + "' is to be replaced by " + FormatRfc3339(crl.next_update));
  }
}

// What a restored ledger lacks, or knows by word alone.
void LookAtRestored(const Authority& authority, AuthorityStatus& status) {
  const std::string adopt =
      "fleetmint ca adopt --ca " + ShellWord(authority.directory().path()) + " ";
  for (const std::string& fleet : authority.ledger().Unasked()) {
    status.actions.push_back(
        {"this ledger is older than an output: no CRL is signed before the output of fleet '" +
             fleet + "' was asked what it lacks",
         adopt + "--out OUT; if that output is lost: " + adopt + "--lost " + ShellWord(fleet)});
  }
  for (const std::string& fleet : authority.ledger().Fleets()) {
    const std::size_t reported = authority.ledger().Reported(fleet).size();
    if (reported == 0) continue;
    status.actions.push_back(
        {Counted(reported, "certificate") + " of fleet '" + fleet + "' " +
             Verb(reported, "is", "are") + " known from a manifest alone",
         "fleetmint renew FLEET --only NAME gives one a certificate that this ledger has"});
  }
}

}  // namespace

AuthorityStatus LookAt(const Authority& authority, Seconds soon, Time now) {
  AuthorityStatus status;
  status.now = now;
  status.fleets = authority.ledger().Status(now);
  for (const FleetStatus& fleet : status.fleets) LookAtFleet(fleet, soon, status);
  LookAtRestored(authority, status);
  for (const TierInfo& tier : authority.Tiers()) {
    if (tier.certificate.empty()) {
      status.actions.push_back({"CA '" + tier.name + "' waits for its certificate",
                                "fleetmint ca install takes it when it is signed"});
      continue;
    }
    status.cas.push_back(LookAtCa(authority, tier));
    if (tier.not_after < now + kCaNotice) {
      status.actions.push_back(
          {"the certificate of CA '" + tier.subject + "' ends at " + FormatRfc3339(tier.not_after),
           "fleetmint ca rotate makes the next one: what a CA signs ends with it"});
    }
  }
  status.trust = authority.TrustOfNext(now);
  for (const Authority::CrlIssuer& issuer : authority.CrlIssuers()) {
    if (!issuer.leaves || !authority.Answers(issuer, now)) continue;
    const CrlStatus& crl = status.crls.emplace_back(LookAtCrl(authority, issuer, now));
    LookAtCrls(crl, status);
  }
  // Those of the CAs above: a server that takes crl.pem refuses everybody when one has ended.
  for (const std::string& file : authority.CrlFiles(now)) {
    const auto same = [&](const CrlStatus& crl) { return crl.file == file; };
    if (std::any_of(status.crls.begin(), status.crls.end(), same)) continue;
    const Bytes der = authority.Crls().Read(file, kMostCrlBytes);
    const CertListView view = ReadCrl(der, file);
    CrlStatus crl;
    crl.issuer = NameToString(view.issuer());
    ReadInto(crl, authority.Crls(), file, view);
    for (const Authority::CrlIssuer& issuer : authority.CrlIssuers()) {
      if (issuer.file != file) continue;
      crl.unpublished = LookAtCrl(authority, issuer, now).unpublished;
      if (crl.unpublished == 0) continue;
      status.actions.push_back(
          {Counted(crl.unpublished, "revocation") + " by '" + crl.issuer + "' " +
               Verb(crl.unpublished, "is", "are") + " on no CRL yet",
           "fleetmint ca root-crl signs the next one (--root-key FILE: where its key is kept "
           "elsewhere); fleetmint crl --out OUT publishes it"});
    }
    if (crl.next_update - now < (crl.next_update - crl.this_update) / 4) {
      status.actions.push_back(
          {"the CRL of '" + crl.issuer + "' is to be replaced by " + FormatRfc3339(crl.next_update),
           IsForeign(authority, file)
               ? "fleetmint crl --with FILE --out OUT takes the next one, from where that CA "
                 "publishes it"
               : "fleetmint ca root-crl signs the next one (--root-key FILE: where its key is kept "
                 "elsewhere); fleetmint crl --out OUT publishes it"});
    }
    status.crls.push_back(std::move(crl));
  }
  return status;
}

}  // namespace fleetmint

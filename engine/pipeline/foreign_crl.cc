#include "engine/pipeline/foreign_crl.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/base/pem.h"
#include "engine/x509/cert_list_view.h"
#include "engine/x509/name.h"

namespace fleetmint {
namespace {

constexpr std::size_t kMostCrlBytes = std::size_t{1} << 28;

struct TakenCrl {
  Authority::CrlIssuer issuer;
  Bytes der;
};

std::vector<Bytes> DersOf(const CrlFile& file) {
  std::vector<Bytes> ders;
  for (const PemBlock& block : PemDecodeAll(AsText(file.content))) {
    if (block.label == "X509 CRL") ders.emplace_back(block.der.begin(), block.der.end());
  }
  if (ders.empty()) ders.push_back(file.content);
  return ders;
}

class Taker {
 public:
  Taker(const Authority& authority, Time now)
      : authority_(authority), folder_(authority.Crls()), now_(now) {}

  void Take(const CrlFile& file) {
    for (Bytes& der : DersOf(file)) {
      try {
        taken_.push_back({Check(der), std::move(der)});
      } catch (const Error& error) {
        for (const Fault& fault : error.faults()) {
          faults_.push_back({"'" + file.name + "': " + fault.message, {}, fault.hint});
        }
      }
    }
  }

  std::vector<CrlState> Write() {
    if (!faults_.empty()) throw Error(ErrorKind::kUsage, std::move(faults_));
    std::vector<CrlState> states;
    for (const TakenCrl& taken : taken_) {
      const CertListView view = CertListView::Read(taken.der);
      const std::string& file = taken.issuer.file;
      const bool same = folder_.Exists(file) && folder_.Read(file, kMostCrlBytes) == taken.der;
      if (!same) folder_.WriteDurably(file, taken.der);
      states.push_back({file, NameToString(view.issuer()), view.number(), view.this_update(),
                        view.next_update(), view.entries().size(), !same, false});
    }
    return states;
  }

 private:
  // Gives the CA that has signed it; throws what is wrong with it.
  Authority::CrlIssuer Check(const Bytes& der) const {
    const CertListView view = CertListView::Read(der);
    const std::string name = NameToString(view.issuer());
    const Authority::CrlIssuer issuer = IssuerOf(view, der, name);
    if (view.is_delta()) {
      Refuse("it is a delta CRL of '" + name + "': servers need the complete one",
             "give the base CRL");
    }
    if (view.this_update() > now_) {
      Refuse("it is of " + FormatRfc3339(view.this_update()) + ", later than this machine's clock",
             "set the clock");
    }
    if (view.next_update() < now_) {
      Refuse("it was to be replaced by " + FormatRfc3339(view.next_update()),
             "get the newest one from where '" + name + "' publishes it");
    }
    if (folder_.Exists(issuer.file)) {
      const Bytes known = folder_.Read(issuer.file, kMostCrlBytes);
      if (CertListView::Read(known).this_update() > view.this_update()) {
        Refuse("it is of " + FormatRfc3339(view.this_update()) + ", and the one that is there of " +
                   FormatRfc3339(CertListView::Read(known).this_update()),
               "get the newest one from where '" + name + "' publishes it");
      }
    }
    return issuer;
  }

  Authority::CrlIssuer IssuerOf(const CertListView& view, ByteView der,
                                const std::string& name) const {
    bool named = false;
    for (const Authority::CrlIssuer& issuer : authority_.ForeignCrlIssuers()) {
      const Certificate& certificate = *authority_.FindIssuer(issuer.issuer);
      if (!std::ranges::equal(view.issuer(), ByteView(certificate.subject()))) continue;
      named = true;
      if (certificate.HasSignedCrl(der)) return issuer;
    }
    for (const Authority::CrlIssuer& issuer : authority_.CrlIssuers()) {
      const Certificate& certificate = *authority_.FindIssuer(issuer.issuer);
      if (!std::ranges::equal(view.issuer(), ByteView(certificate.subject()))) continue;
      Refuse("it is of '" + name + "', whose CRL is signed here",
             "leave it out: fleetmint crl makes the next one");
    }
    if (named) {
      Refuse("it is not signed by '" + name + "', though it says so",
             "get it from where that CA publishes it");
    }
    Refuse("it is of '" + name + "', which is no CA above the ones of this authority",
           "fleetmint ca show names them");
  }

  [[noreturn]] static void Refuse(const std::string& message, const std::string& hint) {
    throw Error::WithHint(ErrorKind::kUsage, message, hint);
  }

  const Authority& authority_;
  Directory folder_;
  Time now_;
  std::vector<TakenCrl> taken_;
  std::vector<Fault> faults_;
};

}  // namespace

std::vector<CrlState> TakeForeignCrls(const Authority& authority, const std::vector<CrlFile>& files,
                                      Time now) {
  const FileLock alone = authority.Crls().LockItself();
  Taker taker(authority, now);
  for (const CrlFile& file : files) taker.Take(file);
  return taker.Write();
}

std::vector<std::string> CasWithoutCrl(const Authority& authority) {
  std::vector<std::string> names;
  const Directory folder = authority.Crls();
  for (const Authority::CrlIssuer& issuer : authority.ForeignCrlIssuers()) {
    const Certificate& certificate = *authority.FindIssuer(issuer.issuer);
    const auto chain = authority.ChainDers();
    if (std::find(chain.begin(), chain.end(), certificate.der()) == chain.end()) continue;
    if (!folder.Exists(issuer.file)) names.push_back(NameToString(certificate.subject()));
  }
  return names;
}

std::vector<std::string> RevokedAbove(const Authority& authority) {
  std::vector<std::string> names;
  const Directory folder = authority.Crls();
  for (const Authority::CrlIssuer& issuer : authority.ForeignCrlIssuers()) {
    if (!folder.Exists(issuer.file)) continue;
    const Bytes der = folder.Read(issuer.file, kMostCrlBytes);
    const CertListView view = CertListView::Read(der);
    for (const Certificate& below : authority.Chain()) {
      if (!std::ranges::equal(ByteView(below.issuer()), view.issuer())) continue;
      const bool named = std::any_of(
          view.entries().begin(), view.entries().end(), [&](const CertListEntry& entry) {
            return std::ranges::equal(entry.serial, ByteView(below.serial()));
          });
      if (named) names.push_back(NameToString(below.subject()));
    }
  }
  return names;
}

}  // namespace fleetmint

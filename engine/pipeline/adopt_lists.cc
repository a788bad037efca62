#include "engine/pipeline/adopt_lists.h"

#include <algorithm>
#include <map>

#include "engine/base/error.h"
#include "engine/pipeline/crl.h"
#include "engine/x509/cert_list_view.h"
#include "engine/x509/name.h"

namespace fleetmint {
namespace {

// RFC 5280 5.3.1, of those that cannot be taken back.
bool IsReason(int reason) { return (reason >= 0 && reason <= 5) || reason == 9 || reason == 10; }

class Reader {
 public:
  explicit Reader(const Authority& authority) : authority_(authority), crls_(authority.Crls()) {
    for (IssuerRow& row : authority.ledger().Issuers()) {
      if (row.der.empty()) continue;
      Certificate certificate = Certificate::Parse(row.der);
      cas_.push_back({std::move(row), std::move(certificate)});
    }
  }

  void Take(const std::string& what, Bytes der) {
    try {
      const CertListView view = CertListView::Read(der);
      const Ca* const ca = SignerOf(view, der);
      if (ca == nullptr) return;
      if (view.is_delta()) Fail("it is a delta CRL");
      read_.lists.push_back(ListOf(view, *ca));
      auto& [number, newest] = newest_[ca->row.scope];
      if (view.number() < number) return;
      number = view.number();
      newest = std::move(der);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kInput) throw;
      read_.refused.push_back(RefusedBy(what, error));
    }
  }

  void Refuse(const std::string& what, const std::string& why) {
    read_.refused.push_back({what, why, false});
  }

  SignedLists Finish() {
    for (const Authority::CrlIssuer& issuer : authority_.CrlIssuers()) {
      const auto newest = newest_.find(issuer.scope);
      if (newest == newest_.end() || NumberOf(issuer.file) >= newest->second.first) continue;
      read_.newer.push_back({issuer.file, newest->second.second});
    }
    return std::move(read_);
  }

 private:
  struct Ca {
    IssuerRow row;
    Certificate certificate;
    bool ours() const { return row.leaves || !row.key_file.empty(); }
  };

  [[noreturn]] static void Fail(const std::string& why) { throw Error(ErrorKind::kInput, why); }

  // The CA of ours that has signed it; nullptr where it is another's business.
  const Ca* SignerOf(const CertListView& view, const Bytes& der) const {
    bool anothers = false, named = false;
    for (const Ca& ca : cas_) {
      if (!std::ranges::equal(view.issuer(), ByteView(ca.certificate.subject()))) continue;
      named = named || ca.ours();
      anothers = anothers || !ca.ours();
      if (ca.ours() && ca.certificate.HasSignedCrl(der)) return &ca;
    }
    if (anothers && !named) return nullptr;
    const std::string name = "'" + NameToString(view.issuer()) + "'";
    if (!named) Fail(name + " is no CA of this ledger");
    throw Error::OfCause(ErrorKind::kInput, ErrorCause::kDamaged,
                         "it was not signed by the CA that it names, " + name);
  }

  SignedList ListOf(const CertListView& view, const Ca& ca) const {
    SignedList list;
    list.scope = ca.row.scope;
    list.stamp = {view.number(), view.this_update()};
    for (const Ca& other : cas_) {
      if (other.row.scope != ca.row.scope) continue;
      list.end = std::max(list.end, other.certificate.not_after());
    }
    for (const CertListEntry& entry : view.entries()) {
      CrlEntry taken;
      if (entry.serial.size() != taken.serial.size()) {
        Fail("it names the serial " + ToHex(entry.serial) + ", which is none of fleetmint's");
      }
      std::copy(entry.serial.begin(), entry.serial.end(), taken.serial.begin());
      taken.revoked_at = entry.revoked_at;
      taken.reason = IsReason(entry.reason) ? entry.reason : 0;
      list.entries.push_back(taken);
    }
    return list;
  }

  // The number of the CRL that the authority has in crl/; 0 if it has none that can be read.
  std::uint64_t NumberOf(const std::string& file) const {
    if (!crls_.FileSize(file)) return 0;
    const Bytes der = crls_.Read(file);
    try {
      return CertListView::Read(der).number();
    } catch (const Error& error) {
      if (error.cause() != ErrorCause::kDamaged) throw;
      return 0;
    }
  }

  const Authority& authority_;
  const Directory crls_;
  std::vector<Ca> cas_;
  std::map<Sha256Digest, std::pair<std::uint64_t, Bytes>> newest_;  // by scope
  SignedLists read_;
};

}  // namespace

SignedLists ReadSignedLists(const Authority& authority, const Directory& output) {
  Reader reader(authority);
  const Directory crls = authority.Crls();
  for (const Authority::CrlIssuer& issuer : authority.CrlIssuers()) {
    if (crls.FileSize(issuer.file)) reader.Take(crls.PathOf(issuer.file), crls.Read(issuer.file));
  }
  try {
    for (Bytes& der : PublishedCrls(output)) reader.Take("crl.pem", std::move(der));
  } catch (const Error& error) {
    if (error.cause() != ErrorCause::kDamaged) throw;
    reader.Refuse("crl.pem", error.faults().front().message);
    if (output.FileSize("crl.der")) reader.Take("crl.der", output.Read("crl.der"));
  }
  return reader.Finish();
}

}  // namespace fleetmint

// ForeignCrl: the CRLs of CAs above that are not ours. An organization publishes its root's;
// crl.pem needs it, or servers refuse everybody (nginx; openssl -crl_check_all).
#pragma once

#include <string>
#include <vector>

#include "engine/authority/authority.h"
#include "engine/base/clock.h"
#include "engine/pipeline/crl.h"

namespace fleetmint {

// CrlFile is what somebody gives: one CRL in DER, or any number in PEM; `name` is for messages.
struct CrlFile {
  std::string name;
  Bytes content;
};

// TakeForeignCrls keeps them in the authority's crl/, from where each is published until a later
// one is given. Each must be signed by a CA above an issuing one whose CRL is not ours to sign, be
// valid at `now`, complete, and not older than the one that is there. All of them are looked at
// before the first is written. Errors: kUsage, with all faults.
std::vector<CrlState> TakeForeignCrls(const Authority& authority, const std::vector<CrlFile>& files,
                                      Time now);

// CasWithoutCrl gives the names of the CAs in the current chain whose CRL is not ours to sign, and
// not there.
std::vector<std::string> CasWithoutCrl(const Authority& authority);

// RevokedAbove gives the names of our CAs that the CRL of the one above names as revoked, as far as
// it is there: nobody may accept what they sign.
std::vector<std::string> RevokedAbove(const Authority& authority);

}  // namespace fleetmint

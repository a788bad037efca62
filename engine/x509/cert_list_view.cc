#include "engine/x509/cert_list_view.h"

#include <algorithm>

#include "engine/base/ber.h"
#include "engine/x509/extension_view.h"
#include "engine/x509/read_time.h"

namespace fleetmint {
namespace {

using std::string_view_literals::operator""sv;

// id-ce (2.5.29) and the number of an extension, as content octets: 5.2.3, 5.3.1.
constexpr std::string_view kCrlNumber = "\x55\x1D\x14"sv;
constexpr std::string_view kDeltaCrlIndicator = "\x55\x1D\x1B"sv;
constexpr std::string_view kReasonCode = "\x55\x1D\x15"sv;

// The value of the extension `oid` of a SEQUENCE OF Extension; empty if it is not there.
ByteView FindExtension(BerReader list, std::string_view oid) {
  ByteView value;
  ForEachExtension(list, [&](const ExtensionView& one) {
    if (AsText(one.oid) == oid) value = one.value;
  });
  return value;
}

CertListEntry ReadEntry(BerReader entry) {
  CertListEntry read;
  read.serial = entry.Expect(ber::kInteger, "a serial number").content;
  while (read.serial.size() > 1 && read.serial[0] == 0) read.serial = read.serial.subspan(1);
  read.revoked_at = ReadTime(entry);
  if (entry.AtEnd()) return read;
  const ByteView value = FindExtension(entry.Enter(ber::kSequence, "extensions"), kReasonCode);
  if (value.empty()) return read;
  const ByteView reason = BerReader(value).Expect(ber::kEnumerated, "a reason").content;
  if (!reason.empty()) read.reason = reason.back();
  return read;
}

}  // namespace

CertListView CertListView::Read(ByteView der) {
  CertListView view;
  BerReader file(der);
  BerReader outer = file.Enter(ber::kSequence, "a CRL");
  file.ExpectEnd("the CRL");
  BerReader tbs = outer.Enter(ber::kSequence, "a TBSCertList");
  if (tbs.PeekTag() == ber::kInteger) tbs.Next();  // version
  tbs.Expect(ber::kSequence, "a signature algorithm");
  view.issuer_ = tbs.Expect(ber::kSequence, "an issuer").encoded;
  view.this_update_ = ReadTime(tbs);
  if (tbs.PeekTag() == ber::kUtcTime || tbs.PeekTag() == ber::kGeneralizedTime) {
    view.next_update_ = ReadTime(tbs);
  }
  if (tbs.PeekTag() == ber::kSequence) {
    BerReader list = tbs.Enter(ber::kSequence, "the revoked certificates");
    while (!list.AtEnd()) {
      view.entries_.push_back(ReadEntry(list.Enter(ber::kSequence, "a revoked certificate")));
    }
  }
  if (tbs.PeekTag() == ber::Context(0)) {
    BerReader tagged = tbs.Enter(ber::Context(0), "extensions");
    const BerReader list = tagged.Enter(ber::kSequence, "extensions");
    const ByteView number = FindExtension(list, kCrlNumber);
    // Others count as high as they like (20 octets, 5.2.3): what does not fit is none.
    if (!number.empty() && number.size() <= 10) view.number_ = BerReader(number).SmallInteger();
    view.is_delta_ = !FindExtension(list, kDeltaCrlIndicator).empty();
  }
  return view;
}

}  // namespace fleetmint

#include "engine/x509/certificate_file.h"

#include <algorithm>

#include "engine/base/ber.h"
#include "engine/base/pem.h"
#include "engine/x509/name_match.h"

namespace fleetmint {
namespace {

constexpr const char* kSignedData = "1.2.840.113549.1.7.2";

// The first element of a file: OpenSSL's TRUSTED CERTIFICATE has more behind it.
Certificate FirstOf(ByteView der) {
  return Certificate::Parse(BerReader(der).Expect(ber::kSequence, "a certificate").encoded);
}

bool Issued(const Certificate& issuer, const Certificate& other) {
  return &issuer != &other && SameName(issuer.subject(), other.issuer()) &&
         other.issuer() != other.subject();
}

}  // namespace

std::vector<Certificate> OrderedByIssuer(std::vector<Certificate> set) {
  std::vector<Certificate> chain;
  const auto take = [&](auto place) {
    chain.push_back(std::move(*place));
    set.erase(place);
  };
  const auto end_of_line = std::find_if(set.begin(), set.end(), [&](const Certificate& one) {
    return std::none_of(set.begin(), set.end(),
                        [&](const Certificate& other) { return Issued(one, other); });
  });
  if (end_of_line == set.end()) return set;
  take(end_of_line);
  while (!set.empty()) {
    auto issuer = std::find_if(set.begin(), set.end(), [&](const Certificate& one) {
      return Issued(one, chain.back()) && chain.back().SignedBy(one);
    });
    take(issuer == set.end() ? set.begin() : issuer);
  }
  return chain;
}

namespace {

// RFC 2315 9.1: ContentInfo { signedData, [0] { version, digests, contentInfo, certificates [0] }
// }.
std::vector<Certificate> OfPkcs7(ByteView der) {
  BerReader info = BerReader(der).Enter(ber::kSequence, "a PKCS#7 file");
  if (info.Oid() != kSignedData) return {};
  BerReader data = info.Enter(ber::Context(0), "the content of a PKCS#7 file")
                       .Enter(ber::kSequence, "the signed data of a PKCS#7 file");
  std::vector<Certificate> certificates;
  while (!data.AtEnd()) {
    const BerElement field = data.Next();
    if (field.tag != ber::Context(0)) continue;
    BerReader set(field.content);
    while (!set.AtEnd()) {
      const BerElement one = set.Next();
      if (one.tag == ber::kSequence) certificates.push_back(Certificate::Parse(one.encoded));
    }
  }
  return OrderedByIssuer(std::move(certificates));
}

}  // namespace

std::vector<Certificate> ReadCertificates(ByteView file) {
  if (!file.empty() && file[0] == ber::kSequence) {
    BerReader fields = BerReader(file).Enter(ber::kSequence, "a certificate");
    if (fields.PeekTag() == ber::kOid) return OfPkcs7(file);
    return {Certificate::Parse(file)};
  }
  std::vector<Certificate> certificates;
  for (const PemBlock& block : PemDecodeAll(AsText(file))) {
    if (block.label == "CERTIFICATE" || block.label == "X509 CERTIFICATE" ||
        block.label == "TRUSTED CERTIFICATE") {
      certificates.push_back(FirstOf(block.der));
    } else if (block.label == "PKCS7" || block.label == "CMS") {
      for (Certificate& one : OfPkcs7(block.der)) certificates.push_back(std::move(one));
    }
  }
  return certificates;
}

}  // namespace fleetmint

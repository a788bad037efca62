// CertificateFile: certificates in the files that people have: PEM, DER, PKCS#7 (.p7b of Windows
// and of AD CS). Pure functions; any thread.
#pragma once

#include <vector>

#include "engine/base/bytes.h"
#include "engine/x509/certificate.h"

namespace fleetmint {

// ReadCertificates gives the certificates of a file: of PEM in their order, whatever other blocks
// there are; of PKCS#7, which is a set (RFC 2315 9.1), ordered so that each is followed by its
// issuer where that can be told. Empty: it holds none. Throws Error(kInput) if it is malformed.
std::vector<Certificate> ReadCertificates(ByteView file);

// OrderedByIssuer orders certificates so: the one that has issued no other first, then its issuer,
// and so on, what is left over last. As they are, where each has issued another.
std::vector<Certificate> OrderedByIssuer(std::vector<Certificate> set);

}  // namespace fleetmint

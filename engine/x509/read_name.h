// ReadName: a distinguished name as others encoded it. Any thread.
#pragma once

#include "engine/base/bytes.h"
#include "engine/x509/name.h"

namespace fleetmint {

// ReadName reads the DER of a name (e.g. of an issuer), attributes that have no short name by their
// OID, which Name::Parse does not read. Throws Error(kInput) if it is no name.
Name ReadName(ByteView der);

}  // namespace fleetmint

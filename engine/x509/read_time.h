// Dates of certificates and CRLs, as RFC 5280 4.1.2.5 and 5.1.2.4 allow them. Pure; any thread.
#pragma once

#include "engine/base/ber.h"
#include "engine/base/clock.h"

namespace fleetmint {

// ReadTime reads UTCTime (YYMMDDHHMMSSZ, 1950 to 2049) or GeneralizedTime (YYYYMMDDHHMMSSZ). Throws
// Error(kInput, kDamaged) on anything else.
Time ReadTime(BerReader& reader);

}  // namespace fleetmint

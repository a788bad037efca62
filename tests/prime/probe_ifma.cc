// The arithmetic of kernel ifma, for tests (arithmetic_probe.h).
#include "engine/prime/kernel_ifma.cc"  // NOLINT(bugprone-suspicious-include): see the header

#if defined(__x86_64__)
#include "tests/prime/arithmetic_probe.h"

FLEETMINT_BEGIN_TARGET(FLEETMINT_IFMA_SETS)
#include "tests/prime/probe_of.h"

namespace fleetmint::prime {

const ArithmeticProbe kIfmaProbe = ProbeOf<ifma::Arithmetic>("ifma");

}  // namespace fleetmint::prime
FLEETMINT_END_TARGET
#endif

// The arithmetic of kernel avx2, for tests (arithmetic_probe.h).
#include "engine/prime/kernel_avx2.cc"  // NOLINT(bugprone-suspicious-include): see the header

#if defined(__x86_64__)
#include "tests/prime/arithmetic_probe.h"

FLEETMINT_BEGIN_TARGET(FLEETMINT_AVX2_SETS)
#include "tests/prime/probe_of.h"

namespace fleetmint::prime {

const ArithmeticProbe kAvx2Probe = ProbeOf<avx2::Arithmetic>("avx2");

}  // namespace fleetmint::prime
FLEETMINT_END_TARGET
#endif

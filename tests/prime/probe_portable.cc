// The arithmetic of kernel portable, for tests (arithmetic_probe.h).
#include "engine/prime/kernel_portable.cc"  // NOLINT(bugprone-suspicious-include): see the header
#include "tests/prime/probe_of.h"

namespace fleetmint::prime {

const ArithmeticProbe kPortableProbe = ProbeOf<portable::Arithmetic>("portable");

}  // namespace fleetmint::prime

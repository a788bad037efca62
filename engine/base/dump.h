// Dumps: key material is kept out of them where the system can be asked to.
#pragma once

namespace fleetmint {

// KeepStackOutOfDumps excludes the calling thread's stack from core dumps and from what debuggers
// write (MADV_DONTDUMP), from its second call on at no cost. It promises nothing: a system that
// does not know the request is not told twice.
void KeepStackOutOfDumps();

}  // namespace fleetmint

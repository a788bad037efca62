// Target regions: code between FLEETMINT_BEGIN_TARGET and FLEETMINT_END_TARGET is compiled for more
// instruction sets than the rest of the program. Internal to prime/.
//
// A region is bound to one list of instruction sets, as the compilers' target attribute takes it
// ("avx2,fma"). The kernel states the same list in Kernel::instruction_sets, which is what the
// processor is asked for: there is no second list that could fall behind. Headers of the standard
// library and of others are included before the region, so that no function of theirs is compiled
// in it and chosen by the linker for everybody; what is inlined (unroll.h) is included inside.
#pragma once

#define FLEETMINT_PRAGMA_TEXT(text) _Pragma(#text)
#define FLEETMINT_PRAGMA(text) FLEETMINT_PRAGMA_TEXT(text)

#if defined(__clang__)
#define FLEETMINT_BEGIN_TARGET(sets) \
  FLEETMINT_PRAGMA(clang attribute push(__attribute__((target(sets))), apply_to = function))
#define FLEETMINT_END_TARGET _Pragma("clang attribute pop")
#else
#define FLEETMINT_BEGIN_TARGET(sets) _Pragma("GCC push_options") FLEETMINT_PRAGMA(GCC target(sets))
#define FLEETMINT_END_TARGET _Pragma("GCC pop_options")
#endif

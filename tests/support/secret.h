// Secret: constant-time tests by valgrind's memcheck. Bytes marked as secret are undefined to it,
// so that it reports every branch and every address that depends on them (A. Langley, "ctgrind",
// 2010).
//
// A test that uses this has the fixture SecretTest. ctest runs it as FOLDER/constant_time under
// valgrind (run_memcheck.sh); elsewhere it is skipped. What this does not
// see: instructions whose time depends on their operands, and code that the test does not run.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <utility>

#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#endif

namespace fleetmint::secret {

// Watching tells whether memcheck runs this program; without it nothing below has an effect.
inline bool Watching() {
#ifdef RUNNING_ON_VALGRIND
  return RUNNING_ON_VALGRIND != 0;
#else
  return false;
#endif
}

// Hide marks bytes as secret.
inline void Hide([[maybe_unused]] const void* bytes, [[maybe_unused]] std::size_t size) {
#ifdef VALGRIND_MAKE_MEM_UNDEFINED
  static_cast<void>(VALGRIND_MAKE_MEM_UNDEFINED(bytes, size));
#endif
}

// Reveal ends that: results that may be seen, or compared by a test.
inline void Reveal([[maybe_unused]] const void* bytes, [[maybe_unused]] std::size_t size) {
#ifdef VALGRIND_MAKE_MEM_DEFINED
  static_cast<void>(VALGRIND_MAKE_MEM_DEFINED(bytes, size));
#endif
}

// Leaks counts the branches and addresses in `call` that depended on secrets.
template <class Call>
unsigned long Leaks(Call&& call) {
#ifdef VALGRIND_COUNT_ERRORS
  const unsigned long before = VALGRIND_COUNT_ERRORS;
  std::forward<Call>(call)();
  return VALGRIND_COUNT_ERRORS - before;
#else
  std::forward<Call>(call)();
  return 0;
#endif
}

}  // namespace fleetmint::secret

namespace fleetmint {

class SecretTest : public testing::Test {
 protected:
  void SetUp() override {
#ifndef RUNNING_ON_VALGRIND
    GTEST_SKIP() << "needs valgrind/memcheck.h";
#endif
    if (!secret::Watching()) GTEST_SKIP() << "needs valgrind: ctest -R constant_time";
  }
};

}  // namespace fleetmint

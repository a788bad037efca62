// TestMark: the leave to make certificates that are reproducible, and so worth nothing as secrets.
// Whoever has one may draw keys from a seed and sign with a test authority. Only TestFleet
// (pipeline/test_fleet.h) can make one, so what is seeded cannot come out of another command.
#pragma once

namespace fleetmint {

// The organization in every subject of a test fleet. A CA of that name issues for nobody, whoever
// has imported it.
inline constexpr const char* kTestOrganization = "TEST ONLY";

class TestMark {
 private:
  friend class TestFleet;
  TestMark() {}  // not defaulted: an aggregate could be made by anybody
};

}  // namespace fleetmint

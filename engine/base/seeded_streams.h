// SeededStreams: random streams that are a function of a seed and of their label, for test fleets.
//
// A stream's key is HKDF-SHA-256 (RFC 5869) of the seed, with the fleet, the endpoint, the purpose
// and the number of times that they were asked for before as info: nothing depends on the order in
// which threads ask. Who knows the seed knows every key: see TestMark. Safe from any thread.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "engine/base/random.h"
#include "engine/base/test_mark.h"

namespace fleetmint {

class SeededStreams final : public StreamFactory {
 public:
  SeededStreams(TestMark, std::uint64_t seed, std::string_view fleet);
  RandomStream Open(const StreamLabel& label) override;

 private:
  Bytes pseudorandom_key_;
  std::mutex mutex_;
  std::map<std::pair<std::string, StreamPurpose>, std::uint32_t> attempts_;
};

}  // namespace fleetmint

// Key streams: where the random streams of a call's keys come from. Internal to keys/, but for
// KeyStreams (generate.h).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/base/random.h"

namespace fleetmint {

// KeyStreams are the two streams of one RSA key: the prime p is a function of `p` alone, q of `q`.
// An ECDSA key takes its scalar from `p`.
struct KeyStreams {
  RandomStream p;
  RandomStream q;
};

// KeyStreamSource has two streams for each of its keys. For one thread.
class KeyStreamSource {
 public:
  virtual ~KeyStreamSource() = default;
  virtual std::size_t size() const = 0;  // keys
  // Stream gives the stream of a key's part (its first or second prime), opened when it is first
  // asked for; it lives as long as the source.
  virtual RandomStream& Stream(std::size_t key, StreamPurpose part) = 0;
};

// OpenStreams are streams that somebody else has opened.
class OpenStreams final : public KeyStreamSource {
 public:
  explicit OpenStreams(std::span<KeyStreams> streams) : streams_(streams) {}
  std::size_t size() const override { return streams_.size(); }
  RandomStream& Stream(std::size_t key, StreamPurpose part) override {
    return part == StreamPurpose::kFirstPrime ? streams_[key].p : streams_[key].q;
  }

 private:
  std::span<KeyStreams> streams_;
};

// LateStreams opens each stream when its key is begun.
class LateStreams final : public KeyStreamSource {
 public:
  LateStreams(StreamFactory& factory, std::span<const std::string> endpoints)
      : factory_(factory), endpoints_(endpoints), streams_(2 * endpoints.size()) {}
  std::size_t size() const override { return endpoints_.size(); }
  RandomStream& Stream(std::size_t key, StreamPurpose part) override {
    const std::size_t place = part == StreamPurpose::kFirstPrime ? 0 : 1;
    std::optional<RandomStream>& stream = streams_[2 * key + place];
    if (!stream) stream.emplace(factory_.Open({endpoints_[key], part}));
    return *stream;
  }

 private:
  StreamFactory& factory_;
  std::span<const std::string> endpoints_;
  std::vector<std::optional<RandomStream>> streams_;
};

}  // namespace fleetmint

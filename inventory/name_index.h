// NameIndex: which endpoint has a name, whatever its case. Internal to inventory/.
//
// Open addressing over endpoint indexes and 32 bits of their names' hashes: about 22 bytes an
// endpoint, and no copy of the names: they are asked for again where two hashes are equal. For one
// thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/text.h"

namespace fleetmint {

class NameIndex {
 public:
  // Insert adds `name` as endpoint `index`; if another endpoint has it, gives that one's index
  // instead. `name_of` gives the name of an index that was inserted.
  template <typename NameOf>
  std::optional<std::uint32_t> Insert(const std::string& name, std::uint32_t index,
                                      NameOf name_of) {
    if ((count_ + 1) * 4 > slots_.size() * 3) Grow();
    const std::string key = AsciiLower(name);
    const std::uint32_t hash = HashOf(key);
    Slot& slot = slots_[PlaceOf(key, hash, name_of)];
    if (slot.entry != 0) return slot.entry - 1;
    slot = {hash, index + 1};
    ++count_;
    return std::nullopt;
  }

  template <typename NameOf>
  std::optional<std::uint32_t> Find(const std::string& name, NameOf name_of) const {
    if (slots_.empty()) return std::nullopt;
    const std::string key = AsciiLower(name);
    const std::uint32_t entry = slots_[PlaceOf(key, HashOf(key), name_of)].entry;
    return entry == 0 ? std::nullopt : std::optional(entry - 1);
  }

 private:
  struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t entry = 0;  // index + 1; 0: free
  };

  static std::uint32_t HashOf(const std::string& key) {
    return static_cast<std::uint32_t>(std::hash<std::string>{}(key));
  }

  // The slot that holds `key`, or the free one where it belongs.
  template <typename NameOf>
  std::size_t PlaceOf(const std::string& key, std::uint32_t hash, NameOf name_of) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t place = hash & mask;
    while (slots_[place].entry != 0 &&
           (slots_[place].hash != hash || AsciiLower(name_of(slots_[place].entry - 1)) != key)) {
      place = (place + 1) & mask;
    }
    return place;
  }

  void Grow() {
    std::vector<Slot> old(slots_.empty() ? 1024 : slots_.size() * 2);
    old.swap(slots_);
    const std::size_t mask = slots_.size() - 1;
    for (const Slot& slot : old) {
      if (slot.entry == 0) continue;
      std::size_t place = slot.hash & mask;
      while (slots_[place].entry != 0) place = (place + 1) & mask;
      slots_[place] = slot;
    }
  }

  std::vector<Slot> slots_;
  std::size_t count_ = 0;
};

}  // namespace fleetmint

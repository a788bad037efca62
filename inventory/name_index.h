// NameIndex: which endpoint has a name, whatever its case. Internal to inventory/.
//
// Open addressing over endpoint indexes: about 11 bytes an endpoint, and no copy of the names: they
// are asked for again where two hashes collide. For one thread.
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
    if ((count_ + 1) * 4 > slots_.size() * 3) Grow(name_of);
    const std::string key = AsciiLower(name);
    const std::size_t slot = SlotOf(key, name_of);
    if (slots_[slot] != 0) return slots_[slot] - 1;
    slots_[slot] = index + 1;
    ++count_;
    return std::nullopt;
  }

  template <typename NameOf>
  std::optional<std::uint32_t> Find(const std::string& name, NameOf name_of) const {
    if (slots_.empty()) return std::nullopt;
    const std::uint32_t entry = slots_[SlotOf(AsciiLower(name), name_of)];
    return entry == 0 ? std::nullopt : std::optional(entry - 1);
  }

 private:
  // The slot that holds `key`, or the free one where it belongs.
  template <typename NameOf>
  std::size_t SlotOf(const std::string& key, NameOf name_of) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t slot = std::hash<std::string>{}(key)&mask;
    while (slots_[slot] != 0 && AsciiLower(name_of(slots_[slot] - 1)) != key)
      slot = (slot + 1) & mask;
    return slot;
  }

  template <typename NameOf>
  void Grow(NameOf name_of) {
    std::vector<std::uint32_t> old(slots_.empty() ? 1024 : slots_.size() * 2);
    old.swap(slots_);
    const std::size_t mask = slots_.size() - 1;
    for (const std::uint32_t entry : old) {
      if (entry == 0) continue;
      std::size_t slot = std::hash<std::string>{}(AsciiLower(name_of(entry - 1))) & mask;
      while (slots_[slot] != 0) slot = (slot + 1) & mask;
      slots_[slot] = entry;
    }
  }

  std::vector<std::uint32_t> slots_;  // index + 1; 0: free
  std::size_t count_ = 0;
};

}  // namespace fleetmint

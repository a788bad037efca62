// ManifestWords: manifest.jsonl, read back: what a manifest says, for whoever has nothing better.
//
// Nothing of it is proved: a manifest is not signed. Any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/clock.h"
#include "engine/base/serial.h"
#include "output/manifest.h"

namespace fleetmint {

// ManifestWord is one line.
struct ManifestWord {
  std::string endpoint, fqdn, profile, key, store, state;
  bool exportable = false;
  Serial serial{};
  Sha1Digest sha1{};
  Sha256Digest sha256{}, spki_sha256{}, issuer{};
  Time issued_at, not_after;
  std::vector<ManifestFile> files;
  std::vector<ManifestSuperseded> supersedes;  // oldest first
};

// ReadManifestWords visits the lines of a manifest.jsonl in their order; `damaged` is told the
// numbers of lines that are none.
void ReadManifestWords(std::string_view text, const std::function<void(ManifestWord&&)>& visit,
                       const std::function<void(std::uint64_t line)>& damaged);

}  // namespace fleetmint

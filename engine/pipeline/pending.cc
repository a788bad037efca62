#include "engine/pipeline/pending.h"

#include <algorithm>

namespace fleetmint {

std::string PendingName(const Serial& serial, std::string_view extension) {
  return SerialHex(serial) + "." + std::string(extension);
}

std::optional<Serial> ParseSerial(std::string_view hex) {
  Serial serial{};
  if (hex.size() != 2 * serial.size() ||
      hex.find_first_not_of("0123456789abcdef") != std::string_view::npos) {
    return std::nullopt;
  }
  const Bytes bytes = FromHex(hex);
  std::copy(bytes.begin(), bytes.end(), serial.begin());
  return serial;
}

std::optional<PendingFile> ParsePendingName(const std::string& name) {
  const std::size_t dot = name.find('.');
  if (dot == std::string::npos || dot + 1 == name.size()) return std::nullopt;
  const auto serial = ParseSerial(std::string_view(name).substr(0, dot));
  if (!serial) return std::nullopt;
  return PendingFile{*serial, name.substr(dot + 1)};
}

void RemoveReplaced(const PendingBundle& bundle, const ReplacedBundle& replaced,
                    const OutputDirectory& output) {
  for (const BundleFileRecord& old : replaced.files) {
    const bool overwritten =
        bundle.endpoint == replaced.endpoint &&
        std::any_of(bundle.files.begin(), bundle.files.end(),
                    [&](const BundleFileRecord& file) { return file.extension == old.extension; });
    if (overwritten) continue;
    const auto [directory, name] = output.BundlePlace(replaced.endpoint, old.extension);
    if (!directory.IsDirectory(name)) directory.Remove(name);  // else verify names it
  }
}

std::optional<std::string> WhatIsInTheWay(const std::string& endpoint,
                                          const OutputDirectory& output) {
  const Directory& root = output.root();
  for (const char* extension : kBundleExtensions) {
    const std::string path = output.BundlePath(endpoint, extension);
    const std::string folder = path.substr(0, path.rfind('/'));
    if (root.Exists(folder) && !root.IsDirectory(folder)) {
      return "'" + root.PathOf(folder) + "' is no directory, where bundles belong";
    }
    if (root.IsDirectory(path)) {
      return "'" + root.PathOf(path) + "' is a directory, where a file of its bundle belongs";
    }
  }
  return std::nullopt;
}

std::string RejectedName(const std::string& name, const Directory& pending) {
  for (int number = 1;; ++number) {
    std::string rejected =
        std::string(kRejectedPrefix) + (number == 1 ? "" : std::to_string(number) + "-") + name;
    if (!pending.Exists(rejected)) return rejected;
  }
}

const Directory& PutInPlace(const PendingBundle& bundle, const std::string& extension,
                            const OutputDirectory& output) {
  const auto [directory, name] = output.BundlePlace(bundle.endpoint, extension);
  output.pending().Rename(PendingName(bundle.serial, extension), directory, name);
  return directory;
}

}  // namespace fleetmint

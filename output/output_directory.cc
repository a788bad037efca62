#include "output/output_directory.h"

#include <filesystem>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/base/yaml.h"

namespace fleetmint {
namespace {

constexpr const char* kPin = ".fleetmint";
constexpr const char* kBundles = "bundles";
constexpr const char* kPending = ".pending";

struct Pin {
  std::string authority;
  std::string fleet;
  Layout layout = Layout::kFlat;
};

std::string_view LayoutName(Layout layout) { return layout == Layout::kFlat ? "flat" : "hashed"; }

Pin ReadPin(const Directory& root) {
  FaultList faults(root.PathOf(kPin));
  const Bytes content = root.Read(kPin);
  const yaml::Node node = yaml::ReadText(AsText(content), faults);
  Pin pin;
  for (const yaml::Entry& entry : node.entries) {
    const std::string text = yaml::AsText(entry.value, "'" + entry.key + "'", faults).value_or("");
    if (entry.key == "authority") pin.authority = text;
    if (entry.key == "fleet") pin.fleet = text;
    if (entry.key == "layout") {
      pin.layout = text == "hashed" ? Layout::kHashed : Layout::kFlat;
      if (text != LayoutName(pin.layout))
        faults.Add(entry.value.where, "unknown layout '" + text + "'");
    }
  }
  if (pin.authority.empty() || pin.fleet.empty())
    faults.Add({1, 1}, "authority or fleet is missing");
  faults.ThrowIfAny();
  return pin;
}

void WritePin(const Directory& root, const Pin& pin) {
  const std::string text =
      "# This directory belongs to one authority and one fleet.\nauthority: " + pin.authority +
      "\nfleet: '" + pin.fleet +  // a fleet may be called null
      "'\nlayout: " + std::string(LayoutName(pin.layout)) + "\n";
  root.CreateDurably(kPin, AsBytes(text));
}

[[noreturn]] void Foreign(const std::string& path, const std::string& whose) {
  throw Error::WithHint(ErrorKind::kInput, "output '" + path + "' belongs to " + whose,
                        "give each authority and fleet an --out of its own");
}

void CheckPin(const std::string& path, const Pin& pin, const std::string& authority) {
  if (pin.authority != authority) Foreign(path, "another authority (" + pin.authority + ")");
}

}  // namespace

OutputDirectory OutputDirectory::OpenOrCreate(const std::string& path,
                                              const std::string& authority_id,
                                              const std::string& fleet,
                                              std::optional<Layout> layout) {
  std::error_code ignored;
  const bool fresh = !std::filesystem::exists(path, ignored);
  Directory root = Directory::Create(path, 0700);
  Pin pin{authority_id, fleet, layout.value_or(Layout::kFlat)};
  if (root.Exists(kPin)) {
    pin = ReadPin(root);
    CheckPin(path, pin, authority_id);
    if (pin.fleet != fleet) Foreign(path, "another fleet ('" + pin.fleet + "')");
    if (layout && *layout != pin.layout) {
      throw Error::WithHint(
          ErrorKind::kInput,
          "output '" + path + "' has the layout " + std::string(LayoutName(pin.layout)),
          "the layout is fixed at the first issue; leave --layout out");
    }
  } else {
    // What a crash before the pin was in place leaves is ours.
    root.Remove(DurableFile::TemporaryName(kPin));
    if (!fresh && !root.List().empty()) {
      throw Error::WithHint(ErrorKind::kInput,
                            "output '" + path + "' is not empty and not fleetmint's",
                            "give --out a new or an empty directory");
    }
    WritePin(root, pin);
  }
  Directory bundles = root.MakeSubdirectory(kBundles, 0700);
  Directory pending = root.MakeSubdirectory(kPending, 0700);
  return {std::move(root), std::move(bundles), std::move(pending), fleet, pin.layout};
}

OutputDirectory OutputDirectory::Open(const std::string& path, const std::string& authority_id) {
  std::error_code ignored;
  if (!std::filesystem::exists(path + "/" + kPin, ignored)) {
    throw Error::WithHint(ErrorKind::kInput,
                          "'" + path + "' is not an output directory of fleetmint",
                          "give --out the directory that `fleetmint issue` wrote");
  }
  Directory root = Directory::Open(path);
  const Pin pin = ReadPin(root);
  CheckPin(path, pin, authority_id);
  Directory bundles = root.MakeSubdirectory(kBundles, 0700);
  Directory pending = root.MakeSubdirectory(kPending, 0700);
  return {std::move(root), std::move(bundles), std::move(pending), pin.fleet, pin.layout};
}

namespace {

// The folder of an endpoint below bundles/: two hexadecimal digits, or none.
std::string FolderOf(Layout layout, std::string_view endpoint) {
  if (layout == Layout::kFlat) return "";
  return ToHex(Sha256(AsBytes(AsciiLower(endpoint)))).substr(0, 2);
}

}  // namespace

std::string OutputDirectory::BundlePath(std::string_view endpoint,
                                        std::string_view extension) const {
  const std::string folder = FolderOf(layout_, endpoint);
  return std::string(kBundles) + "/" + folder + (folder.empty() ? "" : "/") +
         std::string(endpoint) + "." + std::string(extension);
}

std::pair<Directory, std::string> OutputDirectory::BundlePlace(std::string_view endpoint,
                                                               std::string_view extension) const {
  const std::string folder = FolderOf(layout_, endpoint);
  std::string name = std::string(endpoint) + "." + std::string(extension);
  if (folder.empty()) return {root_.Subdirectory(kBundles), std::move(name)};
  return {bundles_.MakeSubdirectory(folder, 0700), std::move(name)};
}

}  // namespace fleetmint

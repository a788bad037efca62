#include "output/output_directory.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/base/yaml.h"

namespace fleetmint {
namespace {

constexpr const char* kPin = ".fleetmint";
constexpr const char* kBundles = "bundles";
constexpr const char* kPending = ".pending";
constexpr const char* kRuns = ".runs";

std::string_view LayoutName(Layout layout) { return layout == Layout::kFlat ? "flat" : "hashed"; }

[[noreturn]] void Foreign(const std::string& path, const std::string& whose) {
  throw Error::WithHint(ErrorKind::kInput, "output '" + path + "' belongs to " + whose,
                        "give each authority and fleet an --out of its own");
}

constexpr const char* kDamagedPinHint =
    "restore the file from a backup; where there is none, remove it, and `fleetmint issue FLEET "
    "--replace-damaged` with this --out writes it again";
constexpr const char* kPinHint =
    "restore the file from a backup; where there is none, `fleetmint issue FLEET "
    "--replace-damaged` with this --out writes it again";

[[noreturn]] void PinIsLost(ErrorKind kind, const std::string& path) {
  throw Error::WithHint(kind, "output '" + path + "' has lost its " + kPin, kPinHint);
}

// Whether an output directory lies here that has lost its pin.
bool HasLostPin(const Directory& root) {
  return !root.Exists(kPin) && root.IsDirectory(kBundles) && root.IsDirectory(kPending) &&
         root.IsDirectory(kRuns);
}

// The layout that the bundles have: folders of the hashed one are called by two digits, and a
// bundle's name has a dot.
Layout LayoutOf(const Directory& root) {
  const std::vector<std::string> names = root.Subdirectory(kBundles).List();
  return std::any_of(names.begin(), names.end(), [](const auto& name) { return name.size() == 2; })
             ? Layout::kHashed
             : Layout::kFlat;
}

[[noreturn]] void Elsewhere(const std::string& path, const std::string& fleet) {
  throw Error::WithHint(
      ErrorKind::kInput,
      "the bundles of fleet '" + fleet + "' are in another output directory than '" + path + "'",
      "give the --out that the fleet was issued into; where it is lost, `issue --replace-damaged` "
      "makes a new one");
}

std::string NewId(RandomSource& random) {
  std::array<std::uint8_t, 16> id;
  random.Fill(id);
  return ToHex(id);
}

}  // namespace

struct OutputDirectory::Pin {
  std::string authority;
  std::string fleet;
  Layout layout = Layout::kFlat;
  std::string id;
};

OutputDirectory::OutputDirectory(Directory root, const Pin& pin)
    : root_(std::move(root)),
      bundles_(root_.MakeSubdirectory(kBundles, 0700)),
      pending_(root_.MakeSubdirectory(kPending, 0700)),
      runs_(root_.MakeSubdirectory(kRuns, 0700)),
      id_(pin.id),
      fleet_(pin.fleet),
      layout_(pin.layout) {}

OutputDirectory::Pin OutputDirectory::ReadPin(const Directory& root, ErrorKind kind) {
  FaultList faults(root.PathOf(kPin));
  const Bytes content = root.Read(kPin);
  const yaml::Node node = yaml::ReadText(AsText(content), faults);
  Pin pin;
  for (const yaml::Entry& entry : node.entries) {
    const std::string text = yaml::AsText(entry.value, "'" + entry.key + "'", faults).value_or("");
    if (entry.key == "authority") pin.authority = text;
    if (entry.key == "fleet") pin.fleet = text;
    if (entry.key == "output") pin.id = text;
    if (entry.key == "layout") {
      pin.layout = text == "hashed" ? Layout::kHashed : Layout::kFlat;
      if (text != LayoutName(pin.layout))
        faults.Add(entry.value.where, "unknown layout '" + text + "'");
    }
  }
  if (!node.cut && (pin.authority.empty() || pin.fleet.empty() || pin.id.empty()))
    faults.Add({1, 1}, "authority, fleet or output is missing");
  try {
    faults.ThrowIfAny(kind);
  } catch (const Error& error) {  // nobody writes it by hand: there is one remedy
    std::vector<Fault> damage = error.faults();
    for (Fault& fault : damage) fault.hint.clear();
    damage.front().hint = kDamagedPinHint;
    throw Error(kind, std::move(damage));
  }
  return pin;
}

void OutputDirectory::WritePin(const Directory& root, const Pin& pin) {
  // In quotes: a fleet may be called null.
  const std::string text =
      "# This directory belongs to one authority and one fleet.\nauthority: '" + pin.authority +
      "'\nfleet: '" + pin.fleet + "'\nlayout: " + std::string(LayoutName(pin.layout)) +
      "\noutput: '" + pin.id + "'\n";
  root.CreateDurably(kPin, AsBytes(text));
}

OutputDirectory OutputDirectory::OpenOrCreate(const std::string& path, const Owner& owner,
                                              RandomSource& random) {
  std::error_code ignored;
  const bool fresh = !std::filesystem::exists(path, ignored);
  if (fresh && owner.id && !owner.make_again) Elsewhere(path, owner.fleet);
  Directory root = Directory::Create(path, 0700);
  const FileLock alone = root.LockItself();  // another authority may be about to take it, too
  if (root.Exists(kPin)) {
    const Pin pin = ReadPin(root, ErrorKind::kInput);
    if (pin.authority != owner.authority)
      Foreign(path, "another authority (" + pin.authority + ")");
    if (pin.fleet != owner.fleet) Foreign(path, "another fleet ('" + pin.fleet + "')");
    if (owner.id && *owner.id != pin.id) Elsewhere(path, owner.fleet);
    if (owner.layout && *owner.layout != pin.layout) {
      throw Error::WithHint(
          ErrorKind::kInput,
          "output '" + path + "' has the layout " + std::string(LayoutName(pin.layout)),
          "the layout is fixed at the first issue; leave --layout out");
    }
    return {std::move(root), pin};
  }
  // What a crash before the pin was in place leaves is ours.
  root.Remove(DurableFile::TemporaryName(kPin));
  const bool lost_pin = HasLostPin(root);
  if (lost_pin && owner.id && !owner.make_again) PinIsLost(ErrorKind::kInput, path);
  if (!fresh && !root.List().empty() && !(lost_pin && owner.id)) {
    throw Error::WithHint(ErrorKind::kInput,
                          "output '" + path + "' is not empty and not fleetmint's",
                          "give --out a new or an empty directory");
  }
  if (owner.id && !owner.make_again) Elsewhere(path, owner.fleet);
  const Layout layout = lost_pin ? LayoutOf(root) : Layout::kFlat;
  const Pin pin{owner.authority, owner.fleet, owner.layout.value_or(layout),
                owner.id ? *owner.id : NewId(random)};
  WritePin(root, pin);
  return {std::move(root), pin};
}

bool OutputDirectory::IsOne(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path + "/" + kPin, ignored);
}

OutputDirectory OutputDirectory::Open(const std::string& path, const std::string& authority_id) {
  if (!IsOne(path)) {
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored) && HasLostPin(Directory::Open(path))) {
      PinIsLost(ErrorKind::kFindings, path);
    }
    throw Error::WithHint(ErrorKind::kInput,
                          "'" + path + "' is not an output directory of fleetmint",
                          "give --out the directory that `fleetmint issue` wrote");
  }
  Directory root = Directory::Open(path);
  const Pin pin = ReadPin(root, ErrorKind::kFindings);
  if (pin.authority != authority_id) Foreign(path, "another authority (" + pin.authority + ")");
  try {
    return {std::move(root), pin};
  } catch (const Error& error) {  // a file or a link in place of a folder
    throw Error::About(ErrorKind::kFindings, "", error);
  }
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

FileLock OutputDirectory::LockForPublishing() const { return root_.Lock(kPin); }

bool OutputDirectory::Holds(std::string_view endpoint, std::string_view extension,
                            std::uint64_t bytes) const {
  return root_.FileSize(BundlePath(endpoint, extension)) == bytes;
}

bool OutputDirectory::Exists(std::string_view endpoint, std::string_view extension) const {
  return root_.Exists(BundlePath(endpoint, extension));
}

std::pair<const Directory&, std::string> OutputDirectory::BundlePlace(
    std::string_view endpoint, std::string_view extension) const {
  const std::string folder = FolderOf(layout_, endpoint);
  std::string name = std::string(endpoint) + "." + std::string(extension);
  if (folder.empty()) return {bundles_, std::move(name)};
  const std::lock_guard lock(folders_->mutex);
  auto place = folders_->open.find(folder);
  if (place == folders_->open.end()) {
    place = folders_->open.emplace(folder, bundles_.MakeSubdirectory(folder, 0700)).first;
  }
  return {place->second, std::move(name)};
}

}  // namespace fleetmint

// ReadFleet: the strict, streaming reader of fleet files.
#include <algorithm>
#include <map>
#include <memory>
#include <tuple>
#include <unordered_map>

#include "engine/base/durable_file.h"
#include "engine/base/text.h"
#include "engine/x509/san.h"
#include "inventory/fleet_impl.h"
#include "inventory/name_index.h"
#include "inventory/name_rules.h"
#include "inventory/other_format.h"

namespace fleetmint {
namespace {

const std::vector<std::string> kTopKeys{"fleet",  "profile", "vars",      "defaults",
                                        "groups", "hosts",   "endpoints", "overrides"};
const std::vector<std::string> kGroupKeys{"name", "hosts", "endpoints"};
constexpr const char* kFaultKey = "fault";  // of an endpoint of a test fleet
const std::vector<std::string> kEndpointKeys{"name", "formerly", kFaultKey};
const std::vector<std::string> kOverrideKeys{"formerly"};
constexpr std::size_t kMostEndpoints = 5'000'000;
constexpr std::size_t kMostBytes = std::size_t{1} << 30U;

class Loader {
 public:
  Loader(const std::string& path, const Catalog& catalog, const FleetOptions& options,
         FaultList& faults)
      : catalog_(catalog), options_(options), faults_(faults) {
    impl_->file = path;
    impl_->suffix = options.suffix;
  }

  // Nothing where a fault of the syntax cuts the tree: what stands before it is judged, but what is
  // said of it further down is not known.
  std::unique_ptr<Fleet::Impl> Read() {
    // Group 0 holds hosts and endpoints at the top level; group g + 1 is groups[g].
    const std::vector<yaml::Stream> streams{
        {"hosts", [&](const yaml::Node& item, std::span<const std::size_t>) { TakeHost(item, 0); }},
        {"endpoints",
         [&](const yaml::Node& item, std::span<const std::size_t>) { TakeEndpoint(item, 0); }},
        {"groups/*/hosts", [&](const yaml::Node& item,
                               std::span<const std::size_t> at) { TakeHost(item, at[0] + 1); }},
        {"groups/*/endpoints",
         [&](const yaml::Node& item, std::span<const std::size_t> at) {
           TakeEndpoint(item, at[0] + 1);
         }},
    };
    const Bytes content = ReadWholeFile(impl_->file, kMostBytes);
    if (const auto fault = OtherFormat(AsText(content), impl_->file)) {
      faults_.Add({1, 1}, fault->message, fault->hint);
      return nullptr;
    }
    const yaml::Node root = yaml::ReadText(AsText(content), faults_, streams);
    if (!root.IsMapping()) {
      if (faults_.empty()) {
        faults_.Add({1, 1}, "the file is empty or no mapping", "start with: fleet: NAME");
      }
      return nullptr;
    }
    ReadTop(root);
    return root.cut ? nullptr : std::move(impl_);
  }

 private:
  void ReadTop(const yaml::Node& root) {
    yaml::CheckKeys(root, kTopKeys, faults_);
    ReadName(root);
    yaml::Node top = root;  // profile and vars at the top are the outermost level
    std::erase_if(top.entries, [](const yaml::Entry& entry) {
      return entry.key != "profile" && entry.key != "vars";
    });
    impl_->top = ParseLevel(top, {}, catalog_, faults_);
    if (const yaml::Node* defaults = root.Find("defaults")) {
      if (ExpectMapping(*defaults, "'defaults'")) {
        impl_->defaults = ParseLevel(*defaults, {}, catalog_, faults_);
      }
    }
    impl_->groups.push_back({"default", {}});
    ReadSingles(root, 0);
    if (const yaml::Node* groups = root.Find("groups")) ReadGroups(*groups);
    // A group that could not be read is there all the same for the endpoints that name it.
    for (const HostRun& run : impl_->runs) {
      while (impl_->groups.size() <= run.group) impl_->groups.push_back({"", {}});
    }
    IndexNames();
    if (impl_->size == 0 && faults_.empty()) {
      faults_.Add(root.where, "the fleet has no endpoints",
                  "add groups: with hosts: or endpoints:");
    }
    if (const yaml::Node* overrides = root.Find("overrides")) ReadOverrides(*overrides, root.cut);
    CheckFormerNames();
    CheckProfiles(root);
  }

  void ReadName(const yaml::Node& root) {
    const yaml::Node* const name = root.Find("fleet");
    if (name == nullptr) {
      if (root.cut) return;
      faults_.Add(root.where, "'fleet' is missing", "name the fleet: fleet: acme-agents");
      return;
    }
    impl_->name = yaml::AsText(*name, "'fleet'", faults_).value_or("x");
    if (!IsFleetName(impl_->name)) {
      faults_.Add(name->where,
                  "fleet name '" + impl_->name + "' is not of [a-z0-9-], 1 to 63 characters");
    }
  }

  bool ExpectMapping(const yaml::Node& node, const std::string& what) {
    if (node.IsMapping()) return true;
    if (node.cut) return false;
    faults_.Add(node.where, what + " is a " + std::string(yaml::KindName(node.kind)) +
                                "; a mapping was expected");
    return false;
  }

  // `hosts: pattern` (not a list) is not streamed.
  void ReadSingles(const yaml::Node& node, std::size_t group) {
    if (const yaml::Node* hosts = node.Find("hosts"); hosts != nullptr && !hosts->IsSequence()) {
      TakeHost(*hosts, group);
    }
    if (const yaml::Node* list = node.Find("endpoints");
        list != nullptr && !list->IsSequence() && !list->cut) {
      faults_.Add(
          list->where,
          "'endpoints' is a " + std::string(yaml::KindName(list->kind)) + "; a list was expected",
          "- {name: HOST, ...}");
    }
  }

  void ReadGroups(const yaml::Node& groups) {
    if (!groups.IsSequence()) {
      if (groups.cut) return;
      faults_.Add(
          groups.where,
          "'groups' is a " + std::string(yaml::KindName(groups.kind)) + "; a list was expected",
          "- name: workstations");
      return;
    }
    for (std::size_t g = 0; g < groups.items.size(); ++g) {
      const yaml::Node& node = groups.items[g];
      Group group{"group-" + std::to_string(g + 1), {}};
      if (ExpectMapping(node, "a group")) {
        if (const yaml::Node* name = node.Find("name")) {
          group.name = yaml::AsText(*name, "'name'", faults_).value_or("");
        }
        CheckGroupName(group.name, node);
        group.level = ParseLevel(node, kGroupKeys, catalog_, faults_);
        ReadSingles(node, g + 1);
      }
      impl_->groups.push_back(std::move(group));
    }
  }

  // Templates name groups, so two of one name would be mixed up.
  void CheckGroupName(const std::string& group, const yaml::Node& node) {
    const auto [other, fresh] = group_lines_.emplace(group, node.where.line);
    if (fresh) return;
    faults_.Add(node.where, "a second group is called '" + group + "'",
                "the other one is in line " + std::to_string(other->second));
  }

  // Every endpoint needs a profile from somewhere.
  void CheckProfiles(const yaml::Node& root) {
    if (root.cut) return;
    if (!impl_->top.profile.empty() || !impl_->defaults.profile.empty()) return;
    for (const HostRun& run : impl_->runs) {
      if (run.group < impl_->groups.size() && !impl_->groups[run.group].level.profile.empty())
        continue;
      if (run.level != 0 && !impl_->own_levels[run.level - 1].profile.empty()) continue;
      for (std::uint32_t i = 0; i < run.pattern.size(); ++i) {
        const auto over = impl_->overrides.find(run.first + i);
        if (over != impl_->overrides.end() && !over->second.profile.empty()) continue;
        faults_.Add(root.where, "'" + run.pattern.Name(i) + "' has no profile",
                    "set a default at the top: profile: observeit-agent");
        return;
      }
    }
  }

  static HostRun RunAt(Position where, std::size_t group) {
    HostRun run;
    run.group = static_cast<std::uint32_t>(group);
    run.where = where;
    return run;
  }

  void TakeHost(const yaml::Node& item, std::size_t group) {
    if (item.IsNull()) {
      faults_.Add(item.where, "a host is missing here",
                  "e.g. hosts: \"ws-[0001-5000]\" or [srv-01, dc1]");
      return;
    }
    if (const auto text = yaml::AsText(item, "a host", faults_)) {
      Add(*text, RunAt(item.where, group));
    }
  }

  void TakeEndpoint(const yaml::Node& item, std::size_t group) {
    if (item.IsScalar()) {
      AddEndpoint(item.scalar, RunAt(item.where, group));
      return;
    }
    if (!ExpectMapping(item, "an endpoint")) return;
    const yaml::Node* const name = item.Find("name");
    if (name == nullptr) {
      if (!item.cut) faults_.Add(item.where, "an endpoint without 'name'", "- {name: HOST, ...}");
      ParseLevel(item, kEndpointKeys, catalog_, faults_);
      return;
    }
    const auto text = yaml::AsText(*name, "'name'", faults_);
    HostRun run = RunAt(name->where, group);
    if (item.entries.size() > 1) {
      impl_->own_levels.push_back(ParseLevel(item, kEndpointKeys, catalog_, faults_));
      ReadFault(item, impl_->own_levels.back());
      ReadFormerly(item, text.value_or(""), impl_->own_levels.back());
      run.level = static_cast<std::uint32_t>(impl_->own_levels.size());
    }
    if (text) AddEndpoint(*text, std::move(run));
  }

  void ReadFault(const yaml::Node& node, Level& level) {
    const yaml::Node* const fault = node.Find(kFaultKey);
    if (fault == nullptr) return;
    if (options_.faults.empty()) {
      faults_.Add(fault->where, "'fault' belongs to test fleets",
                  "fleetmint test-fleet makes one of this file, in a directory of its own");
      return;
    }
    const auto word = yaml::AsText(*fault, "'fault'", faults_);
    if (!word) return;
    level.fault = *word;
    const auto& known = options_.faults;
    if (std::find(known.begin(), known.end(), level.fault) != known.end()) return;
    faults_.Add(fault->where, "unknown fault '" + level.fault + "'",
                DidYouMean(level.fault, known));
  }

  // `formerly: NAME` or a list of them, of the endpoint `own`.
  void ReadFormerly(const yaml::Node& node, const std::string& own, Level& level) {
    const yaml::Node* const names = node.Find("formerly");
    if (names == nullptr || names->IsNull()) return;
    const auto take = [&](const yaml::Node& item) {
      const auto text = yaml::AsText(item, "a former name", faults_);
      if (!text) return;
      if (!CheckFormerName(*text, own, item.where)) return;
      level.formerly.push_back(AsciiLower(*text));
      former_names_.emplace_back(level.formerly.back(), item.where);
    };
    if (!names->IsSequence()) return take(*names);
    for (const yaml::Node& item : names->items) take(item);
  }

  // What no endpoint can have been called, or this one still is, was not its name.
  bool CheckFormerName(const std::string& name, const std::string& own, Position where) {
    if (name.find_first_of("[]") != std::string::npos) {
      faults_.Add(where, "former name '" + name + "' has a bracket",
                  "ranges belong under hosts:; write former names one by one");
      return false;
    }
    if (!CheckFileName("former", name, where)) return false;
    if (AsciiLower(name) != AsciiLower(own)) return true;
    faults_.Add(where, "former name '" + name + "' is the endpoint's own",
                "leave it out: names are equal whatever their case");
    return false;
  }

  // A name that is in use, or was two hosts', does not tell whose certificate is superseded.
  void CheckFormerNames() {
    std::map<std::string, Position> seen;
    for (const auto& [name, where] : former_names_) {
      if (names_.Find(name, [&](std::uint32_t i) { return impl_->NameOf(i); })) {
        faults_.Add(
            where, "former name '" + name + "' is an endpoint of this file",
            "a host that is still called so keeps its certificate: take one of the two out");
      }
      const auto [other, fresh] = seen.emplace(name, where);
      if (fresh) continue;
      faults_.Add(where, "former name '" + name + "' stands twice",
                  "it is already in line " + std::to_string(other->second.line));
    }
  }

  // An endpoint of its own: a name, no pattern.
  void AddEndpoint(const std::string& text, HostRun run) {
    if (text.find_first_of("[]") == std::string::npos) return Add(text, std::move(run));
    faults_.Add(run.where, "endpoint name '" + text + "' has a bracket",
                "ranges belong under hosts:");
  }

  void Add(const std::string& text, HostRun run) {
    try {
      run.pattern = HostPattern::Parse(text);
    } catch (const Error& error) {
      faults_.AddAt(run.where, "", error);
      return;
    }
    const std::uint64_t count = run.pattern.size();
    if (impl_->size + count > kMostEndpoints) {
      faults_.Add(run.where,
                  "the fleet has more than " + std::to_string(kMostEndpoints) + " endpoints: '" +
                      text + "' adds " + std::to_string(count) + " to " +
                      std::to_string(impl_->size),
                  "split the fleet, or check the digits of its ranges");
      return;
    }
    impl_->size += static_cast<std::uint32_t>(count);
    impl_->runs.push_back(std::move(run));
  }

  // Numbers the endpoints in the order of the file (lists are streamed, single texts come after
  // them) and checks their names.
  void IndexNames() {
    std::vector<HostRun>& runs = impl_->runs;
    std::sort(runs.begin(), runs.end(), [](const auto& a, const auto& b) {
      return std::tie(a.where.line, a.where.column) < std::tie(b.where.line, b.where.column);
    });
    std::uint32_t first = 0;
    for (HostRun& run : runs) {
      run.first = first;
      first += static_cast<std::uint32_t>(run.pattern.size());
    }
    for (const HostRun& run : runs) {
      for (std::uint32_t i = 0; i < run.pattern.size(); ++i) {
        CheckName(run.pattern.Name(i), run.first + i, run.where);
      }
    }
  }

  bool CheckFileName(const std::string& kind, const std::string& name, Position where) {
    auto fault = FileNameFault(kind, name);
    if (fault) faults_.Add(where, std::move(fault->message), std::move(fault->hint));
    return !fault;
  }

  void CheckName(const std::string& name, std::uint32_t index, Position where) {
    CheckFileName("endpoint", name, where);
    if (const auto other =
            names_.Insert(name, index, [&](std::uint32_t i) { return impl_->NameOf(i); })) {
      faults_.Add(where, "endpoint '" + name + "' stands twice",
                  "it is already in line " + std::to_string(impl_->RunOf(*other).where.line) +
                      " (names are equal whatever their case)");
    }
  }

  // `cut`: its endpoint may be in what was not read.
  void ReadOverrides(const yaml::Node& overrides, bool cut) {
    if (!ExpectMapping(overrides, "'overrides'")) return;
    std::unordered_map<std::uint32_t, Position> seen;
    for (const yaml::Entry& entry : overrides.entries) {
      const auto index = names_.Find(entry.key, [&](std::uint32_t i) { return impl_->NameOf(i); });
      if (!index) {
        if (!cut) {
          faults_.Add(entry.key_where, "override '" + entry.key + "' matches no endpoint",
                      "an override names one endpoint of this file, exactly");
        }
      } else if (const auto [other, fresh] = seen.emplace(*index, entry.key_where);
                 !fresh &&
                 overrides.Find(entry.key) == &entry.value) {  // else: the key stands twice
        faults_.Add(entry.key_where,
                    "override '" + entry.key + "' names the endpoint of another override",
                    "it is already in line " + std::to_string(other->second.line) +
                        " (names are equal whatever their case)");
      }
      if (!ExpectMapping(entry.value, "an override")) continue;
      Level level = ParseLevel(entry.value, kOverrideKeys, catalog_, faults_);
      ReadFormerly(entry.value, entry.key, level);
      if (index) impl_->overrides.emplace(*index, std::move(level));
    }
  }

  const Catalog& catalog_;
  const FleetOptions& options_;
  FaultList& faults_;
  NameIndex names_;
  std::map<std::string, std::uint32_t> group_lines_;
  std::vector<std::pair<std::string, Position>> former_names_;
  std::unique_ptr<Fleet::Impl> impl_ = std::make_unique<Fleet::Impl>();
};

}  // namespace

std::unique_ptr<const Fleet::Impl> ReadFleet(const std::string& path, const Catalog& catalog,
                                             const FleetOptions& options, FaultList& faults) {
  return Loader(path, catalog, options, faults).Read();
}

}  // namespace fleetmint

#include "inventory/fleet.h"

#include <algorithm>

#include "inventory/fleet_impl.h"

namespace fleetmint {

const HostRun& Fleet::Impl::RunOf(std::size_t i) const {
  const auto after =
      std::upper_bound(runs.begin(), runs.end(), i,
                       [](std::size_t index, const HostRun& run) { return index < run.first; });
  return *(after - 1);
}

std::string Fleet::Impl::NameOf(std::size_t i) const {
  const HostRun& run = RunOf(i);
  return run.pattern.Name(i - run.first);
}

Fleet::Fleet(std::unique_ptr<const Impl> impl) : impl_(std::move(impl)) {}
Fleet::Fleet(Fleet&&) noexcept = default;
Fleet& Fleet::operator=(Fleet&&) noexcept = default;
Fleet::~Fleet() = default;

FleetDraft Fleet::Load(const std::string& path, const Catalog& catalog,
                       const FleetOptions& options) {
  FaultList faults(path);
  std::optional<Fleet> fleet;
  if (auto impl = ReadFleet(path, catalog, options, faults)) fleet = Fleet(std::move(impl));
  return {std::move(faults), std::move(fleet)};
}

const std::string& Fleet::file() const { return impl_->file; }
const std::string& Fleet::name() const { return impl_->name; }
std::size_t Fleet::size() const { return impl_->size; }

std::string Fleet::Name(std::size_t i) const {
  std::string name = impl_->NameOf(i);
  return name.ends_with(impl_->suffix) ? name : name + impl_->suffix;
}
Position Fleet::Where(std::size_t i) const { return impl_->RunOf(i).where; }

std::uint32_t Fleet::LayerOf(std::size_t i) const {
  const HostRun& run = impl_->RunOf(i);
  if (run.level == 0 && !impl_->overrides.contains(static_cast<std::uint32_t>(i))) return run.group;
  return static_cast<std::uint32_t>(impl_->groups.size() + i);
}

FleetLayer Fleet::Layer(std::size_t i) const {
  const HostRun& run = impl_->RunOf(i);
  const Group& group = impl_->groups[run.group];
  std::vector<const Level*> levels{&impl_->top, &impl_->defaults, &group.level};
  if (run.level != 0) levels.push_back(&impl_->own_levels[run.level - 1]);
  const auto over = impl_->overrides.find(static_cast<std::uint32_t>(i));
  if (over != impl_->overrides.end()) levels.push_back(&over->second);

  FleetLayer layer;
  layer.group = group.name;
  for (const Level* level : levels) {
    if (!level->profile.empty()) layer.profile = level->profile;
    if (!level->os.empty()) layer.os = level->os;
    if (!level->domain.empty()) layer.domain = level->domain;
    if (!level->fqdn.empty()) layer.fqdn = level->fqdn;
    for (const auto& [name, value] : level->vars) layer.variables[name] = value;
    if (!level->patch.empty()) layer.patches.push_back(&level->patch);
  }
  layer.variables["fleet"] = impl_->name;
  layer.variables["group"] = group.name;
  return layer;
}

std::string_view Fleet::Fault(std::size_t i) const {
  const HostRun& run = impl_->RunOf(i);
  return run.level == 0 ? std::string_view() : impl_->own_levels[run.level - 1].fault;
}

std::vector<std::string> Fleet::Formerly(std::size_t i) const {
  std::vector<std::string> names;
  const HostRun& run = impl_->RunOf(i);
  if (run.level != 0) names = impl_->own_levels[run.level - 1].formerly;
  const auto over = impl_->overrides.find(static_cast<std::uint32_t>(i));
  if (over != impl_->overrides.end()) {
    names.insert(names.end(), over->second.formerly.begin(), over->second.formerly.end());
  }
  for (std::string& name : names) name += impl_->suffix;
  return names;
}

FleetDraft::FleetDraft(FaultList faults, std::optional<Fleet> fleet)
    : faults_(std::move(faults)), fleet_(std::move(fleet)) {}

Fleet FleetDraft::Accept() && {
  faults_.ThrowIfAny();
  return std::move(fleet_).value();
}

}  // namespace fleetmint

#include "inventory/fleet.h"

#include <algorithm>

#include "inventory/fleet_impl.h"

namespace fleetmint {

const Run& Fleet::Impl::RunOf(std::size_t i) const {
  const auto after =
      std::upper_bound(runs.begin(), runs.end(), i,
                       [](std::size_t index, const Run& run) { return index < run.first; });
  return *(after - 1);
}

Fleet::Fleet(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Fleet::Fleet(Fleet&&) noexcept = default;
Fleet& Fleet::operator=(Fleet&&) noexcept = default;
Fleet::~Fleet() = default;

const std::string& Fleet::file() const { return impl_->file; }
const std::string& Fleet::name() const { return impl_->name; }
std::size_t Fleet::size() const { return impl_->size; }

std::string Fleet::Name(std::size_t i) const {
  const Run& run = impl_->RunOf(i);
  return run.pattern.Name(i - run.first);
}

std::uint32_t Fleet::LayerOf(std::size_t i) const {
  const Run& run = impl_->RunOf(i);
  if (run.layer == 0 && !impl_->overrides.contains(static_cast<std::uint32_t>(i))) return run.group;
  return static_cast<std::uint32_t>(impl_->groups.size() + i);
}

ResolvedEndpoint Fleet::Resolve(std::size_t i) const {
  const Run& run = impl_->RunOf(i);
  const Group& group = impl_->groups[run.group];
  std::vector<const Layer*> layers{&impl_->defaults, &group.layer};
  if (run.layer != 0) layers.push_back(&impl_->own_layers[run.layer - 1]);
  const auto over = impl_->overrides.find(static_cast<std::uint32_t>(i));
  if (over != impl_->overrides.end()) layers.push_back(&over->second);

  ResolvedEndpoint endpoint;
  endpoint.name = run.pattern.Name(i - run.first);
  endpoint.where = run.where;
  endpoint.group = group.name;
  endpoint.profile = impl_->profile;
  std::string domain, fqdn;
  for (const auto& [name, value] : impl_->vars) endpoint.variables[name] = value;
  for (const Layer* layer : layers) {
    if (!layer->profile.empty()) endpoint.profile = layer->profile;
    if (!layer->os.empty()) endpoint.os = layer->os;
    if (!layer->domain.empty()) domain = layer->domain;
    if (!layer->fqdn.empty()) fqdn = layer->fqdn;
    for (const auto& [name, value] : layer->vars) endpoint.variables[name] = value;
    if (!layer->patch.empty()) endpoint.patches.push_back(&layer->patch);
  }
  if (fqdn.empty()) {
    const bool qualified = domain.empty() || endpoint.name.find('.') != std::string::npos;
    fqdn = qualified ? endpoint.name : endpoint.name + "." + domain;
  }
  endpoint.variables["host"] = endpoint.name;
  endpoint.variables["fqdn"] = fqdn;
  endpoint.variables["fleet"] = impl_->name;
  endpoint.variables["group"] = group.name;
  return endpoint;
}

}  // namespace fleetmint

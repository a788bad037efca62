#include "engine/pipeline/plan.h"

#include <oneapi/tbb/parallel_for.h>

#include <algorithm>
#include <filesystem>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/pipeline/leaf_check.h"
#include "profiles/resolve.h"
#include "profiles/words.h"

namespace fleetmint {
namespace {

// Finds `key` in the sorted names; nullptr if it is not there. `guess` is where it may be:
// neighbours in a fleet are mostly neighbours in the ledger.
const CurrentName* FindCurrent(const std::vector<CurrentName>& names, const std::string& key,
                               std::size_t guess = 0) {
  if (guess < names.size() && names[guess].endpoint_key == key) return &names[guess];
  const auto place = std::lower_bound(
      names.begin(), names.end(), key,
      [](const CurrentName& entry, const std::string& text) { return entry.endpoint_key < text; });
  return place != names.end() && place->endpoint_key == key ? &*place : nullptr;
}

// Of a test fleet: what is made wrong on purpose is no run's business.
bool IsNeverIssued(std::string_view fault) { return !fault.empty() && fault != kRevokedFault; }

std::string FolderOf(const std::string& file) {
  return std::filesystem::absolute(file).parent_path().lexically_normal().string();
}

// Settings of the ledger, read once as long as neighbours share them.
class KnownSettings {
 public:
  explicit KnownSettings(const Ledger& ledger) : ledger_(ledger) {}
  // How the settings with the id differ from today's. One layer's damage must not end the run of
  // the others.
  std::vector<SettingChange> ChangesTo(const Settings& now, std::int64_t id) {
    try {
      return Differences(Get(id), now);
    } catch (const Error& error) {
      if (error.cause() != ErrorCause::kDamaged) throw;
      return {{"settings", "damaged in the ledger (see fleetmint verify)", "today's"}};
    }
  }

 private:
  const Settings& Get(std::int64_t id) {
    if (id != id_ || !settings_) {
      SettingsRecord record = ledger_.SettingsOf(id);
      settings_.emplace(Settings::Parse(record.format, record.profile, record.group, record.body));
      id_ = id;
    }
    return *settings_;
  }

  const Ledger& ledger_;
  std::int64_t id_ = 0;
  std::optional<Settings> settings_;
};

}  // namespace

const PlanLayer::Resolved* Plan::Resolve(const Fleet& fleet, std::size_t index, PlanLayer& layer,
                                         FaultList& faults) const {
  const std::uint32_t number = fleet.LayerOf(index);
  if (layer.layer_ == number) return layer.resolved_ ? &*layer.resolved_ : nullptr;
  layer.layer_ = number;
  layer.resolved_.reset();
  FleetLayer said = fleet.Layer(index);
  const Profile* const named = catalog_->Find(said.profile);
  if (named == nullptr) return nullptr;  // Fleet::Load has said so
  const std::optional<Target> target = TargetOf(said.os);
  const LayerInput input{.patches = said.patches,
                         .variables = std::move(said.variables),
                         .group = said.group,
                         .target = target.value_or(Target::kUnknown),
                         .domain = said.domain,
                         .fqdn = said.fqdn};
  auto settings = ResolveSettings(*named, input, fleet.Where(index), faults);
  if (!settings) return nullptr;
  if (options_.adjust) settings = options_.adjust(*settings);
  EndpointTemplate endpoints(*settings);
  SettingsRecord record{settings->format(), settings->profile(), settings->group(),
                        settings->Body()};
  layer.resolved_.emplace(PlanLayer::Resolved{std::move(*settings), std::move(endpoints),
                                              std::move(record), !target.has_value()});
  return &*layer.resolved_;
}

Plan::Kind Plan::KindOf(const ExpandedProfile& expanded, const PlanLayer::Resolved& layer) {
  const Validity& validity = expanded.certificate.validity;
  return Kind{.profile = layer.settings.profile(),
              .key = expanded.key,
              .encryption = expanded.bundle.pfx
                                ? std::string(layer.settings.Value("bundle.encryption"))
                                : "pem",
              .os_unknown = layer.os_unknown && expanded.bundle.pfx,
              .slow_password = expanded.password.kind != PasswordSource::Kind::kDerived,
              .no_crl_url = expanded.certificate.crl_urls.empty(),
              .validity = validity.duration.count(),
              .backdate = validity.backdate.count(),
              .jitter = validity.jitter.count(),
              .end = validity.end ? validity.end->time_since_epoch().count() : 0};
}

Plan::Block Plan::Validate(const Fleet& fleet, std::size_t begin, std::size_t end) {
  Block block(fleet.file());
  PlanLayer layer;
  if (begin != 0 && fleet.LayerOf(begin - 1) == fleet.LayerOf(begin)) {
    FaultList said(fleet.file());  // what is wrong with the layer, the block before has said
    Resolve(fleet, begin, layer, said);
  }
  ExpandedProfile expanded;
  std::vector<Fault> own;
  for (std::size_t i = begin; i < end; ++i) {
    const PlanLayer::Resolved* const resolved = Resolve(fleet, i, layer, block.faults);
    if (resolved == nullptr) continue;
    const std::string name = fleet.Name(i);
    const bool valid = resolved->endpoints.Expand(name, expanded, own);
    for (Fault& fault : own) {
      block.faults.Add(fleet.Where(i), "endpoint '" + name + "': " + fault.message,
                       std::move(fault.hint));
    }
    own.clear();
    if (!valid) continue;
    block.fqdns.emplace_back(std::hash<std::string>{}(AsciiLower(expanded.fqdn)),
                             static_cast<std::uint32_t>(i));
    if (expanded.password.kind != PasswordSource::Kind::kDerived) {
      block.passwords.emplace_back(static_cast<std::uint32_t>(i), expanded.password);
    }
    const auto number = static_cast<std::uint32_t>(block.kinds.size());
    endpoints_[i].kind = block.kinds.emplace(KindOf(expanded, *resolved), number).first->second;
  }
  return block;
}

void Plan::Take(const Fleet& fleet, std::size_t begin, std::size_t end, Block&& block,
                FaultList& faults) {
  faults.Append(block.faults);
  std::vector<std::uint32_t> numbers(block.kinds.size());
  for (const auto& [kind, number] : block.kinds) {
    numbers[number] = kinds_.emplace(kind, static_cast<std::uint32_t>(kinds_.size())).first->second;
  }
  for (std::size_t i = begin; i < end && !numbers.empty(); ++i) {
    endpoints_[i].kind = numbers[endpoints_[i].kind];
  }
  for (const auto& [index, source] : block.passwords) {
    try {
      passwords_.Load(source, fleet.Name(index));
    } catch (const Error& error) {
      faults.AddAt(fleet.Where(index), "", error);
    }
  }
}

Plan Plan::Make(FleetDraft draft, const Catalog& catalog, const PlanOptions& options) {
  constexpr std::size_t kBlock = 4096;
  Plan plan(catalog, options);
  if (const Fleet* const fleet = draft.readable()) {
    plan.folder_ = options.folder.empty() ? FolderOf(fleet->file()) : options.folder;
    plan.passwords_ = BundlePasswords(plan.folder_);
    const std::size_t size = fleet->size(), blocks = (size + kBlock - 1) / kBlock;
    plan.endpoints_.resize(size);
    std::vector<std::optional<Block>> found(blocks);
    const auto end_of = [&](std::size_t block) { return std::min(size, (block + 1) * kBlock); };
    oneapi::tbb::parallel_for(std::size_t{0}, blocks, [&](std::size_t block) {
      found[block].emplace(plan.Validate(*fleet, block * kBlock, end_of(block)));
    });
    std::vector<std::pair<std::uint64_t, std::uint32_t>> fqdns;
    for (std::size_t block = 0; block < blocks; ++block) {
      fqdns.insert(fqdns.end(), found[block]->fqdns.begin(), found[block]->fqdns.end());
      plan.Take(*fleet, block * kBlock, end_of(block), *std::move(found[block]), draft.faults());
    }
    plan.NoteSameFqdns(*fleet, std::move(fqdns));
  }
  plan.fleet_.emplace(std::move(draft).Accept());
  plan.Select(Selection::Missing());
  return plan;
}

void Plan::AddChanges(const std::vector<SettingChange>& changes, std::size_t index) {
  for (const SettingChange& change : changes) {
    auto place = std::find_if(summary_.changes.begin(), summary_.changes.end(),
                              [&](const PlanChange& known) { return known.key == change.key; });
    if (place == summary_.changes.end()) {
      place = summary_.changes.insert(place, {change.key, change.before, change.now, true, 0, {}});
    }
    place->alike = place->alike && place->before == change.before && place->now == change.now;
    if (place->endpoints++ < PlanChange::kMostNames) place->names.push_back(fleet_->Name(index));
  }
}

void Plan::Compare(const Ledger& ledger, Time now, std::optional<IssuerCertificate> issuer) {
  now_ = now;
  issuer_ = std::move(issuer);
  current_ = NamesToSelectFrom(ledger, fleet_->name());
  changes_.assign(1, {});
  summary_.changes.clear();
  KnownSettings known(ledger);
  PlanLayer layer;
  FaultList none(fleet_->file());
  // Neighbours of one layer, issued under the same settings, differ in the same way.
  std::optional<std::pair<std::uint32_t, std::int64_t>> compared;
  std::uint32_t changes = 0;
  std::vector<bool> in_fleet(current_.size());
  std::size_t guess = 0;
  for (std::size_t i = 0; i < fleet_->size(); ++i) {
    const CurrentName* const name = FindCurrent(current_, AsciiLower(fleet_->Name(i)), guess);
    Endpoint& endpoint = endpoints_[i];
    endpoint.current = endpoint.changes = 0;
    endpoint.former_revoked = false;
    if (name == nullptr) {
      // Its host's certificate under a former name is about to be superseded: it is no stranger's.
      for (const std::string& former : fleet_->Formerly(i)) {
        const CurrentName* const other = FindCurrent(current_, former);
        if (other == nullptr) continue;
        in_fleet[static_cast<std::size_t>(other - current_.data())] = true;
        endpoint.former_revoked = endpoint.former_revoked || other->revoked;
      }
      continue;
    }
    const auto place = static_cast<std::size_t>(name - current_.data());
    guess = place + 1;
    in_fleet[place] = true;
    endpoint.current = static_cast<std::uint32_t>(place + 1);
    const std::pair pair{fleet_->LayerOf(i), name->settings};
    if (compared != pair && name->reported) {  // nobody knows under which
      changes = 0;
      compared = pair;
    } else if (compared != pair) {
      auto found = known.ChangesTo(Resolve(*fleet_, i, layer, none)->settings, name->settings);
      changes = found.empty() ? 0 : static_cast<std::uint32_t>(changes_.size());
      if (changes != 0) changes_.push_back(std::move(found));
      compared = pair;
    }
    endpoint.changes = changes;
    AddChanges(changes_[changes], i);
  }
  std::sort(summary_.changes.begin(), summary_.changes.end(),
            [](const PlanChange& a, const PlanChange& b) { return a.key < b.key; });
  not_in_fleet_.clear();
  for (std::size_t i = 0; i < current_.size(); ++i) {
    if (!in_fleet[i] && !current_[i].reported) not_in_fleet_.push_back(current_[i].endpoint_key);
  }
  Select(selection_);
}

std::map<std::string, const CurrentName*> Plan::Find(const std::vector<std::string>& names) const {
  std::map<std::string, const CurrentName*> found;
  for (std::size_t i = 0; i < endpoints_.size(); ++i) {
    std::string name = AsciiLower(fleet_->Name(i));
    if (!std::binary_search(names.begin(), names.end(), name)) continue;
    const std::uint32_t current = endpoints_[i].current;
    found.emplace(std::move(name), current == 0 ? nullptr : &current_[current - 1]);
  }
  return found;
}

std::vector<std::pair<std::string, std::string>> Plan::Refused() const {
  std::vector<std::pair<std::string, std::string>> refused;
  for (const auto& [index, reason] : refused_) refused.emplace_back(fleet_->Name(index), reason);
  return refused;
}

void Plan::Select(const Selection& selection) {
  selection_ = selection;
  to_issue_.clear();
  refused_.clear();
  std::vector<const Kind*> kinds(kinds_.size());
  for (const auto& [kind, number] : kinds_) kinds[number] = &kind;
  std::vector<std::size_t> counts(kinds_.size());
  PlanSummary summary;
  summary.endpoints = endpoints_.size();
  summary.not_in_fleet = not_in_fleet_.size();
  summary.changes = std::move(summary_.changes);
  LeafCheck leaves(issuer_ ? &issuer_->rules : nullptr, summary);
  PlanLayer layer;
  FaultList none(fleet_->file());
  std::vector<Fault> own;
  summary.same_fqdn = summary_.same_fqdn;
  summary.same_fqdn_first = std::move(summary_.same_fqdn_first);
  for (std::size_t i = 0; i < endpoints_.size(); ++i) {
    const Endpoint& endpoint = endpoints_[i];
    const CurrentName* const current =
        endpoint.current == 0 ? nullptr : &current_[endpoint.current - 1];
    bool wanted = selection.Wants(
        {current == nullptr ? std::string_view() : std::string_view(current->endpoint_key), current,
         changes_[endpoint.changes]});
    if (wanted && current != nullptr && selection.renews() && !selection.names_hosts() &&
        !current->revoked && !current->issuer_revoked &&
        GainsTooLittle(*current, *kinds[endpoint.kind])) {
      ++summary.held_back;
      if (EndsAsBefore(*current, *kinds[endpoint.kind])) ++summary.at_end;
      wanted = false;
    }
    if (wanted && IsNeverIssued(fleet_->Fault(i))) continue;
    if (wanted && endpoint.former_revoked) {
      ++summary.revoked;
      continue;
    }
    if (!wanted) {
      if (current == nullptr) continue;
      ++summary.already_issued;
      if (current->reported) ++summary.reported;
      if (current->revoked) {
        ++summary.revoked;
      } else if (current->not_after < now_) {
        ++summary.expired;
      }
      if (endpoint.changes != 0) ++summary.changed;
      continue;
    }
    const auto expand = [&](ExpandedProfile& expanded) {  // cannot fail: Make has done the same
      const PlanLayer::Resolved* const resolved = Resolve(*fleet_, i, layer, none);
      return resolved != nullptr && resolved->endpoints.Expand(fleet_->Name(i), expanded, own);
    };
    if (auto reason = leaves.Refuses(fleet_->LayerOf(i), expand)) {
      refused_.emplace_back(static_cast<std::uint32_t>(i), std::move(*reason));
      continue;
    }
    if (current != nullptr) ++summary.replaced;
    to_issue_.push_back(static_cast<std::uint32_t>(i));
    ++counts[endpoint.kind];
  }
  summary.to_issue = to_issue_.size();
  longest_validity_ = {};
  for (std::size_t number = 0; number < kinds.size(); ++number) {
    const std::size_t count = counts[number];
    if (count == 0) continue;
    const Kind& kind = *kinds[number];
    summary.by_profile[kind.profile] += count;
    summary.by_key[kind.key] += count;
    summary.by_encryption[kind.encryption] += count;
    if (kind.os_unknown) summary.os_unknown += count;
    if (kind.slow_password) summary.slow_passwords += count;
    if (kind.no_crl_url) summary.no_crl_url += count;
    const Validity validity = kind.ValidityAt(now_);
    if (kind.end != 0 && validity.duration <= Seconds{0}) ThrowPast(Time{Seconds{kind.end}}, count);
    if (validity.duration > longest_validity_.duration) longest_validity_ = validity;
  }
  summary_ = std::move(summary);
}

Job Plan::MakeJob(std::size_t i, PlanLayer& layer) const { return JobOf(to_issue_.at(i), layer); }

Job Plan::JobOf(std::size_t index, PlanLayer& layer) const {
  FaultList faults(fleet_->file());
  const PlanLayer::Resolved* const resolved = Resolve(*fleet_, index, layer, faults);
  std::vector<Fault> own;
  const std::string name = fleet_->Name(index);
  auto expanded = resolved == nullptr ? std::nullopt : resolved->endpoints.Expand(name, own);
  for (Fault& fault : own) faults.Add(fleet_->Where(index), std::move(fault.message));
  faults.ThrowIfAny();  // cannot be: Make has expanded the same endpoint
  return {name, std::move(*expanded), resolved->record};
}

}  // namespace fleetmint

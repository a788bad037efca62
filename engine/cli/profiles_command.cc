// `fleetmint profiles`: the catalog.
#include <memory>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/cli/session.h"

namespace fleetmint::cli {
namespace {

int ListProfiles(Session& session, const Catalog& catalog) {
  if (session.json) {
    nlohmann::ordered_json profiles = nlohmann::ordered_json::array(), authorities = profiles;
    for (const std::string& name : catalog.Names()) {
      profiles.push_back({{"name", name}, {"summary", catalog.Find(name)->summary()}});
    }
    for (const std::string& name : catalog.AuthorityNames()) {
      authorities.push_back({{"name", name}, {"summary", catalog.FindAuthority(name)->summary}});
    }
    const nlohmann::ordered_json object{{"profiles", profiles}, {"authorities", authorities}};
    session.ui.Out(object.dump() + "\n");
    return 0;
  }
  std::string text = "profiles:\n";
  const auto line = [&](const std::string& profile, const std::string& summary) {
    text += "  " + profile + std::string(profile.size() < 28 ? 28 - profile.size() : 1, ' ') +
            summary + "\n";
  };
  for (const std::string& profile : catalog.Names())
    line(profile, catalog.Find(profile)->summary());
  text += "authorities (fleetmint ca init --profile NAME):\n";
  for (const std::string& profile : catalog.AuthorityNames())
    line(profile, catalog.FindAuthority(profile)->summary);
  session.ui.Out(text);
  return 0;
}

int ShowProfile(Session& session, const std::string& name) {
  const Catalog catalog = session.LoadCatalog();
  if (name.empty()) return ListProfiles(session, catalog);
  std::string yaml;
  if (const Profile* profile = catalog.Find(name)) {
    std::string lineage;
    for (const std::string& parent : profile->lineage())
      lineage += (lineage.empty() ? "# " : " < ") + parent;
    yaml = lineage + "\n" + Catalog::ToYaml(*profile);
  } else if (const AuthorityProfile* authority = catalog.FindAuthority(name)) {
    yaml = Catalog::ToYaml(*authority);
  } else {
    std::vector<std::string> known = catalog.Names();
    for (const std::string& authority_name : catalog.AuthorityNames())
      known.push_back(authority_name);
    throw Error::WithHint(ErrorKind::kUsage, "unknown profile '" + name + "'",
                          DidYouMean(name, known));
  }
  session.ui.Out(session.json ? nlohmann::ordered_json{{"name", name}, {"yaml", yaml}}.dump() + "\n"
                              : yaml);
  return 0;
}

}  // namespace

void AddProfilesCommand(CLI::App& app, Session& session) {
  auto* const command =
      app.add_subcommand("profiles", "the catalog, or one profile with what it inherits");
  auto name = std::make_shared<std::string>();
  command->add_option("NAME", *name, "one profile, complete");
  AddProfiles(*command, session);
  AddCommonOptions(*command, session);
  command->footer("Example: fleetmint profiles observeit-agent");
  command->callback([&session, name] {
    session.action = [&session, name] { return ShowProfile(session, *name); };
  });
}

}  // namespace fleetmint::cli

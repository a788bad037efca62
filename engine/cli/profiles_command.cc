// `fleetmint profiles` and `fleetmint bench`.
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/cli/session.h"
#include "engine/pipeline/estimate.h"

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

struct BenchOptions {
  std::uint32_t bits = 2048;
  std::string key;
  double seconds = 5;
};

int Bench(Session& session, const BenchOptions& options) {
  KeySpec spec{KeyAlgorithm::kRsa, options.bits};
  if (!options.key.empty()) spec = ParseKeyName(options.key);
  if (const auto fault = KeySpecFault(spec)) throw Error(ErrorKind::kUsage, *fault);
  const KeyRate rate =
      MeasureKeyRate(spec, session.Threads(), options.seconds, session.streams, session.Keys());
  if (session.json) {
    const nlohmann::ordered_json object{
        {"kernel", rate.kernel},   {"bits", spec.bits},
        {"threads", rate.threads}, {"keys", rate.keys},
        {"seconds", rate.seconds}, {"keys_per_second", rate.keys_per_second}};
    session.ui.Out(object.dump() + "\n");
    return 0;
  }
  session.ui.Out(KeySpecName(spec) + ", kernel " + rate.kernel + ", " +
                 std::to_string(rate.threads) + " threads: " + std::to_string(rate.keys) +
                 " keys in " + DurationText(rate.seconds) + ", " +
                 NumberText(rate.keys_per_second) + " keys/s\n");
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

void AddBench(CLI::App& app, Session& session) {
  auto* const command = app.add_subcommand("bench", "keys per second of this machine");
  auto options = std::make_shared<BenchOptions>();
  command->add_option("--bits", options->bits, "RSA modulus: 2048 (default), 3072, 4096");
  command->add_option("--key", options->key, "rsa-2048, rsa-3072, rsa-4096, p256, p384")
      ->excludes(command->get_option("--bits"));
  command->add_option("--seconds", options->seconds, "how long to measure (default 5)")
      ->check(CLI::Range(0.01, 3600.0));
  AddKeyWork(*command, session);
  AddCommonOptions(*command, session);
  command->footer("Example: fleetmint bench --bits 2048 --threads 1 --seconds 5 --json");
  command->callback([&session, options] {
    session.action = [&session, options] { return Bench(session, *options); };
  });
}

}  // namespace fleetmint::cli

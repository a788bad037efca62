// `fleetmint bench`: keys per second of this machine.
#include <memory>
#include <nlohmann/json.hpp>

#include "engine/base/counted.h"
#include "engine/base/error.h"
#include "engine/cli/session.h"
#include "engine/pipeline/estimate.h"

namespace fleetmint::cli {
namespace {

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
                 Counted(rate.threads, "thread") + ": " + Counted(rate.keys, "key") + " in " +
                 DurationText(rate.seconds) + ", " + NumberText(rate.keys_per_second) +
                 " keys/s\n");
  return 0;
}

}  // namespace

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

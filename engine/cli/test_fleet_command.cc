// `fleetmint test-fleet`: a reproducible fleet for continuous integration.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>

#include "engine/base/counted.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/cli/session.h"
#include "engine/pipeline/test_fleet.h"

namespace fleetmint::cli {
namespace {

constexpr std::size_t kMostHosts = 100'000;

struct Options {
  std::string fleet, now, key, password, formats = "pfx";
  std::string seed = "1";
  std::size_t hosts = 0;
  std::vector<std::string> faults;
};

std::vector<std::string> Words(const std::string& list) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at <= list.size();) {
    const std::size_t comma = std::min(list.find(',', at), list.size());
    words.push_back(list.substr(at, comma - at));
    at = comma + 1;
  }
  return words;
}

void CheckWord(const std::string& option, const std::string& word,
               const std::vector<std::string>& known) {
  if (std::find(known.begin(), known.end(), word) != known.end()) return;
  throw Error::WithHint(ErrorKind::kUsage, option + ": unknown word '" + word + "'",
                        DidYouMean(word, known));
}

std::vector<std::string> Faults(const Options& options) {
  const std::vector<std::string> known = FaultWords();
  std::vector<std::string> faults;
  for (const std::string& list : options.faults) {
    for (const std::string& word : Words(list)) {
      if (word == "all") {
        faults = known;
        continue;
      }
      CheckWord("--with", word, known);
      if (std::find(faults.begin(), faults.end(), word) == faults.end()) faults.push_back(word);
    }
  }
  return faults;
}

// Digits alone, as they are written: two texts are two seeds.
std::uint64_t Seed(const std::string& text) {
  std::uint64_t seed = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, seed);
  if (error == std::errc() && rest == end && std::to_string(seed) == text) return seed;
  throw Error::WithHint(ErrorKind::kUsage, "--seed '" + text + "' is no number from 0 to 2^64 - 1",
                        "digits alone, without zeros in front: --seed 1");
}

// The day's beginning: the same all day long.
Time Midnight(Time now) { return std::chrono::floor<std::chrono::days>(now); }

Time Moment(const std::string& text) {
  try {
    return ParseRfc3339(text);
  } catch (const Error& error) {
    throw Error::About(ErrorKind::kUsage, "--now", error);
  }
}

TestFleetOptions Read(Session& session, const Options& options) {
  TestFleetOptions made;
  made.directory = session.out;
  made.fleet_file = options.fleet;
  made.faults = Faults(options);
  if (!options.fleet.empty() && (options.hosts != 0 || !made.faults.empty())) {
    throw Error::WithHint(ErrorKind::kUsage, "--hosts and --with are for a fleet without a file",
                          "write it into the file: - {name: HOST, fault: expired}");
  }
  if (options.fleet.empty() && options.hosts == 0 && made.faults.empty()) {
    throw Error::WithHint(ErrorKind::kUsage, "a fleet of nobody", "give --hosts N or a fleet file");
  }
  made.hosts = options.hosts;
  made.seed = Seed(options.seed);
  made.now = options.now.empty() ? Midnight(session.clock.Now()) : Moment(options.now);
  if (!options.key.empty()) made.key = ParseKeyName(options.key);
  if (!options.password.empty()) CheckPassword(AsBytes(options.password));
  made.password = options.password;
  for (const std::string& word : Words(options.formats)) {
    CheckWord("--formats", word, {"pfx", "pem", "pem-combined"});
    made.pem = made.pem || word == "pem";
    made.pem_combined = made.pem_combined || word == "pem-combined";
  }
  made.threads = session.Threads();
  made.keys = session.Keys();
  made.stop = session.signals.TakeToken();
  return made;
}

int Make(Session& session, const Options& options) {
  const TestFleetOptions made = Read(session, options);
  const Catalog catalog = session.LoadCatalog();
  WarmUp();
  ProgressObserver observer(session.ui, made.hosts);
  const auto start = std::chrono::steady_clock::now();
  const TestFleetReport report = TestFleet::Make(made, catalog, observer, session.ui);
  session.ui.EndProgress();
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (session.json) {
    session.ui.Out(nlohmann::ordered_json{{"issued", report.issued},
                                          {"faults", report.faults},
                                          {"seconds", seconds},
                                          {"ca", session.out + "/ca"},
                                          {"out", session.out + "/out"}}
                       .dump() +
                   "\n");
  }
  session.ui.Say("made a test fleet of " + Counted(report.issued, "endpoint") + " in " +
                 session.out + ", in " + DurationText(seconds));
  if (report.faults != 0) {
    session.ui.Say(Counted(report.faults, "bundle") + " with something wrong: " + session.out +
                   "/faults.jsonl says what, and what to expect");
  }
  if (options.password.empty()) {
    session.ui.Say("fleetmint passwords --ca " + ShellWord(session.out + "/ca") +
                   " prints the passwords that are derived");
  }
  return 0;
}

}  // namespace

void AddTestFleet(CLI::App& app, Session& session) {
  auto* const command = app.add_subcommand(
      "test-fleet", "make a reproducible fleet for tests, with its CA and, if wanted, faults");
  auto options = std::make_shared<Options>();
  command->add_option("FLEET", options->fleet,
                      "a fleet file; .test is appended to its names (default: --hosts)");
  command->add_option("--hosts", options->hosts, "so many hosts, host-0001.test and on")
      ->type_name("N")
      ->check(CLI::Range(std::size_t{1}, kMostHosts));
  command->add_option("--seed", options->seed, "the same seed makes the same bytes (default: 1)")
      ->type_name("N");
  command
      ->add_option("--now", options->now,
                   "the time, as 2026-01-01T00:00:00Z (default: today's midnight, UTC)")
      ->check(NotEmpty)
      ->type_name("TIME");
  command->add_option("--out", session.out, "the directory to make; ca/ and out/ will be in it")
      ->check(NotEmpty)
      ->type_name("DIR")
      ->required();
  command
      ->add_option("--with", options->faults,
                   "endpoints with something wrong: words with commas, or all")
      ->check(NotEmpty)
      ->type_name("FAULTS")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
  command->add_option("--key", options->key, "rsa-2048, rsa-3072, rsa-4096, p256, p384")
      ->check(NotEmpty);
  command
      ->add_option("--password", options->password,
                   "of every bundle, no secret (default: as their source says)")
      ->check(NotEmpty);
  command->add_option("--formats", options->formats,
                      "pfx (always), pem and pem-combined: unencrypted, in DIR/pem");
  AddThreads(*command, session, "key workers");
  AddKernel(*command, session);
  AddProfiles(*command, session);
  AddCommonOptions(*command, session);
  std::string words;
  std::size_t width = 0;
  for (const std::string& word : FaultWords()) {
    const bool wraps = width + word.size() > 88;
    words += wraps ? "\n  " : words.empty() ? "  " : " ";
    words += word;
    width = wraps ? word.size() : width + word.size() + 1;
  }
  command->footer(
      "Whoever knows the seed has every key: issue and renew refuse such an authority. Its root "
      "may\nsign host names of .test, .example, .invalid and itAuth alone. Certificates last five "
      "years.\n\nFaults:\n" +
      words +
      "\n\nExample: fleetmint test-fleet --hosts 50 --seed 1 --now 2026-01-01T00:00:00Z --out "
      "fleet");
  command->callback([&session, options] {
    session.action = [&session, options] { return Make(session, *options); };
  });
}

}  // namespace fleetmint::cli

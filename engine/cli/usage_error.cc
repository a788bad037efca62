#include "engine/cli/usage_error.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "engine/base/text.h"

namespace fleetmint::cli {
namespace {

std::vector<std::string> CommandNames(const CLI::App& app) {
  std::vector<std::string> names;
  const auto named = [](const CLI::App* command) { return !command->get_name().empty(); };
  for (const CLI::App* command : app.get_subcommands(named)) names.push_back(command->get_name());
  return names;
}

// The option of a command by its name as written ("--ca", "-h"), groups included.
const CLI::Option* FindOption(const CLI::App& command, const std::string& name) {
  if (const CLI::Option* const option = command.get_option_no_throw(name)) return option;
  for (const CLI::App* group : command.get_subcommands([](const CLI::App*) { return true; })) {
    if (!group->get_name().empty()) continue;
    if (const CLI::Option* const option = FindOption(*group, name)) return option;
  }
  return nullptr;
}

void AddOptionNames(const CLI::App& command, std::vector<std::string>& names) {
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  for (const CLI::App* group : command.get_subcommands([](const CLI::App*) { return true; })) {
    if (group->get_name().empty()) AddOptionNames(*group, names);
  }
}

// The name of an option without its value: "--passphrase=secret", "-psecret".
std::string NameIn(const std::string& word) {
  return word.starts_with("--") ? word.substr(0, word.find('=')) : word.substr(0, 2);
}

bool TakesValue(const CLI::Option& option) { return option.get_items_expected_min() > 0; }

// The first option that the command does not have.
std::optional<std::string> UnknownOption(const CLI::App& command, std::span<char* const> words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string word = words[i];
    if (word == "--") return std::nullopt;
    if (word.size() < 2 || word[0] != '-') continue;
    const std::string name = NameIn(word);
    const CLI::Option* const option = FindOption(command, name);
    if (option == nullptr) return name;
    if (TakesValue(*option) && word.find('=') == std::string::npos) ++i;
  }
  return std::nullopt;
}

std::string HintFor(const std::string& option, const CLI::App& command) {
  std::vector<std::string> known;
  AddOptionNames(command, known);
  const bool secret = option.find("pass") != std::string::npos;
  const bool takes_one = std::find(known.begin(), known.end(), "--passphrase-file") != known.end();
  if (secret && takes_one) {
    return "a passphrase is never given on the command line, where everybody can read it: write it "
           "into a file of mode 0600 and give --passphrase-file FILE";
  }
  const auto close = Closest(option, known);
  return close ? "did you mean '" + *close + "'?" : "";
}

}  // namespace

Error UsageErrorOf(const CLI::App& app, const std::string& reason,
                   std::span<char* const> arguments) {
  // The words up to the first that is no command: `fleetmint ca innit`.
  const CLI::App* command = &app;
  std::string called = "fleetmint";
  std::size_t at = 0;
  for (; at < arguments.size(); ++at) {
    const std::string word = arguments[at];
    const std::vector<std::string> known = CommandNames(*command);
    if (known.empty() || word.starts_with('-')) break;
    if (std::find(known.begin(), known.end(), word) == known.end()) {
      return Error::WithHint(ErrorKind::kUsage,
                             "unknown command '" + word + "' of '" + called + "'",
                             DidYouMean(word, known));
    }
    command = command->get_subcommand(word);
    called += " " + word;
  }
  const std::string help = "see " + called + " --help";
  if (const auto unknown = UnknownOption(*command, arguments.subspan(at))) {
    const std::string hint = HintFor(*unknown, *command);
    return Error::WithHint(ErrorKind::kUsage,
                           "unknown option '" + *unknown + "' of '" + called + "'",
                           hint.empty() ? help : hint + " (" + help + ")");
  }
  // A word too many may be a passphrase that was meant for an option.
  if (reason.starts_with("The following argument")) {
    return Error::WithHint(ErrorKind::kUsage, "there are words that '" + called + "' does not take",
                           help);
  }
  // CLI11 repeats a value that it cannot read.
  const std::string descriptor = "--passphrase-fd";
  if (reason.find(descriptor + ":") != std::string::npos ||
      reason.find(descriptor + " =") != std::string::npos) {
    return Error::WithHint(ErrorKind::kUsage,
                           descriptor + " takes the number of an open descriptor", help);
  }
  return Error::WithHint(ErrorKind::kUsage, reason, help);
}

}  // namespace fleetmint::cli

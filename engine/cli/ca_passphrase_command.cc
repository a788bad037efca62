// `fleetmint ca passphrase`: a new passphrase for every key of an authority.
#include <memory>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/cli/session.h"

namespace fleetmint::cli {
namespace {

int ChangePassphrase(Session& session, const PassphraseOptions& new_options) {
  LockedAuthority locked = LockedAuthority::Acquire(session.ca, "ca passphrase");
  UserPassphrase old_one = session.Passphrase();
  UserPassphrase new_one(new_options, session.signals);
  const Authority::PassphraseChange done =
      locked.authority().ChangePassphrase(old_one, new_one, session.random);
  if (session.json) {
    session.ui.Out(
        nlohmann::ordered_json{{"changed", done.changed}, {"absent", done.absent}}.dump() + "\n");
  }
  for (const std::string& name : done.changed) {
    session.ui.Say("under the new passphrase: " + session.ca + "/" + name);
  }
  for (const std::string& name : done.absent) {
    session.ui.Warn("'" + name + "' is not here: it keeps its passphrase",
                    "keep that one, too: --root-key FILE --root-key-passphrase-file FILE");
  }
  session.ui.Say("back up " + session.ca +
                 " now: earlier backups open with the old passphrase alone");
  return 0;
}

}  // namespace

void AddCaPassphrase(CLI::App& ca, Session& session) {
  auto* const command = ca.add_subcommand("passphrase", "change the passphrase of all keys");
  auto options = std::make_shared<PassphraseOptions>();
  options->option = "--new-passphrase-file";
  AddCaOption(*command, session);
  AddPassphrase(*command, session);
  auto* const file = command->add_option("--new-passphrase-file", options->file,
                                         "file (mode 0600) whose first line is the new one");
  file->type_name("FILE")->check(NotEmpty);
  command->add_option("--new-passphrase-fd", options->descriptor, "open descriptor to read it from")
      ->type_name("N")
      ->check(CLI::Range(0, 1 << 20))
      ->excludes(file);
  AddCommonOptions(*command, session);
  command->footer(
      "In one step: ended at any moment, one passphrase opens every key. Bundles and their\n"
      "passwords stay as they are. A key that is kept elsewhere keeps its passphrase.\n\n"
      "Example: fleetmint ca passphrase --ca ca --passphrase-file old --new-passphrase-file new");
  command->callback([&session, options] {
    session.action = [&session, options] { return ChangePassphrase(session, *options); };
  });
}

}  // namespace fleetmint::cli

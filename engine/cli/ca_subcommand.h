// What the subcommands of `fleetmint ca` share.
#pragma once

#include <memory>
#include <string>

#include "engine/cli/session.h"
#include "profiles/authority_profile.h"

namespace fleetmint::cli {

// RequestedTier is the issuing CA that a request is made for. Throws Error(kUsage) where subject or
// key are none.
Tier RequestedTier(const std::string& subject, const std::string& key_name);

// KeyWork says how CA keys are made, under `passphrase` (nullptr: unencrypted).
NewAuthorityOptions KeyWork(Session& session, PassphraseSource* passphrase);

// AddCaSubcommand adds a subcommand with the options that all of them have, which share `options`.
template <typename Options>
CLI::App* AddCaSubcommand(CLI::App& ca, Session& session, const std::shared_ptr<Options>& options,
                          const char* name, const char* what,
                          int (*run)(Session&, const Options&)) {
  CLI::App* const command = ca.add_subcommand(name, what);
  command->footer("");
  AddCaOption(*command, session);
  AddCommonOptions(*command, session);
  command->callback([&session, options, run] {
    session.action = [&session, options, run] { return run(session, *options); };
  });
  return command;
}

}  // namespace fleetmint::cli

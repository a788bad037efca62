// `fleetmint crl`: signs what tells servers of revocations, and publishes it.
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "engine/base/counted.h"
#include "engine/base/error.h"
#include "engine/base/read_file.h"
#include "engine/base/text.h"
#include "engine/cli/session.h"
#include "engine/pipeline/crl.h"
#include "engine/pipeline/foreign_crl.h"
#include "engine/pipeline/head.h"

namespace fleetmint::cli {
namespace {

constexpr std::size_t kMostCrlBytes = std::size_t{1} << 28;

struct Options {
  std::vector<std::string> outs;
  std::string valid_for;
  std::vector<std::string> with;
  bool always = false, serials = false;
};

// What a run that ended without a word has reserved is abandoned: it may have been signed. Where a
// run is going on, its reservations are its own.
void AbandonWhatNobodyHolds(Session& session) {
  if (!Authority::Open(session.ca).ledger().HasReservations()) return;
  auto locked = LockedAuthority::TryAcquire(session.ca, "crl", nullptr);
  if (!locked) return;
  const std::size_t count = locked->authority().ledger().AbandonReserved(session.clock.Now());
  if (count != 0) {
    session.ui.Say(Counted(count, "serial of a run that did not end is",
                           "serials of a run that did not end are") +
                   " abandoned, and on the CRL");
  }
}

// `certutil -revoke SERIAL REASON`, for a CA whose CRL others publish.
int PrintSerials(Session& session) {
  const Authority authority = Authority::Open(session.ca);
  std::size_t count = 0;
  nlohmann::ordered_json array = nlohmann::ordered_json::array();
  for (const Authority::CrlIssuer& issuer : authority.CrlIssuers()) {
    if (!issuer.leaves) continue;
    for (const CrlEntry& entry : authority.ledger().CrlEntries(issuer.scope, session.clock.Now())) {
      ++count;
      if (session.json) {
        array.push_back({{"serial", SerialHex(entry.serial)}, {"reason", entry.reason}});
      } else {
        session.ui.Out(SerialHex(entry.serial) + " " + std::to_string(entry.reason) + "\n");
      }
    }
  }
  if (session.json) session.ui.Out(nlohmann::ordered_json{{"revoked", array}}.dump() + "\n");
  session.ui.Say("serials and reasons: " + std::to_string(count));
  return 0;
}

void PrintState(Session& session, const std::vector<CrlState>& states) {
  nlohmann::ordered_json crls = nlohmann::ordered_json::array();
  for (const CrlState& state : states) {
    if (state.failure) {
      WarnOfCrl(session, state);
      crls.push_back({{"issuer", state.issuer}, {"failure", state.failure->what()}});
      continue;
    }
    crls.push_back({{"issuer", state.issuer},
                    {"number", state.number},
                    {"this_update", FormatRfc3339(state.this_update)},
                    {"next_update", FormatRfc3339(state.next_update)},
                    {"entries", state.entries},
                    {"signed", state.signed_now}});
    session.ui.Say("CRL of '" + state.issuer + "': " + Counted(state.entries, "entry", "entries") +
                   ", next update " + FormatRfc3339(state.next_update) +
                   (state.signed_now ? "" : " (unchanged)"));
  }
  if (session.json) session.ui.Out(nlohmann::ordered_json{{"crls", crls}}.dump() + "\n");
}

// Servers that check every CA's CRL refuse everybody where one is missing.
void WarnOfOthers(Session& session, const Authority& authority) {
  for (const std::string& name : CasWithoutCrl(authority)) {
    session.ui.Say("crl.pem lacks the CRL of '" + name + "': it is signed elsewhere",
                   "fleetmint crl --with FILE --ca " + ShellWord(session.ca) +
                       " --out OUT adds it, each time that a new one is published");
  }
  for (const std::string& name : RevokedAbove(authority)) {
    session.ui.Warn("'" + name + "' was revoked by the CA above: nobody is to accept what it signs",
                    "fleetmint ca rotate --request FILE makes a request for the next one");
  }
}

// An output that knows more than the ledger is noticed, as by every command that writes. Where a
// run is going on, it has looked.
void JudgeHeads(Session& session, const std::vector<std::string>& outs) {
  if (outs.empty()) return;
  auto locked = LockedAuthority::TryAcquire(session.ca, "crl", nullptr);
  if (!locked) return;
  Ledger& ledger = locked->authority().ledger();
  for (const std::string& out : outs) {
    const OutputDirectory output = OpenOutput(out, locked->authority());
    try {
      if (UnknownToLedger(ledger, output)) JudgeHead(ledger, output, session.ca);
      if (ReadHead(output)) ledger.FleetAsked(output.fleet());
    } catch (const Error& error) {
      // An output that is damaged, or an old copy, is given its CRLs all the same.
      if (error.cause() != ErrorCause::kDamaged) throw;
    }
  }
}

int Crl(Session& session, const Options& options) {
  if (options.serials) return PrintSerials(session);
  CrlOptions crl{CrlValidity(options.valid_for), options.always, {}};
  for (const std::string& out : options.outs) {
    const ReadingWorkspace workspace = ReadingWorkspace::Open(session.ca, out);
    if (const auto number = LostCrl(workspace.ledger(), workspace.output().root())) {
      Authority::Open(session.ca).ledger().AskFleets(workspace.output().fleet());
      throw Error::WithHint(ErrorKind::kLedger,
                            "'" + out + "' has a CRL of number " + std::to_string(*number) +
                                ", which this ledger has never given",
                            "was the authority restored from an older backup? Put the newest "
                            "ledger back; a CRL that takes a revocation back is not signed. Where "
                            "there is none it learns what is here by: fleetmint ca adopt --ca " +
                                ShellWord(session.ca) + " --out " + ShellWord(out));
    }
    for (Bytes& der : PublishedCrls(workspace.output().root())) {
      crl.published.push_back(std::move(der));
    }
  }
  std::vector<CrlFile> others;
  for (const std::string& file : options.with) {
    others.push_back({file, ReadWholeFile(file, kMostCrlBytes)});
  }
  JudgeHeads(session, options.outs);
  AbandonWhatNobodyHolds(session);
  const Authority authority = Authority::Open(session.ca);
  UserPassphrase passphrase = session.Passphrase();
  const std::vector<CrlState> taken = TakeForeignCrls(authority, others, session.clock.Now());
  std::vector<CrlState> states =
      RenewCrls(authority, &passphrase, session.Keys().kernel, session.clock, crl);
  for (const std::string& out : options.outs) {
    const ReadingWorkspace workspace = ReadingWorkspace::Open(session.ca, out);
    WarnOfMissing(session, Publish(workspace.authority(), workspace.output(), session.clock.Now()),
                  out);
  }
  const auto failed = [](const CrlState& state) { return state.failure.has_value(); };
  const bool any = std::any_of(states.begin(), states.end(), failed);
  if (any && std::all_of(states.begin(), states.end(), failed))
    throw Error(*states.front().failure);
  states.insert(states.end(), taken.begin(), taken.end());
  PrintState(session, states);
  WarnOfOthers(session, authority);
  if (options.outs.empty()) {
    session.ui.Say("in " + session.ca + "/crl; --out OUT publishes it there, too");
  }
  return any ? ExitCode(ErrorKind::kFindings) : 0;
}

}  // namespace

void AddCrl(CLI::App& app, Session& session) {
  auto* const command = app.add_subcommand(
      "crl", "sign the certificate revocation list, if it is time to, and publish it");
  auto options = std::make_shared<Options>();
  AddCaOption(*command, session);
  command->add_option("--out", options->outs, "an output to publish it into; repeatable")
      ->check(NotEmpty)
      ->type_name("DIR")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
  command
      ->add_option("--valid-for", options->valid_for,
                   "until its next update (default: as the last one; first 30d)")
      ->check(NotEmpty);
  command
      ->add_option("--with", options->with,
                   "the CRL (PEM or DER) of a CA above that is signed elsewhere, for crl.pem; kept "
                   "until the next one is given")
      ->check(NotEmpty)
      ->type_name("FILE");
  command->add_flag("--always", options->always, "sign it, though nothing has changed");
  command->add_flag("--serials", options->serials,
                    "sign nothing: print serials and reasons, as certutil -revoke takes them");
  AddPassphrase(*command, session);
  AddCommonOptions(*command, session);
  command->footer(
      "Signs anew where something was revoked since, or half of the list's life is over: run it\n"
      "every day. The list is written into the authority's crl/; out/crl.der is the issuing CA's,\n"
      "out/crl.pem holds every CA's.\n\n"
      "Example: fleetmint crl --ca ca --out out");
  command->callback([&session, options] {
    session.action = [&session, options] { return Crl(session, *options); };
  });
}

}  // namespace fleetmint::cli

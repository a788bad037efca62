// `fleetmint ca rotate`, `activate`, `revoke` and `root-crl`: the generations of a CA.
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "engine/base/counted.h"
#include "engine/base/durable_file.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/cli/ca_subcommand.h"
#include "engine/cli/revocation_reason.h"
#include "engine/pipeline/crl.h"
#include "engine/x509/name.h"

namespace fleetmint::cli {
namespace {

constexpr std::size_t kMostKeyBytes = std::size_t{1} << 20U;

struct Options {
  bool root = false, yes = false, cancel = false;
  std::string root_key, root_key_passphrase_file, request, subject, key_name, validity, valid_for;
  std::string reason = "unspecified";
  std::int64_t generation = 0;
};

// The key of a CA above that is kept elsewhere, and its passphrase: the authority's own unless it
// has one of its own.
struct AboveKey {
  AboveKey(Session& session, const Options& options) : own(own_options, session.signals) {
    own_options.file = options.root_key_passphrase_file;
    own_options.option = "--root-key-passphrase-file";
    if (!options.root_key.empty()) {
      content = ReadSecretFile(options.root_key, kMostKeyBytes, ErrorKind::kAuthority);
    }
  }
  PassphraseSource* Source(PassphraseSource& others) {
    return own_options.file.empty() ? &others : &own;
  }
  PassphraseOptions own_options;
  UserPassphrase own;  // reads own_options when it is asked
  SecretBytes content;
};

const TierInfo* NextOf(const std::vector<TierInfo>& tiers) {
  return tiers.empty() || !tiers.back().next ? nullptr : &tiers.back();
}

void SayNext(Session& session, const Authority& authority) {
  const std::vector<TierInfo> tiers = authority.Tiers();
  const TierInfo& next = *NextOf(tiers);
  if (session.json) {
    session.ui.Out(nlohmann::ordered_json{
                       {"generation", next.generation},
                       {"subject", next.subject},
                       {"not_after", next.certificate.empty() ? "" : FormatRfc3339(next.not_after)},
                       {"new_root", authority.NeedsTrust()}}
                       .dump() +
                   "\n");
  }
}

// Where CRLs are published, the next generation's goes out before its first certificate. What
// stands in the way of another CA's is said, and no reason to keep that one: its key may be what is
// lost. Tells whether all that are due are signed.
bool SignCrlsIfThereAreAny(Session& session, const Authority& authority,
                           PassphraseSource& passphrase) {
  const Directory folder = authority.Crls();
  const std::vector<Authority::CrlIssuer> issuers = authority.CrlIssuers();
  if (std::none_of(issuers.begin(), issuers.end(), [&](const Authority::CrlIssuer& issuer) {
        return issuer.leaves && folder.Exists(issuer.file);
      })) {
    return true;
  }
  bool all = true;
  for (const CrlState& state :
       RenewCrls(authority, &passphrase, session.Keys().kernel, session.clock, {})) {
    if (!state.failure) continue;
    for (const TierInfo& tier : authority.Tiers()) {
      if (tier.next && tier.subject == state.issuer) throw Error(*state.failure);
    }
    WarnOfCrl(session, state);
    all = false;
  }
  return all;
}

int Request(Session& session, const Options& options, Authority& authority,
            PassphraseSource& passphrase) {
  if (options.subject.empty()) {
    throw Error::WithHint(ErrorKind::kUsage, "a request needs a subject",
                          "--subject \"CN=Acme Agents CA G2, O=Acme\": another one than today's");
  }
  const Tier tier =
      RequestedTier(options.subject, options.key_name.empty() ? "rsa-3072" : options.key_name);
  CheckFolderOf(options.request);
  WriteFile(options.request, AsBytes(authority.RequestNext(tier, KeyWork(session, &passphrase))));
  SayNext(session, authority);
  session.ui.Say("have " + options.request +
                 " signed as a subordinate CA, then: fleetmint ca install CERT --ca " +
                 ShellWord(session.ca));
  return 0;
}

int Rotate(Session& session, const Options& options) {
  AboveKey above(session, options);
  LockedAuthority locked = LockedAuthority::Acquire(session.ca, "ca rotate");
  Authority& authority = locked.authority();
  UserPassphrase asked = session.Passphrase();
  CachedPassphrase passphrase(&asked);
  if (options.cancel) {
    const std::int64_t generation = authority.CancelRequest();
    session.ui.Say("the request for generation " + std::to_string(generation) +
                   " is cancelled: no certificate for it is taken any more");
    if (session.json) session.ui.Out("{\"cancelled\":" + std::to_string(generation) + "}\n");
    return 0;
  }
  if (!options.request.empty()) return Request(session, options, authority, passphrase);
  Authority::RotateOptions rotate;
  rotate.root = options.root;
  rotate.above_passphrase = above.Source(passphrase);
  rotate.above_key = std::move(above.content);
  if (!options.key_name.empty()) rotate.key = ParseKeyName(options.key_name);
  if (!options.validity.empty()) rotate.validity = ParsePeriod("--validity", options.validity);
  authority.Rotate(rotate, KeyWork(session, &passphrase));
  SayNext(session, authority);
  const std::vector<TierInfo> tiers = authority.Tiers();
  const TierInfo& next = *NextOf(tiers);
  session.ui.Say("made generation " + std::to_string(next.generation) + ", '" + next.subject +
                 "': it signs nothing yet");
  session.ui.Say("back up " + session.ca + " now");
  const std::string ca = ShellWord(session.ca);
  if (authority.NeedsTrust()) {
    session.ui.Say("its root is new: ship out/trust.pem first (fleetmint manifest --ca " + ca +
                   " --out OUT writes it), then: fleetmint ca activate --ca " + ca);
  } else {
    session.ui.Say("then: fleetmint ca activate --ca " + ca);
  }
  return SignCrlsIfThereAreAny(session, authority, passphrase) ? 0 : ExitCode(ErrorKind::kFindings);
}

int Activate(Session& session, const Options& options) {
  LockedAuthority locked = LockedAuthority::Acquire(session.ca, "ca activate");
  Authority& authority = locked.authority();
  const auto trust = authority.TrustOfNext(session.clock.Now());
  if (trust && trust->trusting < trust->hosts && !options.yes) {
    const std::string what = Counted(trust->hosts - trust->trusting, "host has", "hosts have") +
                             " not said that they trust the new root (out/trust.pem), of " +
                             std::to_string(trust->hosts) +
                             "; who does not will refuse what is issued from now on";
    if (!CanAsk()) {
      throw Error::WithHint(ErrorKind::kUsage, what,
                            "fleetmint installed takes their receipts; or --yes, when it has been "
                            "shipped");
    }
    session.Confirm(what + ". Has it been shipped?", "nothing was activated");
  }
  const std::vector<TierInfo> tiers = authority.Tiers();
  const TierInfo* const next = NextOf(tiers);
  UserPassphrase asked = session.Passphrase();
  const bool signed_all = next == nullptr || next->certificate.empty() ||
                          SignCrlsIfThereAreAny(session, authority, asked);
  authority.Activate(session.clock);
  const TierInfo issuing = authority.Tiers().back();
  if (session.json) {
    session.ui.Out(
        nlohmann::ordered_json{{"generation", issuing.generation}, {"subject", issuing.subject}}
            .dump() +
        "\n");
  }
  session.ui.Say("generation " + std::to_string(issuing.generation) + ", '" + issuing.subject +
                 "', signs from now on");
  session.ui.Say("move the fleet to it: fleetmint renew FLEET.yaml --issuer-retired --ca " +
                 ShellWord(session.ca) + " --out OUT");
  return signed_all ? 0 : ExitCode(ErrorKind::kFindings);
}

// Signs the CRLs of the CAs above, and says which could not be.
int RootCrls(Session& session, const Authority& authority, const Options& options, bool always) {
  AboveKey above(session, options);
  UserPassphrase asked = session.Passphrase();
  CachedPassphrase passphrase(&asked);
  CrlOptions crl;
  crl.always = always;
  crl.only_above = true;
  crl.validity = CrlValidity(options.valid_for);
  crl.above_passphrase = above.Source(passphrase);
  crl.above_key = std::move(above.content);
  const std::vector<CrlState> states =
      RenewCrls(authority, &passphrase, session.Keys().kernel, session.clock, crl);
  nlohmann::ordered_json crls = nlohmann::ordered_json::array();
  std::size_t missing = 0, done = 0;
  for (const CrlState& state : states) {
    if (state.failure) {
      ++missing;
      WarnOfCrl(session, state);
      continue;
    }
    ++done;
    crls.push_back({{"issuer", state.issuer},
                    {"number", state.number},
                    {"next_update", FormatRfc3339(state.next_update)},
                    {"entries", state.entries},
                    {"signed", state.signed_now}});
    session.ui.Say("CRL of '" + state.issuer + "': " + Counted(state.entries, "entry", "entries") +
                   ", next update " + FormatRfc3339(state.next_update));
  }
  const bool used = std::any_of(states.begin(), states.end(),
                                [](const CrlState& state) { return state.key_was_given; });
  if (always && !options.root_key.empty() && !used) {
    throw Error::WithHint(
        ErrorKind::kUsage,
        "'" + options.root_key + "' is not the key of a CA whose CRL is to be signed",
        "give the key that belongs to the root's certificate");
  }
  for (const Authority::CrlIssuer& issuer : authority.CrlIssuers()) {
    if (issuer.leaves || !authority.Answers(issuer, session.clock.Now())) continue;
    if (std::any_of(states.begin(), states.end(),
                    [&](const CrlState& state) { return state.file == issuer.file; })) {
      continue;
    }
    ++missing;
    session.ui.Warn("the key of '" + NameToString(authority.FindIssuer(issuer.issuer)->subject()) +
                        "' is not here: its CRL is not signed",
                    "fleetmint ca root-crl --root-key FILE --ca " + ShellWord(session.ca));
  }
  if (session.json) session.ui.Out(nlohmann::ordered_json{{"crls", crls}}.dump() + "\n");
  if (!states.empty()) {
    session.ui.Say("fleetmint crl --ca " + ShellWord(session.ca) + " --out OUT publishes it");
  }
  return missing == 0 && done != 0 ? 0 : ExitCode(ErrorKind::kFindings);
}

int RootCrl(Session& session, const Options& options) {
  const Authority authority = Authority::Open(session.ca);
  const auto issuers = authority.CrlIssuers();
  if (std::all_of(issuers.begin(), issuers.end(), [](const auto& one) { return one.leaves; })) {
    throw Error::WithHint(ErrorKind::kUsage, "this authority has no CA above its issuing one",
                          "the CRL of an organization's root is its own to sign");
  }
  return RootCrls(session, authority, options, /*always=*/true);
}

// What is left to others where the CRL of the CA above a generation is not ours to sign.
std::optional<std::string> WhoHasToKnow(const Authority& authority, std::int64_t generation) {
  const std::vector<IssuerRow> rows = authority.ledger().Issuers();
  const auto row = std::find_if(rows.begin(), rows.end(), [&](const IssuerRow& one) {
    return one.leaves && one.generation == generation;
  });
  const auto parent = std::find_if(rows.begin(), rows.end(),
                                   [&](const IssuerRow& one) { return one.id == row->parent; });
  if (parent == rows.end()) {
    return "a CA that signs itself is on no list: take it out of every host's trust "
           "(out/trust.pem is without it)";
  }
  if (!parent->key_file.empty()) return std::nullopt;
  return "have it revoked by '" + NameToString(authority.FindIssuer(parent->id)->subject()) +
         "', whose CRL is not ours: serial " + ToHex(authority.FindIssuer(row->id)->serial());
}

int Revoke(Session& session, const Options& options) {
  const int reason = static_cast<int>(ParseReason(options.reason));
  LockedAuthority locked = LockedAuthority::Acquire(session.ca, "ca revoke");
  Authority& authority = locked.authority();
  const bool revoked = authority.RevokeGeneration(options.generation, reason, session.clock.Now());
  session.ui.Say("generation " + std::to_string(options.generation) +
                 (revoked ? " is revoked" : " was revoked before"));
  if (const auto others = WhoHasToKnow(authority, options.generation)) {
    session.ui.Say(*others);
    if (session.json) session.ui.Out("{\"crls\":[]}\n");
    return 0;
  }
  return RootCrls(session, authority, options, /*always=*/false);
}

CLI::App* AddWithKeys(CLI::App& ca, Session& session, const std::shared_ptr<Options>& options,
                      const char* name, const char* what, int (*run)(Session&, const Options&)) {
  CLI::App* const command = AddCaSubcommand(ca, session, options, name, what, run);
  AddPassphrase(*command, session);
  return command;
}

void AddRootKey(CLI::App& command, Options& options) {
  command
      .add_option("--root-key", options.root_key, "the root's key file, where it is kept elsewhere")
      ->check(NotEmpty)
      ->type_name("FILE");
  command
      .add_option("--root-key-passphrase-file", options.root_key_passphrase_file,
                  "its passphrase, if it is not that of the authority")
      ->check(NotEmpty)
      ->type_name("FILE");
}

}  // namespace

void AddCaRotation(CLI::App& ca, Session& session) {
  auto options = std::make_shared<Options>();
  CLI::App* command = AddWithKeys(ca, session, options, "rotate",
                                  "make the next generation of the issuing CA", Rotate);
  command->add_flag("--root", options->root, "and of the root");
  AddRootKey(*command, *options);
  command
      ->add_option("--key", options->key_name,
                   "rsa-2048, rsa-3072, rsa-4096, p256, p384 (default: as the current one)")
      ->check(NotEmpty);
  command
      ->add_option("--validity", options->validity,
                   "of the issuing CA, e.g. 6y (default: as the current one)")
      ->check(NotEmpty);
  auto* const request =
      command
          ->add_option(
              "--request", options->request,
              "make a key and a request for another CA instead; ca install takes the answer")
          ->check(NotEmpty)
          ->type_name("FILE");
  command->add_option("--subject", options->subject, "of the request")
      ->check(NotEmpty)
      ->needs(request);
  for (const char* const other : {"--root", "--root-key", "--validity"}) {
    request->excludes(command->get_option(other));
  }
  auto* const cancel = command->add_flag("--cancel", options->cancel,
                                         "give up a request whose certificate will not come");
  for (const char* const other : {"--root", "--root-key", "--validity", "--key", "--request"}) {
    cancel->excludes(command->get_option(other));
  }
  command->footer(
      "It has a new key and a new name (... G2), and signs nothing before `ca activate`. Its\n"
      "certificates are in out/trust.pem from the next publication on.\n\n"
      "Example: fleetmint ca rotate --ca ca --root-key /media/safe/root.key");

  command = AddWithKeys(ca, session, options, "activate", "let the next generation sign", Activate);
  command->add_flag("--yes", options->yes, "a new root has been shipped, whatever hosts have said");
  command->footer("Example: fleetmint ca activate --ca ca");

  command = AddWithKeys(ca, session, options, "revoke",
                        "revoke an issuing CA that is not current any more", Revoke);
  command->add_option("GENERATION", options->generation, "as ca show and status name it")
      ->required();
  command->add_option("--reason", options->reason, "of RFC 5280, e.g. key-compromise, superseded")
      ->check(NotEmpty);
  AddRootKey(*command, *options);
  command->footer("Example: fleetmint ca revoke 1 --reason key-compromise --ca ca");

  command = AddWithKeys(ca, session, options, "root-crl", "sign the root's CRL anew", RootCrl);
  AddRootKey(*command, *options);
  command
      ->add_option("--valid-for", options->valid_for,
                   "until its next update (default: as the last)")
      ->check(NotEmpty);
  command->footer("Example: fleetmint ca root-crl --root-key /media/safe/root.key --ca ca");
}

}  // namespace fleetmint::cli

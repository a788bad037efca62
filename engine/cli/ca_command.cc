// `fleetmint ca`: init, show, import, request, install, backup. (ca_rotation_command.cc has what
// comes later in a CA's life.)
#include <memory>
#include <nlohmann/json.hpp>

#include "engine/base/counted.h"
#include "engine/base/durable_file.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/cli/ca_subcommand.h"
#include "engine/cli/import_pfx.h"
#include "engine/pipeline/workspace.h"

namespace fleetmint::cli {
namespace {

constexpr std::size_t kMostPemBytes = std::size_t{16} << 20U;

struct Options {
  std::string profile = "two-tier";
  bool no_passphrase = false;
  std::string key, chain, pfx, key_passphrase_file, subject, key_name = "rsa-3072", csr_out,
                                                             certificate;
  std::string backup;
};

nlohmann::ordered_json TierJson(const TierInfo& tier) {
  const bool waiting = tier.certificate.empty();
  return {{"name", tier.name},
          {"generation", tier.generation},
          {"next", tier.next},
          {"revoked", tier.revoked},
          {"subject", tier.subject},
          {"serial", tier.serial},
          {"key", tier.key},
          {"not_before", waiting ? "" : FormatRfc3339(tier.not_before)},
          {"not_after", waiting ? "" : FormatRfc3339(tier.not_after)},
          {"sha1", ToHex(tier.sha1)},
          {"sha256", ToHex(tier.sha256)},
          {"key_present", tier.key_present}};
}

std::string TierText(const TierInfo& tier, Time now) {
  if (tier.certificate.empty()) return tier.name + ": waits for its certificate\n";
  return tier.name + (tier.next ? ", next generation: " : ": ") + tier.subject + "\n  generation " +
         std::to_string(tier.generation) + ", " + tier.key + ", " + FormatRfc3339(tier.not_before) +
         " to " + FormatRfc3339(tier.not_after) + (now > tier.not_after ? " EXPIRED" : "") +
         "\n  serial " + tier.serial + "\n  sha1 " + ToHex(tier.sha1) + "\n  sha256 " +
         ToHex(tier.sha256) + "\n  key " + (tier.key_present ? "present" : "absent (offline)") +
         "\n";
}

void PrintJson(Session& session, const Authority& authority) {
  const Counts counts = authority.ledger().Count();
  nlohmann::ordered_json tiers = nlohmann::ordered_json::array();
  for (const TierInfo& tier : authority.Tiers()) tiers.push_back(TierJson(tier));
  nlohmann::ordered_json former = nlohmann::ordered_json::array();
  for (const TierInfo& tier : authority.FormerTiers()) former.push_back(TierJson(tier));
  const nlohmann::ordered_json object{{"authority", authority.id()},
                                      {"encrypted", authority.encrypted()},
                                      {"test", authority.test()},
                                      {"tiers", tiers},
                                      {"former", former},
                                      {"ledger",
                                       {{"reserved", counts.reserved},
                                        {"issued", counts.issued},
                                        {"superseded", counts.superseded},
                                        {"abandoned", counts.abandoned},
                                        {"void", counts.voided},
                                        {"retired", counts.retired}}}};
  session.ui.Out(object.dump() + "\n");
}

int Show(Session& session, const Options&) {
  const Authority authority = Authority::Open(session.ca);
  if (session.json) {
    PrintJson(session, authority);
    return 0;
  }
  const Counts counts = authority.ledger().Count();
  std::string text = "authority " + authority.id() + " in " + session.ca + ", keys " +
                     (authority.encrypted() ? "encrypted" : "not encrypted") +
                     (authority.test() ? ", for tests alone" : "") + "\n";
  for (const TierInfo& tier : authority.Tiers()) text += TierText(tier, session.clock.Now());
  for (const TierInfo& tier : authority.FormerTiers()) {
    text += "former " + tier.name + ", generation " + std::to_string(tier.generation) + ": " +
            tier.subject + ", ends " + FormatRfc3339(tier.not_after) +
            (tier.revoked ? ", revoked" : "") + "\n";
  }
  text += "certificates: " + std::to_string(counts.issued) + " current, " +
          std::to_string(counts.superseded) + " superseded, " + std::to_string(counts.abandoned) +
          " abandoned, " + std::to_string(counts.reserved) + " reserved\n";
  session.ui.Out(text);
  return 0;
}

int Init(Session& session, const Options& options) {
  CheckPlaceOfAuthority(session.ca);
  const Catalog catalog = session.LoadCatalog();
  const AuthorityProfile* const profile = catalog.FindAuthority(options.profile);
  if (profile == nullptr) {
    throw Error::WithHint(ErrorKind::kUsage, "unknown authority profile '" + options.profile + "'",
                          DidYouMean(options.profile, catalog.AuthorityNames()));
  }
  UserPassphrase passphrase = session.Passphrase();
  const Authority authority = Authority::Init(
      session.ca, *profile, KeyWork(session, options.no_passphrase ? nullptr : &passphrase));
  if (session.json) PrintJson(session, authority);
  session.ui.Say("made authority " + session.ca + " (" + profile->name + ")");
  session.ui.Say("back up the whole directory: it holds every key and the ledger");
  if (profile->tiers.size() > 1) {
    session.ui.Say("then move " + session.ca + "/root.key to a safe place; issue works without it");
  }
  return 0;
}

int Import(Session& session, const Options& options) {
  if (options.pfx.empty() && options.key.empty()) {
    throw Error::WithHint(ErrorKind::kUsage, "there is nothing to import",
                          "give --key KEY --chain CHAIN, or --pfx FILE");
  }
  CheckPlaceOfAuthority(session.ca);
  PassphraseOptions key_options;
  key_options.file = options.key_passphrase_file;
  key_options.option = "--key-passphrase-file";
  UserPassphrase key_passphrase(key_options, session.signals);
  CaInPfx files;
  if (options.pfx.empty()) {
    files.key = ReadSecretFile(options.key, kMostPemBytes, ErrorKind::kAuthority);
    files.chain = AsText(ReadWholeFile(options.chain, kMostPemBytes));
  } else {
    files = ReadCaPfx(options.pfx, key_passphrase);
    // Roots are often left out of a PFX: what is in the file of --chain comes behind.
    if (!options.chain.empty()) files.chain += AsText(ReadWholeFile(options.chain, kMostPemBytes));
  }
  UserPassphrase passphrase = session.Passphrase();
  const Authority authority =
      Authority::Import(session.ca, {files.key, AsBytes(files.chain), &key_passphrase},
                        KeyWork(session, options.no_passphrase ? nullptr : &passphrase));
  if (session.json) PrintJson(session, authority);
  session.ui.Say("made authority " + session.ca + " around the imported CA");
  return 0;
}

int Request(Session& session, const Options& options) {
  CheckPlaceOfAuthority(session.ca);
  const Tier tier = RequestedTier(options.subject, options.key_name);
  UserPassphrase passphrase = session.Passphrase();
  const auto [authority, request] = Authority::Request(
      session.ca, tier, KeyWork(session, options.no_passphrase ? nullptr : &passphrase));
  if (options.csr_out.empty()) {
    session.ui.Out(session.json ? nlohmann::ordered_json{{"request", request}}.dump() + "\n"
                                : request);
  } else {
    WriteFile(options.csr_out, AsBytes(request));
  }
  session.ui.Say(
      "have the request signed as a subordinate CA, then: fleetmint ca install CERT --ca " +
      session.ca);
  return 0;
}

int Install(Session& session, const Options& options) {
  const Bytes chain = ReadWholeFile(options.certificate, kMostPemBytes);
  LockedAuthority locked = LockedAuthority::Acquire(session.ca, "ca install");
  const Authority::Installed installed =
      locked.authority().Install(chain, session.clock, &session.ui);
  if (session.json) PrintJson(session, locked.authority());
  switch (installed) {
    case Authority::Installed::kBefore:
      session.ui.Say("the issuing certificate is installed in " + session.ca + " already");
      break;
    case Authority::Installed::kFirst:
      session.ui.Say("installed the issuing certificate in " + session.ca);
      break;
    case Authority::Installed::kNext:
      session.ui.Say("installed the next generation in " + session.ca +
                     "; it signs from fleetmint ca activate on");
      break;
    case Authority::Installed::kRenewed:
      session.ui.Say("installed the renewed issuing certificate in " + session.ca +
                     ": every bundle stays valid, the CRL goes on");
      session.ui.Say("fleetmint manifest --ca " + ShellWord(session.ca) +
                     " --out OUT brings chain.pem and trust.pem up to date");
      break;
  }
  return 0;
}

// Who thinks that the copy is all of it loses what is kept elsewhere.
void SayAbsentKeys(Session& session, const Authority& copy) {
  for (const TierInfo& tier : copy.Tiers()) {
    if (tier.key_present || tier.certificate.empty()) continue;
    session.ui.Say("the copy does not have the key of " + tier.name + " '" + tier.subject +
                   "': it is not in " + session.ca + ", and needs a backup of its own");
  }
}

int Backup(Session& session, const Options& options) {
  CheckPlaceOfAuthority(options.backup, "--to");
  Authority authority = Authority::Open(session.ca);
  authority.BackUp(options.backup, session.random);
  const Counts counts = Authority::Open(options.backup).ledger().Count();
  if (session.json) {
    session.ui.Out(
        nlohmann::ordered_json{{"backup", options.backup}, {"issued", counts.issued}}.dump() +
        "\n");
  }
  session.ui.Say("copied " + session.ca + " to " + options.backup + ": " +
                 Counted(counts.issued, "current certificate") + " in its ledger");
  SayAbsentKeys(session, Authority::Open(options.backup));
  session.ui.Say("what is issued from now on is not in it");
  return 0;
}

void AddNewKeys(CLI::App& command, Session& session, Options& options) {
  AddPassphrase(command, session);
  auto* const none =
      command.add_flag("--no-passphrase", options.no_passphrase, "store the keys unencrypted");
  for (const char* source : {"--passphrase-file", "--passphrase-fd"}) {
    none->excludes(command.get_option(source));
  }
}

}  // namespace

void AddCaCommands(CLI::App& app, Session& session) {
  CLI::App& ca = *app.add_subcommand("ca", "make, import or show an authority");
  ca.require_subcommand(1);
  auto options = std::make_shared<Options>();

  CLI::App* command = AddCaSubcommand(ca, session, options, "init",
                                      "make a new hierarchy: root and issuing CA", Init);
  command->add_option("--profile", options->profile,
                      "two-tier (default), single-tier, or one of your own");
  AddProfiles(*command, session);
  AddNewKeys(*command, session, *options);
  command->footer("Example: fleetmint ca init --ca ca --passphrase-file phrase");

  AddCaSubcommand(ca, session, options, "show", "what an authority is and holds", Show);

  command = AddCaSubcommand(ca, session, options, "import",
                            "make an authority around an existing issuing CA", Import);
  auto* const key = command->add_option("--key", options->key, "its private key, PEM or DER");
  auto* const chain =
      command->add_option("--chain", options->chain,
                          "PEM, DER or PKCS#7: the issuing certificate, then its issuers up to the "
                          "root; with --pfx, those that the PFX lacks (PEM)");
  auto* const pfx = command->add_option("--pfx", options->pfx, "both in one file (PKCS#12)");
  pfx->excludes(key);
  key->needs(chain);
  command->add_option("--key-passphrase-file", options->key_passphrase_file,
                      "passphrase of the key or PFX that is imported");
  AddNewKeys(*command, session, *options);
  command->footer(
      "Example: fleetmint ca import --key issuing.key --chain chain.pem --ca ca --passphrase-file "
      "phrase");

  command = AddCaSubcommand(ca, session, options, "request",
                            "make an issuing key and a request (PKCS#10) for another CA", Request);
  command->add_option("--subject", options->subject, "e.g. \"CN=Acme Agents CA, O=Acme\"")
      ->required();
  command->add_option("--key", options->key_name,
                      "rsa-2048, rsa-3072 (default), rsa-4096, p256, p384");
  command->add_option("--request-out", options->csr_out, "file for the request (default: stdout)");
  AddNewKeys(*command, session, *options);
  command->footer(
      "Example: fleetmint ca request --subject \"CN=Acme Agents CA\" --ca ca --request-out ca.csr");

  command = AddCaSubcommand(ca, session, options, "install",
                            "install the certificate that answers a request", Install);
  command
      ->add_option("CERT", options->certificate,
                   "PEM or PKCS#7: the certificate, then its issuers up to the root")
      ->required();
  command->footer("Example: fleetmint ca install chain.pem --ca ca");

  command = AddCaSubcommand(ca, session, options, "backup",
                            "copy an authority, ledger included; runs may be going on", Backup);
  command->add_option("--to", options->backup, "the copy: a new or an empty directory")
      ->type_name("DIR")
      ->required();
  AddCaRotation(ca, session);
  AddCaPassphrase(ca, session);
  AddCaAdopt(ca, session);
  command->footer(
      "The copy is an authority like the original, as secret, with its ledger in one state.\n"
      "Example: fleetmint ca backup --ca ca --to /media/safe/ca-2026-01-31");
}

}  // namespace fleetmint::cli

#include "engine/pipeline/test_fleet.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>

#include "engine/base/der.h"
#include "engine/base/error.h"
#include "engine/base/pem.h"
#include "engine/base/text.h"
#include "engine/keys/oids.h"
#include "engine/pipeline/claim.h"
#include "engine/pipeline/crl.h"
#include "engine/pipeline/publish.h"
#include "output/fault_line.h"

namespace fleetmint {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSuffix = ".test";
// What a test root may sign names of: RFC 2606, and the name that ObserveIT's agents carry.
const std::vector<std::string> kPermitted{"test", "example", "invalid", "itAuth"};
constexpr std::chrono::days kYear{365};
// Endpoints' certificates last so long at least, and CRLs: a test outlives its fixed time.
constexpr const char* kValidity = "5y";
constexpr Seconds kLasts = 5 * kYear;
constexpr const char* kPasswordFile = "password";

bool MaySignFor(const std::string& name) {
  if (name.ends_with("{fqdn}") || name.ends_with("{host}")) return true;  // they end in kSuffix
  return std::any_of(kPermitted.begin(), kPermitted.end(), [&](const std::string& permitted) {
    return name == permitted || name.ends_with("." + permitted);
  });
}

std::string Suffixed(const std::string& name) { return MaySignFor(name) ? name : name + kSuffix; }

// The first example of RFC 6979 A.2.5, the message "sample": signed as a test CA signs.
bool SignsByRfc6979() {
  const Bytes scalar = FromHex("C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721");
  const Bytes point = FromHex(
      "0460FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB67903FE1008B8BC99A41AE9E95"
      "628BC64F2F1B20C2D7E9F5177A3C294D4462299");
  const Bytes r = FromHex("EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716");
  const Bytes s = FromHex("F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8");
  SecretDerWriter key;
  key.Sequence([&](SecretDerWriter& info) {
    info.Integer(0);
    info.Sequence([](SecretDerWriter& id) { id.Oid(oid::kEcPublicKey).Oid(oid::kP256); });
    info.OctetStringOf([&](SecretDerWriter& wrapped) {
      wrapped.Sequence([&](SecretDerWriter& ec) {
        ec.Integer(1).OctetString(scalar);
        ec.Context(1, [&](SecretDerWriter& inner) { inner.BitString(point); });
      });
    });
  });
  DerWriter wanted;
  wanted.Sequence([&](DerWriter& pair) { pair.UnsignedInteger(r).UnsignedInteger(s); });
  const ByteView message = AsBytes("sample");
  const auto signer = MakeSoftwareSigner(key.Take());
  return signer->Sign({&message, 1}).front() == wanted.bytes();
}

Tier TestTier(const std::string& name, const std::string& subject, const KeySpec& key,
              Seconds validity, bool root) {
  Tier tier;
  tier.name = name;
  tier.key = key;
  CertificateSpec& certificate = tier.certificate;
  certificate.subject = Name::Parse(subject + ", O=" + kTestOrganization);
  certificate.is_ca = true;
  certificate.key_usage = key_usage::kKeyCertSign | key_usage::kCrlSign;
  if (root) certificate.permitted_dns = kPermitted;
  if (!root) certificate.path_length = 0;
  certificate.validity = {validity, std::chrono::hours{24}, Seconds{0}};
  return tier;
}

}  // namespace

TestFleetReport TestFleet::Make(const TestFleetOptions& options, const Catalog& catalog,
                                RunObserver& observer, Log& log) {
  // Certificates of 20 years, and of 80 years on, are dates that every verifier can read.
  if (options.now < ParseRfc3339("2000-01-01T00:00:00Z") ||
      options.now >= ParseRfc3339("2070-01-01T00:00:00Z")) {
    throw Error::WithHint(ErrorKind::kUsage,
                          "a test fleet of " + FormatRfc3339(options.now) + " is not made",
                          "give a time from 2000 to 2069: --now 2026-01-01T00:00:00Z");
  }
  if (!SignsByRfc6979()) {
    throw Error(ErrorKind::kUsage,
                "Botan's ECDSA signatures are not those of RFC 6979 here: they would not repeat");
  }
  Claim claim(options.directory,
              {"ca", "out", "pem", "faults", "faults.jsonl", "fleet.yaml", kPasswordFile});
  TestFleetReport report = TestFleet(options, catalog, observer, log).Run();
  claim.Keep();
  return report;
}

namespace {

// The current certificates, by endpoint.
std::map<std::string, IssuedRow> CurrentRows(const Plan& plan, const Authority& authority) {
  std::map<std::string, IssuedRow> rows;
  authority.ledger().ForEachCurrent(
      plan.fleet_name(), [&](const IssuedRow& row) { rows.emplace(row.endpoint, row); }, nullptr);
  return rows;
}

}  // namespace

TestFleet::TestFleet(const TestFleetOptions& options, const Catalog& catalog, RunObserver& observer,
                     Log& log)
    : options_(options), catalog_(catalog), observer_(observer), log_(log) {}

void TestFleet::WriteFleetFile(const std::string& file) const {
  std::ostringstream text;
  const std::size_t digits = std::max<std::size_t>(4, std::to_string(options_.hosts).size());
  const auto padded = [&](std::size_t number) {
    const std::string plain = std::to_string(number);
    return std::string(digits - plain.size(), '0') + plain;
  };
  text << "# Made by fleetmint test-fleet.\n"
       << "fleet: test-fleet\nprofile: test-fleet\n";
  if (options_.hosts != 0) {
    text << "hosts: [\"host-[" << padded(1) << "-" << padded(options_.hosts) << "]" << kSuffix
         << "\"]\n";
  }
  if (!options_.faults.empty()) text << "endpoints:\n";
  for (const std::string& fault : options_.faults) {
    text << "  - {name: " << fault << kSuffix << ", fault: " << fault << "}\n";
  }
  Directory::Open(options_.directory).WriteDurably(file, AsBytes(text.str()));
}

// What everything in a test fleet carries, and what the command line asks for.
Settings TestFleet::Marked(const Settings& settings) const {
  Settings::Values values;
  for (const std::string_view key : Settings::Keys()) {
    values.emplace(key, settings.Value(key));
  }
  Name subject = Name::Parse(values["subject"], NameOrder::kEncoded);
  std::erase_if(subject.attributes, [](const auto& attribute) { return attribute.type == "O"; });
  for (Name::Attribute& attribute : subject.attributes) {
    const bool host = attribute.type == "CN" && attribute.value.find('.') != std::string::npos;
    if (host) attribute.value = Suffixed(attribute.value);
  }
  // Behind the country and what is within it, as an organization is.
  const auto place = std::find_if_not(
      subject.attributes.begin(), subject.attributes.end(),
      [](const auto& each) { return each.type == "C" || each.type == "ST" || each.type == "L"; });
  subject.attributes.insert(place, {"O", kTestOrganization});
  values["subject"] = subject.ToString(NameOrder::kEncoded);
  // Accounts and services that are real.
  for (const char* const key : {"sid", "san.email", "san.upn", "san.uri"}) values[key] = "";
  if (!values["not_after"].empty()) values["validity"] = "0s";
  values["not_after"] = "";
  if (ParseDuration(values["validity"]) < kLasts) {
    values["validity"] = kValidity;
    values["jitter"] = "0s";
  }
  std::set<std::string> names;
  std::istringstream items(values["san.dns"]);
  for (std::string item; items >> item;) names.insert(Suffixed(item));
  std::string joined;
  for (const std::string& name : names) joined += (joined.empty() ? "" : " ") + name;
  values["san.dns"] = joined;
  if (!values["fqdn"].empty()) values["fqdn"] = Suffixed(values["fqdn"]);
  std::string& friendly = values["friendly_name"];
  if (!friendly.starts_with("TEST")) friendly = friendly.empty() ? "TEST" : "TEST " + friendly;
  if (!options_.password.empty()) values["password"] = std::string("file:") + kPasswordFile;
  if (options_.key) {
    values["key"] = KeySpecWord(*options_.key);
    if (options_.key->algorithm == KeyAlgorithm::kEcdsa) {
      // An EC key enciphers nothing, and the providers of old know none.
      std::istringstream usages(values["key_usage"]);
      std::string kept;
      for (std::string usage; usages >> usage;) {
        if (usage != "key_encipherment") kept += (kept.empty() ? "" : " ") + usage;
      }
      values["key_usage"] = kept;
      values["bundle.csp"] = "Microsoft Software Key Storage Provider";
      values["bundle.key_spec"] = "none";
    }
  }
  return {settings.profile(), settings.group(), std::move(values)};
}

Plan TestFleet::MakePlan() const {
  const bool own_file = options_.fleet_file.empty();
  if (own_file) WriteFleetFile("fleet.yaml");
  PlanOptions how;
  how.adjust = [this](const Settings& settings) { return Marked(settings); };
  if (!options_.password.empty()) {
    how.folder = fs::absolute(options_.directory).lexically_normal().string();
    Directory::Open(options_.directory)
        .WriteDurably(kPasswordFile, AsBytes(options_.password + "\n"));
  }
  const std::string file = own_file ? options_.directory + "/fleet.yaml" : options_.fleet_file;
  Plan plan = Plan::Make(Fleet::Load(file, catalog_, {kSuffix, FaultWords()}), catalog_, how);
  CheckNames(plan.fleet());
  return plan;
}

// A suffix, or a twin, may make two names one.
void TestFleet::CheckNames(const Fleet& fleet) {
  FaultList faults(fleet.file());
  std::set<std::string> names;
  const auto take = [&](const std::string& name, std::size_t i) {
    if (names.insert(AsciiLower(name)).second) return;
    faults.Add(fleet.Where(i), "two endpoints of the test fleet are called '" + name + "'",
               "give one of them another name");
  };
  for (std::size_t i = 0; i < fleet.size(); ++i) {
    take(fleet.Name(i), i);
    if (fleet.Fault(i) == kSharedKeyFault) take(TwinOf(fleet.Name(i)), i);
  }
  faults.ThrowIfAny();
}

void TestFleet::MakeAuthority(StreamFactory& streams, const Clock& clock) const {
  const bool ecdsa = options_.key && options_.key->algorithm == KeyAlgorithm::kEcdsa;
  const KeySpec key =
      ecdsa ? KeySpec{KeyAlgorithm::kEcdsa, 256} : KeySpec{KeyAlgorithm::kRsa, 2048};
  AuthorityProfile profile;
  profile.name = "test";
  profile.tiers = {TestTier("root", "CN=TEST Root CA", key, 20 * kYear, true),
                   TestTier("issuing", "CN=TEST Issuing CA", key, 15 * kYear, false)};
  profile.crl_validity = kLasts;
  RandomStream random = streams.Open({"", StreamPurpose::kAuthority});
  NewAuthorityOptions made{.random = random, .streams = streams, .clock = clock};
  made.stop = options_.stop;
  made.kernel = options_.keys.kernel;
  made.test = mark_;
  Authority::Init(options_.directory + "/ca", profile, made);
}

TestFleetReport TestFleet::Run() const {
  Plan plan = MakePlan();
  const FixedClock clock(options_.now);
  SeededStreams streams(mark_, options_.seed, plan.fleet_name());
  MakeAuthority(streams, clock);
  LockedAuthority locked = LockedAuthority::Acquire(options_.directory + "/ca", "test-fleet");
  UnlockedAuthority unlocked = locked.authority().Unlock(nullptr, clock, options_.keys.kernel);
  RandomStream id = streams.Open({"", StreamPurpose::kOutput});
  IssuingWorkspace workspace = IssuingWorkspace::Open(
      std::move(locked), std::move(unlocked),
      {.path = options_.directory + "/out",
       .fleet = plan.fleet_name(),
       .folder = plan.passwords().HasFiles() ? plan.folder() : options_.directory,
       .layout = std::nullopt,
       .test = mark_},
      id, clock, log_);
  plan.Compare(workspace.ledger(), clock.Now());
  RunOptions run{.clock = clock, .streams = streams, .observer = observer_};
  run.threads = options_.threads;
  run.stop = options_.stop;
  run.keys = options_.keys;
  run.chunk = options_.chunk;
  const RunResult result = Issue(plan, workspace, run);
  if (result.interrupted) throw Error(ErrorKind::kInterrupted, "interrupted");
  if (!result.failures.empty()) {
    throw Error(ErrorKind::kEndpoint, "endpoint '" + result.failures.front().endpoint +
                                          "': " + result.failures.front().reason);
  }
  workspace.ledger().Complete(plan.fleet_name(), plan.selection().text());
  Authority authority = Authority::Open(options_.directory + "/ca");
  Revoke(plan, authority);
  CrlOptions crls;
  crls.validity = kLasts;
  RenewCrls(authority, nullptr, options_.keys.kernel, clock, crls);
  Publish(authority, workspace.output(), clock.Now());
  if (options_.pem || options_.pem_combined) WritePem(plan, authority);
  return {result.issued, MakeFaults(plan, authority, streams, clock)};
}

void TestFleet::Revoke(const Plan& plan, Authority& authority) const {
  RevocationFilter filter;
  filter.fleet = plan.fleet_name();
  for (std::size_t i = 0; i < plan.fleet().size(); ++i) {
    if (plan.fleet().Fault(i) == kRevokedFault) filter.endpoints.push_back(plan.fleet().Name(i));
  }
  constexpr int kKeyCompromise = 1;  // RFC 5280 5.3.1
  if (!filter.endpoints.empty()) authority.ledger().Revoke(filter, kKeyCompromise, options_.now);
}

void TestFleet::WritePemFiles(const Directory& folder, const std::string& endpoint, ByteView pkcs8,
                              ByteView certificate, std::span<const Bytes> chain) const {
  const SecretBytes key = PemEncodeSecret("PRIVATE KEY", pkcs8);
  std::string certificates = PemEncode("CERTIFICATE", certificate);
  for (std::size_t i = 0; i + 1 < chain.size(); ++i) {
    certificates += PemEncode("CERTIFICATE", chain[i]);
  }
  if (options_.pem) {
    folder.Write(endpoint + ".key.pem", key);
    folder.Write(endpoint + ".crt.pem", AsBytes(certificates));
  }
  if (options_.pem_combined) {
    SecretBytes both = key;
    both.insert(both.end(), certificates.begin(), certificates.end());
    folder.Write(endpoint + ".pem", both);
  }
}

// The keys are in the bundles alone: these are opened again.
void TestFleet::WritePem(const Plan& plan, const Authority& authority) const {
  const PasswordMaker passwords = authority.UnlockPasswords(nullptr);
  const Directory folder = Directory::Open(options_.directory).MakeSubdirectory("pem", 0700);
  const OutputDirectory output = OutputDirectory::Open(options_.directory + "/out", authority.id());
  const auto rows = CurrentRows(plan, authority);
  PlanLayer layer;
  for (std::size_t i = 0; i < plan.fleet().size(); ++i) {
    const auto row = rows.find(plan.fleet().Name(i));
    if (row == rows.end()) continue;
    const IssuedRow& issued = row->second;
    std::vector<BundleFile> files;
    for (const BundleFileRecord& file : issued.files) {
      const auto [folder_of, name] = output.BundlePlace(issued.endpoint, file.extension);
      files.push_back({file.extension, folder_of.Read(name)});
    }
    const OpenedBundle bundle =
        OpenBundle(files, plan.passwords().Get(plan.JobOf(i, layer).expanded.password,
                                               issued.endpoint, issued.serial, passwords));
    WritePemFiles(folder, issued.endpoint, bundle.pkcs8, bundle.certificate, authority.ChainDers());
  }
}

std::size_t TestFleet::MakeFaults(const Plan& plan, const Authority& authority,
                                  StreamFactory& streams, const Clock& clock) const {
  const Fleet& fleet = plan.fleet();
  const UnlockedAuthority unlocked = authority.Unlock(nullptr, clock, options_.keys.kernel);
  FaultMaker maker(mark_, {.authority = authority,
                           .unlocked = unlocked,
                           .streams = streams,
                           .now = options_.now,
                           .keys = options_.keys,
                           .iterations = kDerivedPasswordIterations,
                           .fleet = plan.fleet_name(),
                           .passwords = plan.passwords()});
  const auto rows = CurrentRows(plan, authority);
  const Directory root = Directory::Open(options_.directory);
  std::string lines;
  std::size_t count = 0;
  PlanLayer layer;
  for (std::size_t i = 0; i < fleet.size(); ++i) {
    const std::string_view fault = fleet.Fault(i);
    if (fault.empty()) continue;
    const Job job = plan.JobOf(i, layer);
    const auto tell = [&](const std::string& endpoint, const std::string& bundle, ByteView secret,
                          ByteView certificate) {
      const bool twin = endpoint != job.endpoint;
      lines += MakeFaultLine({.endpoint = endpoint,
                              .fqdn = twin ? TwinOf(job.expanded.fqdn) : job.expanded.fqdn,
                              .fault = fault,
                              .say = WhatToSay(fault),
                              .bundle = bundle,
                              .password = secret,
                              .certificate = certificate}) +
               "\n";
      ++count;
    };
    if (fault == kRevokedFault) {
      const IssuedRow& row = rows.at(job.endpoint);
      tell(row.endpoint, "out/bundles/" + row.endpoint + "." + row.files.front().extension,
           plan.passwords().Get(job.expanded.password, row.endpoint, row.serial,
                                unlocked.passwords()),
           row.der);
      continue;
    }
    const Directory folder = root.MakeSubdirectory("faults", 0700);
    for (const FaultyBundle& bundle : maker.Make(job, fault)) {
      for (const BundleFile& file : bundle.files) {
        folder.Write(bundle.endpoint + "." + file.extension, file.content);
      }
      if (options_.pem || options_.pem_combined) {
        // Without the root, as everywhere; a chain of one is a stranger's own.
        std::vector<Bytes> chain = bundle.chain;
        if (chain.size() == 1) chain.push_back({});
        WritePemFiles(folder.MakeSubdirectory("pem", 0700), bundle.endpoint, bundle.pkcs8,
                      bundle.certificate, chain);
      }
      tell(bundle.endpoint, "faults/" + bundle.endpoint + "." + bundle.files.front().extension,
           bundle.password, bundle.certificate);
    }
  }
  if (count != 0) root.WriteDurably("faults.jsonl", AsBytes(lines));
  return count;
}

}  // namespace fleetmint

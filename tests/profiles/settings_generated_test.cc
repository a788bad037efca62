// Random profiles, patches and variables: the way through settings gives what filling in everything
// at once gives, and the settings come back from their text.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <random>
#include <set>
#include <sstream>
#include <tuple>

#include "engine/x509/san.h"
#include "tests/support/layer.h"
#include "tests/support/temp_dir.h"

namespace fleetmint {
namespace {

using test::Builtin;

class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  std::size_t Below(std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_);
  }
  template <typename T>
  T OneOf(std::initializer_list<T> values) {
    return *(values.begin() + Below(values.size()));
  }

  // A value of a variable, or a literal part of a text: all that has a meaning somewhere.
  std::string Piece() {
    return OneOf<std::string>({"a", "b-1", "x.example", ", O=E", "=", "\\", "\\n", "#", " ", "+",
                               "\"", ";", "<", "ü", "%", "~", "\t", "\n", "'"});
  }
  std::string Value() {
    std::string value;
    for (std::size_t n = Below(4); n > 0; --n) value += OneOf<std::string>({Piece(), "{", "}"});
    return value;
  }
  std::string Text() {
    std::string text;
    for (std::size_t n = Below(5); n > 0; --n) {
      text += OneOf<std::string>({Piece(), "{host}", "{fqdn}", "{fleet}", "{group}", "{v}", "{w}",
                                  "{{", "}}", "{{host}}"});
    }
    return text;
  }
  std::string NameOf() {
    return OneOf<std::string>(
        {"{host}", "{fqdn}", "a.example", "{host}.{dns}", "itAuth", "{dns}", "b.{fleet}.example"});
  }
  std::string Address() {
    return OneOf<std::string>({"10.0.0.1", "2001:DB8::1", "2001:db8:0::1", "{ip}", "::"});
  }

  // A double-quoted YAML scalar.
  static std::string Quoted(const std::string& text) {
    std::string quoted = "\"";
    for (const char c : text) {
      if (c == '"' || c == '\\') quoted += '\\';
      quoted += c == '\n' ? "\\n" : c == '\t' ? "\\t" : std::string(1, c);
    }
    return quoted + "\"";
  }

  std::string Setting() {
    Name subject;
    subject.attributes = {{"CN", "c" + Text()}, {"O", Text()}};
    const auto text = [&](const char* key, const std::string& value) {
      return std::string(key) + ": " + Quoted(value);
    };
    switch (Below(16)) {
      case 0:
        return text("subject", subject.ToString());
      case 1:
        return "dns: [" + Quoted(NameOf()) + ", " + Quoted(NameOf()) + "]";
      case 2:
        return "ip: [" + Quoted(Address()) + ", " + Quoted(Address()) + "]";
      case 3:
        return OneOf<std::string>({"key: {bits: 3072}", "key: {bits: 4096}", "key: {bits: 2048}"});
      case 4:
        return OneOf<std::string>({"extended_key_usage: [server_auth, client_auth, 1.2.3]",
                                   "extended_key_usage: [client_auth]", "extended_key_usage: []"});
      case 5:
        return OneOf<std::string>(
            {"key_usage: [key_encipherment, digital_signature]", "key_usage: [key_agreement]"});
      case 6:
        return OneOf<std::string>({"validity: 365d", "validity: 90d", "validity: 100d"});
      case 7:
        return OneOf<std::string>({"jitter: 0s", "jitter: 1d", "jitter: 90s"});
      case 8:
        return text("friendly_name", Text());
      case 9:
        return text("description", Text());
      case 10:
        return OneOf<std::string>({"crl_url: 'http://x/{host}/{dns}'", "crl_url: ~"});
      case 11:
        return text("password", OneOf<std::string>({"file:", "csv:", "file:/"}) + "p" + Text());
      case 12:
        return OneOf<std::string>({"bundle: {formats: [pfx, pem], chain: full, encryption: legacy}",
                                   "bundle: {formats: [pem], encryption: modern}",
                                   "bundle: {encryption: auto, machine_keys: false}"});
      case 13:
        return "install: {exportable: true, store: " + Quoted(Piece()) + "}";
      case 14:
        return OneOf<std::string>({"sid: 'S-1-5-{number}'", "sid: ~"});
      default:
        return OneOf<std::string>({"backdate: 0s", "backdate: 1h", "description: ~"});
    }
  }

  // A patch: settings of different keys.
  std::string Patch() {
    std::string text;
    for (std::size_t n = Below(5); n > 0; --n) {
      const std::string setting = Setting();
      const std::string key = setting.substr(0, setting.find(':') + 1);
      if (!text.starts_with(key) && text.find("\n" + key) == std::string::npos) {
        text += setting + "\n";
      }
    }
    return text;
  }

  LayerInput Input() {
    LayerInput input;
    input.variables = {{"fleet", "f"},       {"group", Value()},           {"v", Value()},
                       {"w", Value()},       {"dns", "d.example"},         {"ip", "10.0.0.1"},
                       {"number", "21-1-2"}, {"application_server", "itm"}};
    input.group = input.variables["group"];
    input.target = OneOf({Target::kUnknown, Target::kLegacyWindows, Target::kOther});
    input.domain = OneOf<std::string>({"", "corp.example"});
    input.fqdn = OneOf<std::string>({"", "", "x.dmz.example"});
    return input;
  }

 private:
  std::mt19937 random_;
};

// The model: a template with all values put in at once.
std::string FilledIn(const std::string& text, const Variables& variables) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i, 2) == "{{" || text.substr(i, 2) == "}}") {
      out += text[i++];
    } else if (text[i] == '{') {
      const std::size_t end = text.find('}', i);
      out += variables.at(text.substr(i + 1, end - i - 1));
      i = end;
    } else {
      out += text[i];
    }
  }
  return out;
}

template <typename T>
std::set<T> SetOf(const std::vector<T>& list) {
  return {list.begin(), list.end()};
}

// Expects of `result` what the patched profile says, all filled in for `host`.
void ExpectModel(const ExpandedProfile& result, const Profile& profile, const LayerInput& input,
                 const std::string& host) {
  const ProfileConfig& config = profile.config();
  Variables variables = input.variables;
  const bool qualified = input.domain.empty() || host.find('.') != std::string::npos;
  variables["host"] = host;
  variables["fqdn"] = !input.fqdn.empty() ? input.fqdn
                      : qualified         ? host
                                          : host + "." + input.domain;
  EXPECT_EQ(result.fqdn, variables["fqdn"]);
  Name subject = Name::Parse(config.subject);
  for (auto& attribute : subject.attributes) attribute.value = FilledIn(attribute.value, variables);
  const CertificateSpec& certificate = result.certificate;
  EXPECT_EQ(certificate.subject, subject);
  std::set<std::string> dns;
  for (const std::string& text : config.dns) dns.insert(FilledIn(text, variables));
  EXPECT_EQ(SetOf(certificate.san.dns), dns);
  EXPECT_EQ(certificate.san.dns.size(), dns.size());
  std::set<Bytes> ip;
  for (const std::string& text : config.ip) ip.insert(*ParseIp(FilledIn(text, variables)));
  EXPECT_EQ(SetOf(certificate.san.ip), ip);
  EXPECT_EQ(certificate.san.ip.size(), ip.size());
  EXPECT_EQ(certificate.key_usage, config.key_usage);
  EXPECT_EQ(SetOf(certificate.extended_key_usage), SetOf(config.extended_key_usage));
  EXPECT_EQ(certificate.validity.duration, config.validity.duration);
  EXPECT_EQ(certificate.validity.backdate, config.validity.backdate);
  EXPECT_EQ(certificate.validity.jitter, config.validity.jitter);
  ASSERT_EQ(certificate.crl_urls.size(), config.crl_urls.size());
  for (std::size_t i = 0; i < config.crl_urls.size(); ++i) {
    EXPECT_EQ(certificate.crl_urls[i], FilledIn(config.crl_urls[i], variables));
  }
  EXPECT_EQ(certificate.ca_issuers_url, FilledIn(config.ca_issuers_url, variables));
  EXPECT_EQ(certificate.sid, FilledIn(config.sid, variables));
  EXPECT_EQ(result.key, config.key);
  const BundleSpec &bundle = result.bundle, &wanted = config.bundle;
  EXPECT_EQ(bundle.friendly_name, FilledIn(config.friendly_name, variables));
  EXPECT_EQ(bundle.description, FilledIn(config.description, variables));
  const bool legacy =
      config.bundle.pfx &&
      (config.encryption == EncryptionChoice::kLegacy ||
       (config.encryption == EncryptionChoice::kAuto && input.target == Target::kLegacyWindows));
  EXPECT_EQ(bundle.encryption, legacy ? PfxEncryption::kLegacy : PfxEncryption::kModern);
  EXPECT_EQ(std::tie(bundle.pfx, bundle.pem, bundle.csp, bundle.key_spec, bundle.machine_keys,
                     bundle.chain, bundle.store, bundle.exportable),
            std::tie(wanted.pfx, wanted.pem, wanted.csp, wanted.key_spec, wanted.machine_keys,
                     wanted.chain, wanted.store, wanted.exportable));
  EXPECT_EQ(result.password.kind, config.password.kind);
  if (config.password.kind == PasswordSource::Kind::kDerived) return;
  const std::filesystem::path path = FilledIn(config.password.path, variables);
  EXPECT_EQ(result.password.path, path.lexically_normal().string());
}

TEST(SettingsGeneratedTest, SettingsGiveWhatFillingInAllAtOnceGives) {
  std::size_t accepted = 0;
  for (unsigned seed = 0; seed < 3000; ++seed) {
    Generator generator(seed);
    const auto names = Builtin().Names();
    const Profile& named = *Builtin().Find(names[generator.Below(names.size())]);
    const std::vector<std::string> texts{generator.Patch(), generator.Patch(), generator.Patch()};
    LayerInput input = generator.Input();
    SCOPED_TRACE(named.name() + "\n" + texts[0] + "--\n" + texts[1] + "--\n" + texts[2]);

    FaultList faults("p.yaml");
    std::vector<ProfilePatch> patches;
    std::vector<const ProfilePatch*> pointers;
    for (const std::string& text : texts) {
      patches.push_back(ParseProfilePatch(yaml::ReadText(text, faults), {}, faults));
    }
    for (const ProfilePatch& patch : patches) pointers.push_back(&patch);
    input.patches = pointers;
    const auto profile = named.With(pointers, faults);
    const auto settings = ResolveSettings(named, input, {1, 1}, faults);
    ASSERT_NO_THROW(faults.ThrowIfAny());

    const Settings parsed =
        Settings::Parse(1, settings->profile(), settings->group(), settings->Body());
    ASSERT_EQ(parsed.Body(), settings->Body());
    EXPECT_TRUE(Differences(parsed, *settings).empty());
    for (const std::string host : {"ws-1", "b.lab.example"}) {
      std::vector<Fault> found, again;
      const auto result = EndpointTemplate(*settings).Expand(host, found);
      const auto from_parsed = EndpointTemplate(parsed).Expand(host, again);
      ASSERT_EQ(result.has_value(), from_parsed.has_value());
      ASSERT_EQ(found.size(), again.size());
      if (!result) continue;
      ++accepted;
      ExpectModel(*result, *profile, input, host);
      ExpectModel(*from_parsed, *profile, input, host);
    }
    if (HasFailure()) break;
  }
  EXPECT_GT(accepted, 2000u) << "the generator makes too few valid endpoints";
}

// What an endpoint was issued under must not look changed because somebody tidied up a file.
TEST(SettingsGeneratedTest, PresentationChangesNoBody) {
  TempDir folder;
  for (const std::string& name : Builtin().Names()) {
    const Profile& profile = *Builtin().Find(name);
    // The lines of its file in another order, under another name, with another summary; and a
    // profile that extends that and says nothing.
    std::istringstream stream(Catalog::ToYaml(profile));
    std::vector<std::string> lines;
    for (std::string line; std::getline(stream, line);) {
      if (!line.starts_with("profile:") && !line.starts_with("summary:")) lines.push_back(line);
    }
    std::reverse(lines.begin(), lines.end());
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    Catalog catalog = Catalog::Builtin();
    FaultList faults("unused");
    catalog.AddFile(folder.Write("tidy.yaml", text + "summary: another\nprofile: tidy\n"), faults);
    catalog.AddFile(folder.Write("child.yaml", "profile: child\nextends: tidy\n"), faults);
    ASSERT_NO_THROW(faults.ThrowIfAny());
    const std::string body = test::Resolved(profile, {"description: '{host}'"}).Body();
    for (const char* other : {"tidy", "child"}) {
      EXPECT_EQ(test::Resolved(*catalog.Find(other), {"description: '{host}'"}).Body(), body);
    }
  }
}

// A damaged body is refused as what it is, or is another canonical body: never a crash, and never
// read as something that it does not say.
TEST(SettingsGeneratedTest, ADamagedBodyIsRefusedOrSaysWhatItSays) {
  const auto check = [](const std::string& body) {
    try {
      const Settings settings = Settings::Parse(1, "p", "g", body);
      EXPECT_EQ(settings.Body(), body);
      std::vector<Fault> faults;
      EndpointTemplate(settings).Expand("ws-1", faults);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kLedger) << body;
    }
  };
  for (const std::string& name : Builtin().Names()) {
    const std::string body =
        test::Resolved(*Builtin().Find(name),
                       {"subject: 'CN={host}, O=A\\, B'\ndescription: \"a\\n\\\\b\"\nip: ['::1']\n"
                        "password: 'file:p/{host}'"})
            .Body();
    for (std::size_t i = 0; i < body.size(); ++i) {
      check(body.substr(0, i));
      std::string damaged = body;
      check(damaged.erase(i, 1));
      for (const char c : std::string_view("=\n\\{} ,:x0\x01\xff")) {
        damaged = body;
        damaged[i] = c;
        check(damaged);
        damaged = body;
        check(damaged.insert(i, 1, c));
      }
    }
  }
}

}  // namespace
}  // namespace fleetmint

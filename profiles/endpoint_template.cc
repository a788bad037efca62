#include "profiles/endpoint_template.h"

#include <algorithm>

#include "engine/base/clock.h"
#include "engine/base/text.h"
#include "engine/x509/san.h"
#include "profiles/words.h"

namespace fleetmint {
namespace {

namespace words = profile_words;

// Reads the values of settings. Faults of a value name its key.
class Reader {
 public:
  explicit Reader(const Settings& settings) : settings_(settings) {}

  std::string Text(std::string_view key) const { return std::string(settings_.Value(key)); }

  Template TemplateOf(std::string_view key, std::string_view text) const {
    return Checked(key, [&] {
      Template result = Template::Parse(text);
      result.Substitute({}, EndpointTemplate::kVariables);  // throws for any other name
      return result;
    });
  }
  Template TemplateOf(std::string_view key) const { return TemplateOf(key, settings_.Value(key)); }

  // The items of a list.
  std::vector<std::string> Items(std::string_view key) const {
    const std::string_view text = settings_.Value(key);
    std::vector<std::string> items;
    for (std::size_t begin = 0; !text.empty() && begin <= text.size();) {
      const std::size_t end = std::min(text.find(' ', begin), text.size());
      items.emplace_back(text.substr(begin, end - begin));
      begin = end + 1;
    }
    return items;
  }
  std::vector<Template> Templates(std::string_view key) const {
    std::vector<Template> templates;
    for (const std::string& item : Items(key)) templates.push_back(TemplateOf(key, item));
    return templates;
  }

  Seconds Duration(std::string_view key) const {
    return Checked(key, [&] { return ParseDuration(settings_.Value(key)); });
  }
  fleetmint::Time Time(std::string_view key) const {
    return Checked(key, [&] { return ParseRfc3339(settings_.Value(key)); });
  }
  Name Subject() const {
    return Checked("subject",
                   [&] { return Name::Parse(settings_.Value("subject"), NameOrder::kEncoded); });
  }
  PasswordSource Password() const {
    return Checked("password", [&] { return PasswordSource::Parse(settings_.Value("password")); });
  }

  template <typename Table>
  auto WordIn(std::string_view key, const Table& table) const {
    return Known(key, words::ParseWord(table, settings_.Value(key)));
  }

  // Known gives what a value of `key` was read as, if it was.
  template <typename Value>
  Value Known(std::string_view key, std::optional<Value> value) const {
    if (value) return *std::move(value);
    throw Error::OfCause(
        ErrorKind::kLedger, ErrorCause::kDamaged,
        "settings: the value '" + Text(key) + "' of '" + std::string(key) + "' cannot be read");
  }

 private:
  template <typename Read>
  auto Checked(std::string_view key, Read read) const -> decltype(read()) {
    try {
      return read();
    } catch (const Error&) {
      return Known(key, std::optional<decltype(read())>());
    }
  }

  const Settings& settings_;
};

CertificateSpec ReadCertificate(const Reader& reader) {
  CertificateSpec certificate;
  Validity& validity = certificate.validity;
  validity.backdate = reader.Duration("backdate");
  if (reader.Text("not_after").empty()) {
    validity.duration = reader.Duration("validity");
    validity.jitter = reader.Duration("jitter");
  } else {
    validity.end = reader.Time("not_after");
  }
  for (const std::string& name : reader.Items("key_usage")) {
    const std::uint16_t bit = reader.Known("key_usage", KeyUsageBit(name));
    certificate.key_usage = static_cast<std::uint16_t>(certificate.key_usage | bit);
  }
  for (const std::string& name : reader.Items("extended_key_usage")) {
    certificate.extended_key_usage.push_back(
        reader.Known("extended_key_usage", ExtendedKeyUsageOid(name)));
  }
  return certificate;
}

BundleSpec ReadBundle(const Reader& reader) {
  BundleSpec bundle;
  bundle.pfx = bundle.pem = false;
  for (const std::string& format : reader.Items("bundle.formats")) {
    const bool known = words::SetFormat(format, bundle);
    reader.Known("bundle.formats", known ? std::optional(known) : std::nullopt);
  }
  bundle.encryption = reader.WordIn("bundle.encryption", words::kPfxEncryptions);
  bundle.csp = reader.Text("bundle.csp");
  bundle.key_spec = reader.WordIn("bundle.key_spec", words::kWindowsKeySpecs);
  bundle.machine_keys = reader.WordIn("bundle.machine_keys", words::kBooleans);
  bundle.chain = reader.WordIn("bundle.chain", words::kBundleChains);
  bundle.store = reader.Text("install.store");
  bundle.exportable = reader.WordIn("install.exportable", words::kBooleans);
  return bundle;
}

}  // namespace

EndpointTemplate::EndpointTemplate(const Settings& settings) {
  const Reader reader(settings);
  fqdn_ = reader.Text("fqdn");
  domain_ = reader.Text("domain");
  fixed_.certificate = ReadCertificate(reader);
  fixed_.key = reader.Known("key", ParseKeySpecWord(settings.Value("key")));
  fixed_.bundle = ReadBundle(reader);
  fixed_.password = reader.Password();
  subject_ = reader.Subject();
  for (const Name::Attribute& attribute : subject_.attributes) {
    subject_values_.push_back(reader.TemplateOf("subject", attribute.value));
  }
  dns_ = reader.Templates("san.dns");
  ip_ = reader.Templates("san.ip");
  uri_ = reader.Templates("san.uri");
  email_ = reader.Templates("san.email");
  upn_ = reader.Templates("san.upn");
  crl_urls_ = reader.Templates("crl_url");
  ca_issuers_url_ = reader.TemplateOf("ca_issuers_url");
  ocsp_url_ = reader.TemplateOf("ocsp_url");
  sid_form_ = reader.WordIn("sid_form", words::kSidForms);
  sid_ = reader.TemplateOf("sid");
  friendly_name_ = reader.TemplateOf("friendly_name");
  description_ = reader.TemplateOf("description");
  password_path_ = reader.TemplateOf("password", fixed_.password.path);
  CertificateSpec named = fixed_.certificate;  // valid but for what is the same for all
  named.san.dns = {"a"};
  fixed_is_valid_ = ValidateSpec(named).empty();
}

std::string EndpointTemplate::Fqdn(const std::string& host) const {
  if (!fqdn_.empty()) return fqdn_;
  const bool qualified = domain_.empty() || host.find('.') != std::string::npos;
  return qualified ? host : host + "." + domain_;
}

namespace {

using Bindings = std::span<const Template::Binding>;

void FillEach(const std::vector<Template>& items, Bindings bindings,
              std::vector<std::string>& into) {
  std::string text;
  for (const Template& item : items) {
    item.Fill(bindings, text);
    if (std::find(into.begin(), into.end(), text) == into.end()) into.push_back(text);
  }
}

void AddIp(Bytes address, std::vector<Bytes>& ip) {
  if (std::find(ip.begin(), ip.end(), address) == ip.end()) ip.push_back(std::move(address));
}

// Whether `names` has `name`, whatever its case.
bool HasDnsName(const std::vector<std::string>& names, const std::string& name) {
  const std::string lower = AsciiLower(name);
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& other) { return AsciiLower(other) == lower; });
}

}  // namespace

void EndpointTemplate::FillNames(Bindings bindings, SubjectAltNames& san,
                                 std::vector<Fault>& faults) const {
  std::string text;
  for (const Template& item : dns_) {
    item.Fill(bindings, text);
    if (IsIpv4(text)) {
      AddIp(*ParseIp(text), san.ip);
    } else if (!HasDnsName(san.dns, text)) {
      san.dns.push_back(text);
    }
  }
  for (const Template& item : ip_) {
    item.Fill(bindings, text);
    if (auto address = ParseIp(text)) {
      AddIp(*std::move(address), san.ip);
    } else {
      faults.push_back({"'" + text + "' is not an IP address", {}, kIpAddressHint});
    }
  }
  FillEach(uri_, bindings, san.uri);
  FillEach(email_, bindings, san.email);
  FillEach(upn_, bindings, san.upn);
}

bool EndpointTemplate::Expand(const std::string& host, ExpandedProfile& into,
                              std::vector<Fault>& faults) const {
  const std::size_t before = faults.size();
  into = fixed_;
  into.fqdn = Fqdn(host);
  const std::array<Template::Binding, 2> bindings{{{"fqdn", into.fqdn}, {"host", host}}};
  CertificateSpec& certificate = into.certificate;
  certificate.subject = subject_;
  for (std::size_t i = 0; i < subject_values_.size(); ++i) {
    subject_values_[i].Fill(bindings, certificate.subject.attributes[i].value);
  }
  FillNames(bindings, certificate.san, faults);
  FillEach(crl_urls_, bindings, certificate.crl_urls);
  ca_issuers_url_.Fill(bindings, certificate.ca_issuers_url);
  ocsp_url_.Fill(bindings, certificate.ocsp_url);
  sid_.Fill(bindings, certificate.sid);
  friendly_name_.Fill(bindings, into.bundle.friendly_name);
  description_.Fill(bindings, into.bundle.description);
  password_path_.Fill(bindings, into.password.path);
  const auto fault_of_fqdn = DnsNameFault(into.fqdn, false);
  if (fault_of_fqdn && !IsIpv4(into.fqdn)) {
    faults.push_back({"fqdn '" + into.fqdn + "': " + *fault_of_fqdn, {}, DnsNameHint(into.fqdn)});
  }
  for (Fault& fault : fixed_is_valid_ ? ValidateTexts(certificate) : ValidateSpec(certificate)) {
    faults.push_back(std::move(fault));
  }
  if (!certificate.sid.empty() && sid_form_ != SidForm::kExtension) {
    certificate.san.uri.push_back(kSidUriPrefix + certificate.sid);
    if (sid_form_ == SidForm::kUri) certificate.sid.clear();
  }
  return faults.size() == before;
}

std::optional<ExpandedProfile> EndpointTemplate::Expand(const std::string& host,
                                                        std::vector<Fault>& faults) const {
  std::optional<ExpandedProfile> expanded(std::in_place);
  if (!Expand(host, *expanded, faults)) expanded.reset();
  return expanded;
}

}  // namespace fleetmint

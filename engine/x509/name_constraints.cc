#include "engine/x509/name_constraints.h"

#include <algorithm>

#include "engine/base/ber.h"
#include "engine/base/text.h"
#include "engine/x509/directory_string.h"
#include "engine/x509/name.h"
#include "engine/x509/oids.h"
#include "engine/x509/san.h"

namespace fleetmint {
namespace {

constexpr const char* kEmailAddress = "1.2.840.113549.1.9.1";
constexpr const char* kCommonName = "2.5.4.3";

enum class Match : std::uint8_t { kWithin, kOutside, kNotComparable };

Match Within(bool is) { return is ? Match::kWithin : Match::kOutside; }

// The tail of `text` is `tail`, letters of any case.
bool EndsWith(std::string_view text, std::string_view tail) {
  return text.size() >= tail.size() &&
         AsciiLower(text.substr(text.size() - tail.size())) == AsciiLower(tail);
}
bool Same(std::string_view one, std::string_view other) {
  return AsciiLower(one) == AsciiLower(other);
}

// "host.example.com" is within "example.com" and within ".example.com"; all is within "".
Match MatchDns(std::string_view name, std::string_view base) {
  if (base.empty()) return Match::kWithin;
  if (!EndsWith(name, base)) return Match::kOutside;
  return Within(name.size() == base.size() || base.front() == '.' ||
                name[name.size() - base.size() - 1] == '.');
}

// A host is within a host that is the same, or within ".domain" if it is below that.
Match MatchHost(std::string_view host, std::string_view base) {
  if (base.starts_with('.')) return Within(host.size() > base.size() && EndsWith(host, base));
  return Within(Same(host, base));
}

Match MatchEmail(std::string_view address, std::string_view base) {
  const std::size_t at = address.rfind('@');
  if (at == std::string_view::npos) return Match::kNotComparable;
  const std::string_view local = address.substr(0, at), host = address.substr(at + 1);
  const std::size_t base_at = base.rfind('@');
  if (base_at == std::string_view::npos) return MatchHost(host, base);
  // A mailbox: the part before the '@' counts with its case.
  if (base_at != 0 && base.substr(0, base_at) != local) return Match::kOutside;
  return Within(Same(host, base.substr(base_at + 1)));
}

Match MatchUri(std::string_view uri, std::string_view base) {
  const std::size_t scheme = uri.find("://");
  if (scheme == std::string_view::npos || uri.find(':') != scheme) return Match::kNotComparable;
  std::string_view host = uri.substr(scheme + 3);
  host = host.substr(0, host.find_first_of(":/"));
  if (host.empty()) return Match::kNotComparable;
  return MatchHost(host, base);
}

Match MatchIp(std::string_view address, std::string_view base) {
  const auto is_ip = [](std::size_t size, std::size_t unit) {
    return size == 4 * unit || size == 16 * unit;
  };
  if (!is_ip(address.size(), 1) || !is_ip(base.size(), 2)) return Match::kNotComparable;
  if (base.size() != 2 * address.size()) return Match::kOutside;
  for (std::size_t i = 0; i < address.size(); ++i) {
    if (((address[i] ^ base[i]) & base[address.size() + i]) != 0) return Match::kOutside;
  }
  return Match::kWithin;
}

Match MatchOne(const BoundName& name, const BoundName& base) {
  switch (name.kind) {
    case NameKind::kDns:
      return MatchDns(name.content, base.content);
    case NameKind::kEmail:
      return MatchEmail(name.content, base.content);
    case NameKind::kUri:
      return MatchUri(name.content, base.content);
    case NameKind::kIp:
      return MatchIp(name.content, base.content);
    case NameKind::kDirectory:
      return Within(IsBelow(name.directory, base.directory));
    default:
      return Match::kNotComparable;
  }
}

bool SameKind(const BoundName& one, const BoundName& other) {
  return one.kind == other.kind &&
         (one.kind != NameKind::kOther || one.content == other.content);  // the same type of them
}

std::string Shown(NameKind kind, const std::string& text) {
  switch (kind) {
    case NameKind::kEmail:
      return "e-mail address '" + text + "'";
    case NameKind::kDns:
      return "DNS name '" + text + "'";
    case NameKind::kDirectory:
      return "subject '" + text + "'";
    case NameKind::kUri:
      return "URI '" + text + "'";
    case NameKind::kIp:
      return "IP address '" + text + "'";
    case NameKind::kOther:
      return "name of type " + text;
    default:
      return "name of an unusual kind";
  }
}

BoundName ReadGeneralName(const BerElement& element) {
  BoundName name;
  name.kind = static_cast<NameKind>(element.tag & 0x1FU);
  name.content = std::string(AsText(element.content));
  if (name.kind == NameKind::kDirectory) {
    const ByteView der = BerReader(element.content).Expect(ber::kSequence, "a name").encoded;
    name.directory = CompareForm(der);
    name.shown = Shown(name.kind, NameToString(der));
    return name;
  }
  if (name.kind == NameKind::kOther) name.content = BerReader(element.content).Oid();
  name.shown =
      Shown(name.kind, name.kind == NameKind::kIp ? FormatIp(element.content) : name.content);
  return name;
}

// Whether a common name would be taken for a DNS name: two labels or more, of letters, digits,
// hyphens and underscores, no hyphen at a label's edge next to a dot.
bool LooksLikeDns(std::string_view text) {
  bool dots = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool inside = i != 0 && i + 1 != text.size();
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_') {
      continue;
    }
    if (inside && c == '-') continue;
    if (inside && c == '.' && text[i + 1] != '.' && text[i - 1] != '-' && text[i + 1] != '-') {
      dots = true;
      continue;
    }
    return false;
  }
  return dots;
}

// The e-mail addresses of a subject, and its common names where they count as DNS names.
void AddNamesWithin(ByteView subject, bool common_names, std::vector<BoundName>& names) {
  BerReader relative_names = BerReader(subject).Enter(ber::kSequence, "a name");
  while (!relative_names.AtEnd()) {
    BerReader set = relative_names.Enter(ber::kSet, "a relative name");
    while (!set.AtEnd()) {
      BerReader attribute = set.Enter(ber::kSequence, "an attribute");
      const std::string type = attribute.Oid();
      const BerElement value = attribute.Next();
      const std::string text = DecodeString(value);
      if (type == kEmailAddress) {
        names.push_back({NameKind::kEmail, text, {}, Shown(NameKind::kEmail, text)});
      } else if (type == kCommonName && common_names && LooksLikeDns(text)) {
        names.push_back({NameKind::kDns, text, {}, "common name '" + text + "'"});
      }
    }
  }
}

}  // namespace

std::vector<BoundName> BoundNames(ByteView subject, ByteView san, bool common_names) {
  std::vector<BoundName> names;
  if (!san.empty()) {
    BerReader list = BerReader(san).Enter(ber::kSequence, "subject alternative names");
    while (!list.AtEnd()) names.push_back(ReadGeneralName(list.Next()));
  }
  const bool has_dns = std::any_of(names.begin(), names.end(),
                                   [](const auto& name) { return name.kind == NameKind::kDns; });
  if (subject.empty()) return names;
  AddNamesWithin(subject, common_names && !has_dns, names);
  ComparedName form = CompareForm(subject);
  if (!form.empty()) {
    names.push_back({NameKind::kDirectory, "", std::move(form),
                     Shown(NameKind::kDirectory, NameToString(subject))});
  }
  return names;
}

std::vector<NameConstraints::Subtree> NameConstraints::ReadSubtrees(ByteView list) {
  std::vector<Subtree> subtrees;
  BerReader reader(list);
  while (!reader.AtEnd()) {
    BerReader fields = reader.Enter(ber::kSequence, "a subtree");
    Subtree subtree;
    subtree.base = ReadGeneralName(fields.Next());
    while (!fields.AtEnd()) {
      const BerElement bound = fields.Next();
      const bool is_minimum = bound.tag == ber::ContextPrimitive(0);
      const bool zero = std::all_of(bound.content.begin(), bound.content.end(),
                                    [](std::uint8_t byte) { return byte == 0; });
      subtree.bounded = subtree.bounded || !is_minimum || !zero;
    }
    subtrees.push_back(std::move(subtree));
  }
  return subtrees;
}

NameConstraints NameConstraints::Read(ByteView value) {
  NameConstraints constraints;
  BerReader fields = BerReader(value).Enter(ber::kSequence, "name constraints");
  while (!fields.AtEnd()) {
    const BerElement field = fields.Next();
    if (field.tag == ber::Context(0)) constraints.permitted_ = ReadSubtrees(field.content);
    if (field.tag == ber::Context(1)) constraints.excluded_ = ReadSubtrees(field.content);
  }
  return constraints;
}

std::optional<std::string> NameConstraints::Forbids(const BoundName& name) const {
  static const char* const kCannotCompare = "it is of a form that cannot be compared";
  static const char* const kBounded = "the subtree has bounds, which RFC 5280 does not allow";
  bool concerned = false, within = false;
  for (const Subtree& subtree : permitted_) {
    if (!SameKind(name, subtree.base)) continue;
    concerned = true;
    if (subtree.bounded) return kBounded;
    if (within) continue;
    const Match match = MatchOne(name, subtree.base);
    if (match == Match::kNotComparable) return kCannotCompare;
    within = match == Match::kWithin;
  }
  if (concerned && !within) return "";
  for (const Subtree& subtree : excluded_) {
    if (!SameKind(name, subtree.base)) continue;
    if (subtree.bounded) return kBounded;
    const Match match = MatchOne(name, subtree.base);
    if (match == Match::kNotComparable) return kCannotCompare;
    if (match == Match::kWithin) return "";
  }
  return std::nullopt;
}

bool NameConstraints::Constrains(NameKind kind) const {
  const auto of_kind = [&](const Subtree& subtree) { return subtree.base.kind == kind; };
  return std::any_of(permitted_.begin(), permitted_.end(), of_kind) ||
         std::any_of(excluded_.begin(), excluded_.end(), of_kind);
}

ChainConstraints::ChainConstraints(std::span<const Certificate> chain) {
  for (const Certificate& ca : chain) {
    const Bytes* const value = ca.Extension(oid::kNameConstraints);
    if (value == nullptr) continue;
    of_.push_back({NameToString(ca.subject()), NameConstraints::Read(*value)});
  }
}

std::vector<Fault> ChainConstraints::Faults(ByteView subject, ByteView san,
                                            bool common_names) const {
  std::vector<Fault> faults;
  if (of_.empty()) return faults;
  const std::vector<BoundName> names = BoundNames(subject, san, common_names);
  for (const auto& [ca, constraints] : of_) {
    for (const BoundName& name : names) {
      const std::optional<std::string> reason = constraints.Forbids(name);
      if (!reason) continue;
      std::string text = "the name constraints of CA '" + ca + "' forbid the " + name.shown;
      if (!reason->empty()) text += ": " + *reason;
      faults.push_back(
          {std::move(text), {}, "use names that it permits, or another CA", "name_constraints"});
    }
  }
  return faults;
}

}  // namespace fleetmint

#include "engine/x509/san.h"

#include <arpa/inet.h>

#include <algorithm>

#include "engine/base/text.h"

namespace fleetmint {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsHex(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

// What inet_aton and WHATWG's URL parser take for a part of an IPv4 address.
bool IsNumber(std::string_view label) {
  if (label.starts_with("0x") || label.starts_with("0X")) {
    return std::all_of(label.begin() + 2, label.end(), IsHex);
  }
  return std::all_of(label.begin(), label.end(), IsDigit);
}

// What may stand in any part of a URI (RFC 3986 appendix A); '%' with two digits.
std::optional<std::string> UriCharacterFault(std::string_view uri) {
  for (std::size_t i = 0; i < uri.size(); ++i) {
    const char c = uri[i];
    const bool plain = IsLetter(c) || IsDigit(c) ||
                       std::string_view("-._~:/?#[]@!$&'()*+,;=").find(c) != std::string_view::npos;
    if (plain) continue;
    if (c != '%') {
      if (static_cast<unsigned char>(c) <= 0x20 || (c & 0x80) != 0 || c == 0x7F) {
        return "it has a space, a control character or one outside ASCII; write it as %HH";
      }
      return std::string("it has the character '") + c + "'; write it as %HH";
    }
    if (i + 2 >= uri.size() || !IsHex(uri[i + 1]) || !IsHex(uri[i + 2])) {
      return "it has a '%' without two hexadecimal digits";
    }
  }
  return std::nullopt;
}

// The authority of a URI: a host, a user before it or a port behind it.
std::optional<std::string> AuthorityFault(std::string_view authority) {
  const std::size_t user = authority.find('@');
  if (user != std::string_view::npos) authority.remove_prefix(user + 1);
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    const auto address = ParseIp(authority.substr(1, end == std::string_view::npos ? 0 : end - 1));
    if (!address || address->size() != 16) return "its host is no IPv6 address in brackets";
    authority.remove_prefix(end + 1);
  } else {
    const std::string_view host = authority.substr(0, authority.find(':'));
    if (host.empty()) return "it has no host";
    if (!IsIpv4(host)) {
      if (const auto fault = DnsNameFault(host, false)) {
        return "its host '" + std::string(host) + "': " + *fault;
      }
    }
    authority.remove_prefix(host.size());
  }
  if (!authority.empty() && authority.front() != ':') return "its host ends with a character";
  if (!authority.empty() && !std::all_of(authority.begin() + 1, authority.end(), IsDigit)) {
    return "its port is not a number";
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> DnsNameFault(std::string_view name, bool allow_wildcard) {
  if (name.empty()) return "it is empty";
  if (name.size() > 253) return "it is longer than 253 characters";
  if (std::any_of(name.begin(), name.end(), [](char c) { return (c & 0x80) != 0; })) {
    return "it is not in ASCII; write it as an A-label (xn--...), e.g. with idn2";
  }
  bool leftmost = true;
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find('.', begin), name.size());
    const std::string_view label = name.substr(begin, end - begin);
    if (label.empty()) return "it has an empty label";
    if (label.size() > 63)
      return "its label '" + std::string(label) + "' is longer than 63 characters";
    if (label.find('*') != std::string_view::npos) {
      if (!allow_wildcard) {
        return "it has a wildcard, which a certificate may have for server_auth alone";
      }
      if (!leftmost || label != "*" || end == name.size()) {
        return "a wildcard must be the whole leftmost label of a longer name";
      }
    } else if (label.front() == '-' || label.back() == '-') {
      return "its label '" + std::string(label) + "' starts or ends with a hyphen";
    }
    for (const char c : label) {
      const bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '_' || c == '*';
      if (!ok) return std::string("it has the character '") + c + "'";
    }
    leftmost = false;
    begin = end + 1;
    if (end == name.size() && IsNumber(label)) {
      return "its last label '" + std::string(label) + "' is a number: it reads as an IPv4 address";
    }
  }
  return std::nullopt;
}

std::string DnsNameHint(std::string_view name) {
  std::string_view bare = name;
  if (bare.starts_with('[') && bare.ends_with(']')) bare = bare.substr(1, bare.size() - 2);
  if (ParseIp(bare)) return "an address belongs under ip: ['" + std::string(bare) + "']";
  std::string_view inner = name;
  while (inner.ends_with('.')) inner.remove_suffix(1);
  while (inner.starts_with('.')) inner.remove_prefix(1);
  if (inner != name && !DnsNameFault(inner, true)) {
    return "write '" + std::string(inner) + "', without a dot at an end";
  }
  const std::size_t dot = name.rfind('.');
  const bool number =
      !name.empty() && IsNumber(name.substr(dot == std::string_view::npos ? 0 : dot + 1));
  if (number) {
    return "give it a name, and an address under ip:, all four numbers without zeros in front, "
           "e.g. "
           "ip: [10.0.0.1]; a host that is called by a number needs domain:";
  }
  return kDnsLabelsHint;
}

std::optional<std::string> UriFault(std::string_view uri) {
  const std::string_view scheme = uri.substr(0, uri.find(':'));
  const bool named = scheme.size() < uri.size() && !scheme.empty() && IsLetter(scheme.front()) &&
                     std::all_of(scheme.begin(), scheme.end(), [](char c) {
                       return IsLetter(c) || IsDigit(c) || c == '+' || c == '-' || c == '.';
                     });
  if (!named) return "it has no scheme";
  if (auto fault = UriCharacterFault(uri)) return fault;
  std::string_view rest = uri.substr(scheme.size() + 1);
  if (rest.starts_with("//")) {
    rest.remove_prefix(2);
    return AuthorityFault(rest.substr(0, rest.find_first_of("/?#")));
  }
  const std::string lower = AsciiLower(scheme);
  if (lower != "urn" && lower != "tag") return "it has no host";
  if (rest.empty()) return "it has nothing behind its scheme";
  return std::nullopt;
}

std::optional<std::string> EmailFault(std::string_view mailbox) {
  const std::size_t at = mailbox.rfind('@');
  if (at == std::string_view::npos) return "it has no '@'";
  const std::string_view local = mailbox.substr(0, at);
  if (local.empty() || local.size() > 64)
    return "its part before '@' is empty or over 64 characters";
  // RFC 5321 4.1.2, Dot-string; what needs quotes is not taken.
  for (const char c : local) {
    const bool ok = IsLetter(c) || IsDigit(c) ||
                    std::string_view("!#$%&'*+-/=?^_`{|}~.").find(c) != std::string_view::npos;
    if (!ok) return "its part before '@' has a character that a plain mailbox does not have";
  }
  if (local.front() == '.' || local.back() == '.' || local.find("..") != std::string_view::npos) {
    return "its part before '@' has a dot at an end, or two together";
  }
  if (const auto fault = DnsNameFault(mailbox.substr(at + 1), false)) {
    return "its domain: " + *fault;
  }
  return std::nullopt;
}

std::optional<std::string> UpnFault(std::string_view upn) {
  const std::size_t at = upn.find('@');
  if (at == std::string_view::npos) return "it has no '@'";
  if (at == 0) return "it has no account before '@'";
  if (!IsValidUtf8(upn)) return "it is not valid UTF-8";
  if (upn.size() > 1024) return "it is longer than 1024 octets";
  if (upn.find('@', at + 1) != std::string_view::npos) return "it has two '@'";
  const auto* const bad = std::find_if(upn.begin(), upn.end(), [](char c) {
    return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F ||
           std::string_view("\"/\\[]:;|=,+*?<>").find(c) != std::string_view::npos;
  });
  if (bad != upn.end()) return "it has a space or a character that no account name has";
  if (const auto fault = DnsNameFault(upn.substr(at + 1), false)) return "its domain: " + *fault;
  return std::nullopt;
}

bool IsIpv4(std::string_view text) {
  const auto address = ParseIp(text);
  return address && address->size() == 4;
}

std::optional<Bytes> ParseIp(std::string_view text) {
  const std::string copy(text);
  if (copy.size() != std::char_traits<char>::length(copy.c_str())) return std::nullopt;
  Bytes v4(4), v6(16);
  if (::inet_pton(AF_INET, copy.c_str(), v4.data()) == 1) return v4;
  if (::inet_pton(AF_INET6, copy.c_str(), v6.data()) == 1) return v6;
  return std::nullopt;
}

std::string FormatIp(ByteView octets) {
  char text[INET6_ADDRSTRLEN] = {};
  const int family = octets.size() == 4 ? AF_INET : AF_INET6;
  if (octets.size() != 4 && octets.size() != 16) return "?";
  ::inet_ntop(family, octets.data(), text, sizeof text);
  return text;
}

}  // namespace fleetmint

// Subject alternative names (RFC 5280 4.2.1.6), each kind with its rules. Pure functions; any
// thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/bytes.h"

namespace fleetmint {

// SubjectAltNames holds validated text; DNS names are A-labels, IP addresses 4 or 16 octets. Other
// kinds of names are not kept.
struct SubjectAltNames {
  std::vector<std::string> dns = {};
  std::vector<Bytes> ip = {};
  std::vector<std::string> uri = {};
  std::vector<std::string> email = {};  // RFC 822 names
  std::vector<std::string> upn = {};    // Windows accounts: otherName 1.3.6.1.4.1.311.20.2.3
  bool empty() const {
    return dns.empty() && ip.empty() && uri.empty() && email.empty() && upn.empty();
  }
  friend bool operator==(const SubjectAltNames&, const SubjectAltNames&) = default;
};

// DnsNameFault says what is wrong with a DNS name (label over 63, name over 253, characters outside
// letters, digits, hyphen, underscore, U-labels: hint to convert), or nothing. A last label that is
// a number, decimal or hexadecimal, is refused: browsers and resolvers read such a name as an IPv4
// address, and not all of them as the same one ("10.1", "010.0.0.1"). A wildcard is accepted as the
// whole leftmost label where `allow_wildcard`.
std::optional<std::string> DnsNameFault(std::string_view name, bool allow_wildcard);
inline constexpr const char* kDnsLabelsHint =
    "labels of letters, digits, '-' and '_' with dots between them, e.g. itm.corp.example.com";

// DnsNameHint gives the remedy for a name that DnsNameFault refuses.
std::string DnsNameHint(std::string_view name);

// UriFault: RFC 3986 in ASCII, with a scheme and a host ("spiffe://corp.example/agent"); `urn:` and
// `tag:` have none. EmailFault: a mailbox local@domain in ASCII, without quotes or a name.
// UpnFault: account@domain in UTF-8. Each says what is wrong, or nothing.
std::optional<std::string> UriFault(std::string_view uri);
std::optional<std::string> EmailFault(std::string_view mailbox);
std::optional<std::string> UpnFault(std::string_view upn);
inline constexpr const char* kUriHint = "e.g. spiffe://corp.example/agent or https://HOST/PATH";
inline constexpr const char* kEmailHint = "e.g. agent@corp.example.com";
inline constexpr const char* kUpnHint = "e.g. svc-agent@corp.example.com";

// kSidUriPrefix stands before a SID in a URI (KB5014754): offline templates map accounts by it.
inline constexpr const char* kSidUriPrefix = "tag:microsoft.com,2022-09-14:sid:";

// IsIpv4 tells whether `text` is an IPv4 address: a host, fqdn or dns name that is one becomes an
// IP address in the SAN.
bool IsIpv4(std::string_view text);

// ParseIp reads an IPv4 or IPv6 address (no prefix length). Nothing if it is none.
std::optional<Bytes> ParseIp(std::string_view text);
// FormatIp writes 4 or 16 octets as an address; "?" for any other number of them.
std::string FormatIp(ByteView octets);

}  // namespace fleetmint

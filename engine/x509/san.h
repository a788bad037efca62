// Subject alternative names: DNS names as A-labels and IP addresses (RFC 5280 4.2.1.6). Pure
// functions; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/bytes.h"

namespace fleetmint {

// SubjectAltNames holds validated text; IP addresses are 4 or 16 octets.
struct SubjectAltNames {
  std::vector<std::string> dns;
  std::vector<Bytes> ip;
  bool empty() const { return dns.empty() && ip.empty(); }
  friend bool operator==(const SubjectAltNames&, const SubjectAltNames&) = default;
};

// DnsNameFault says what is wrong with a DNS name (label over 63, name over 253, characters outside
// letters, digits, hyphen, underscore, U-labels: hint to convert), or nothing. A wildcard is
// accepted as the whole leftmost label where `allow_wildcard`.
std::optional<std::string> DnsNameFault(std::string_view name, bool allow_wildcard);
inline constexpr const char* kDnsNameHint =
    "labels of letters, digits, '-' and '_' with dots between them, e.g. itm.corp.example.com";

// ParseIp reads an IPv4 or IPv6 address (no prefix length). Nothing if it is none.
std::optional<Bytes> ParseIp(std::string_view text);
// FormatIp writes 4 or 16 octets as an address; "?" for any other number of them.
std::string FormatIp(ByteView octets);

}  // namespace fleetmint

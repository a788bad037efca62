#include "engine/x509/san.h"

#include <arpa/inet.h>

#include <algorithm>

namespace fleetmint {

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
      if (!allow_wildcard) return "it has a wildcard, which a client certificate may not have";
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
  }
  return std::nullopt;
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

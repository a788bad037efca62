#include "engine/base/der.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace fleetmint {
namespace {

// X.690 8.1.3: definite form, short below 128, else the fewest octets. Returns how many were
// written.
std::size_t EncodeHeader(std::uint8_t tag, std::size_t length, std::uint8_t (&out)[10]) {
  out[0] = tag;
  if (length < 0x80) {
    out[1] = static_cast<std::uint8_t>(length);
    return 2;
  }
  std::size_t octets = 0;
  for (std::size_t rest = length; rest != 0; rest >>= 8U) ++octets;
  out[1] = static_cast<std::uint8_t>(0x80U | octets);
  for (std::size_t i = 0; i < octets; ++i) {
    out[2 + i] = static_cast<std::uint8_t>(length >> (8 * (octets - 1 - i)));
  }
  return 2 + octets;
}

// X.690 8.19.2: base 128, most significant group first, bit 8 set on all but the last.
void AppendBase128(Bytes& out, std::uint64_t value) {
  std::uint8_t groups[10];
  std::size_t count = 0;
  do {
    groups[count++] = static_cast<std::uint8_t>(value & 0x7FU);
    value >>= 7U;
  } while (value != 0);
  while (count-- > 0)
    out.push_back(static_cast<std::uint8_t>(groups[count] | (count > 0 ? 0x80U : 0U)));
}

Bytes EncodeOid(std::string_view dotted) {
  std::vector<std::uint64_t> arcs;
  const char* at = dotted.data();
  const char* const end = at + dotted.size();
  bool ok = !dotted.empty();
  while (ok) {
    std::uint64_t arc = 0;
    const auto [rest, error] = std::from_chars(at, end, arc);
    ok = error == std::errc{};
    arcs.push_back(arc);
    if (rest == end) break;
    ok = ok && *rest == '.';
    at = rest + 1;
  }
  ok = ok && arcs.size() >= 2 && arcs[0] <= 2 && (arcs[0] == 2 || arcs[1] < 40);
  if (!ok)
    throw Error(ErrorKind::kInput, "'" + std::string(dotted) + "' is not an object identifier");
  Bytes content;
  AppendBase128(content, arcs[0] * 40 + arcs[1]);  // X.690 8.19.4
  for (std::size_t i = 2; i < arcs.size(); ++i) AppendBase128(content, arcs[i]);
  return content;
}

}  // namespace

template <typename Buffer>
void BasicDerWriter<Buffer>::InsertHeader(std::uint8_t tag, std::size_t begin) {
  std::uint8_t header[10];
  const std::size_t size = EncodeHeader(tag, buffer_.size() - begin, header);
  buffer_.insert(buffer_.begin() + static_cast<std::ptrdiff_t>(begin), header, header + size);
}

template <typename Buffer>
BasicDerWriter<Buffer>& BasicDerWriter<Buffer>::Primitive(std::uint8_t tag, ByteView content) {
  std::uint8_t header[10];
  const std::size_t size = EncodeHeader(tag, content.size(), header);
  buffer_.insert(buffer_.end(), header, header + size);
  return Raw(content);
}

template <typename Buffer>
BasicDerWriter<Buffer>& BasicDerWriter<Buffer>::SetOf(std::vector<Buffer> members) {
  std::sort(members.begin(), members.end());
  return Set([&](auto& set) {
    for (const Buffer& member : members) set.Raw(member);
  });
}

template <typename Buffer>
BasicDerWriter<Buffer>& BasicDerWriter<Buffer>::Boolean(bool value) {
  const std::uint8_t content = value ? 0xFF : 0x00;
  return Primitive(ber::kBoolean, {&content, 1});
}

template <typename Buffer>
BasicDerWriter<Buffer>& BasicDerWriter<Buffer>::Integer(std::uint64_t value) {
  std::uint8_t magnitude[8];
  for (int i = 0; i < 8; ++i) magnitude[i] = static_cast<std::uint8_t>(value >> (56 - 8 * i));
  return UnsignedInteger(magnitude);
}

template <typename Buffer>
BasicDerWriter<Buffer>& BasicDerWriter<Buffer>::UnsignedInteger(ByteView magnitude) {
  while (magnitude.size() > 1 && magnitude[0] == 0) magnitude = magnitude.subspan(1);
  Buffer content;
  if (magnitude.empty() || (magnitude[0] & 0x80U) != 0) content.push_back(0);  // stays positive
  content.insert(content.end(), magnitude.begin(), magnitude.end());
  return Primitive(ber::kInteger, content);
}

template <typename Buffer>
BasicDerWriter<Buffer>& BasicDerWriter<Buffer>::Enumerated(std::uint8_t value) {
  return Primitive(ber::kEnumerated, {&value, 1});
}

template <typename Buffer>
BasicDerWriter<Buffer>& BasicDerWriter<Buffer>::Null() {
  return Primitive(ber::kNull, {});
}

template <typename Buffer>
BasicDerWriter<Buffer>& BasicDerWriter<Buffer>::Oid(std::string_view dotted) {
  return Primitive(ber::kOid, EncodeOid(dotted));
}

template <typename Buffer>
BasicDerWriter<Buffer>& BasicDerWriter<Buffer>::OctetString(ByteView content) {
  return Primitive(ber::kOctetString, content);
}

template <typename Buffer>
BasicDerWriter<Buffer>& BasicDerWriter<Buffer>::BitString(ByteView content, unsigned unused_bits) {
  Buffer with_count{static_cast<std::uint8_t>(unused_bits)};
  with_count.insert(with_count.end(), content.begin(), content.end());
  return Primitive(ber::kBitString, with_count);
}

template <typename Buffer>
BasicDerWriter<Buffer>& BasicDerWriter<Buffer>::NamedBits(std::uint16_t bits) {
  std::uint8_t octets[2] = {0, 0};
  unsigned used = 0;
  for (unsigned i = 0; i < 16; ++i) {
    if ((bits >> i & 1U) == 0) continue;
    octets[i / 8] = static_cast<std::uint8_t>(octets[i / 8] | (0x80U >> (i % 8)));
    used = i + 1;
  }
  const std::size_t size = (used + 7) / 8;
  return BitString({octets, size}, static_cast<unsigned>(size * 8 - used));
}

template <typename Buffer>
BasicDerWriter<Buffer>& BasicDerWriter<Buffer>::Utf8String(std::string_view text) {
  return Primitive(ber::kUtf8String, AsBytes(text));
}

template <typename Buffer>
BasicDerWriter<Buffer>& BasicDerWriter<Buffer>::PrintableString(std::string_view text) {
  return Primitive(ber::kPrintableString, AsBytes(text));
}

template <typename Buffer>
BasicDerWriter<Buffer>& BasicDerWriter<Buffer>::Ia5String(std::string_view text) {
  return Primitive(ber::kIa5String, AsBytes(text));
}

template <typename Buffer>
BasicDerWriter<Buffer>& BasicDerWriter<Buffer>::BmpString(std::string_view utf8) {
  Bytes content;
  AppendUtf16(content, utf8, ByteOrder::kBig);
  return Primitive(ber::kBmpString, content);
}

template <typename Buffer>
BasicDerWriter<Buffer>& BasicDerWriter<Buffer>::Time(fleetmint::Time time) {
  std::string digits;  // YYYYMMDDHHMMSSZ
  for (const char c : FormatRfc3339(time)) {
    if (c != '-' && c != ':' && c != 'T') digits += c;
  }
  const int year = std::stoi(digits.substr(0, 4));
  const bool utc_time = year >= 1950 && year <= 2049;
  return utc_time ? Primitive(ber::kUtcTime, AsBytes(std::string_view(digits).substr(2)))
                  : Primitive(ber::kGeneralizedTime, AsBytes(digits));
}

template <typename Buffer>
BasicDerWriter<Buffer>& BasicDerWriter<Buffer>::ContextPrimitive(unsigned number,
                                                                 ByteView content) {
  return Primitive(ber::ContextPrimitive(number), content);
}

template <typename Buffer>
BasicDerWriter<Buffer>& BasicDerWriter<Buffer>::Raw(ByteView der) {
  buffer_.insert(buffer_.end(), der.begin(), der.end());
  return *this;
}

template class BasicDerWriter<Bytes>;
template class BasicDerWriter<SecretBytes>;

}  // namespace fleetmint

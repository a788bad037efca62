#include "engine/x509/directory_string.h"

#include "engine/base/text.h"

namespace fleetmint {
namespace {

std::string FromLatin1(ByteView octets) {
  Bytes utf16;
  for (const std::uint8_t octet : octets) {
    utf16.push_back(0);
    utf16.push_back(octet);
  }
  return Utf8FromUtf16(utf16, ByteOrder::kBig);
}

// UniversalString: four octets a character, big-endian; a rest of fewer is dropped.
std::string FromUtf32(ByteView octets) {
  Bytes utf16;
  const auto unit = [&](std::uint32_t value) {
    utf16.push_back(static_cast<std::uint8_t>(value >> 8U));
    utf16.push_back(static_cast<std::uint8_t>(value));
  };
  for (std::size_t i = 0; i + 3 < octets.size(); i += 4) {
    std::uint32_t code = 0;
    for (std::size_t k = 0; k < 4; ++k) code = code << 8U | octets[i + k];
    if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) code = 0xFFFD;
    if (code < 0x10000) {
      unit(code);
    } else {
      unit(0xD800 + ((code - 0x10000) >> 10U));
      unit(0xDC00 + ((code - 0x10000) & 0x3FFU));
    }
  }
  return Utf8FromUtf16(utf16, ByteOrder::kBig);
}

bool IsString(std::uint8_t tag) {
  switch (tag) {
    case ber::kUtf8String:
    case ber::kPrintableString:
    case ber::kIa5String:
    case 0x12:  // NumericString
    case 0x1A:  // VisibleString
    case 0x1B:  // GeneralString
      return true;
    default:
      return false;
  }
}

}  // namespace

std::string DecodeString(const BerElement& element) {
  constexpr std::uint8_t kT61String = 0x14, kUniversalString = 0x1C;
  if (element.tag == ber::kBmpString) return Utf8FromUtf16(element.content, ByteOrder::kBig);
  if (element.tag == kUniversalString) return FromUtf32(element.content);
  if (element.tag == kT61String) return FromLatin1(element.content);
  if (!IsString(element.tag)) return "#" + ToHex(element.encoded);
  const std::string text(AsText(element.content));
  return IsValidUtf8(text) ? text : FromLatin1(element.content);
}

}  // namespace fleetmint

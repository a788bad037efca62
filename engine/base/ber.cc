#include "engine/base/ber.h"

#include "engine/base/error.h"

namespace fleetmint {
namespace {

constexpr unsigned kDeepest = 32;

[[noreturn]] void Bad(const std::string& reason) {
  throw Error::OfCause(ErrorKind::kInput, ErrorCause::kDamaged, "not valid BER: " + reason);
}

struct Header {
  std::size_t size = 0;    // of the header
  std::size_t length = 0;  // of the content, if definite
  bool indefinite = false;
};

Header ReadHeader(ByteView input) {
  if (input.size() < 2) Bad("it ends within a header");
  if ((input[0] & 0x1FU) == 0x1F) Bad("a tag number over 30");
  const std::uint8_t first = input[1];
  if (first < 0x80) return {2, first, false};
  if (first == 0x80) {
    if ((input[0] & ber::kConstructed) == 0) Bad("indefinite length of a primitive type");
    return {2, 0, true};
  }
  const std::size_t octets = first & 0x7FU;
  if (octets > 4 || input.size() < 2 + octets) Bad("a length that does not fit");
  Header header{2 + octets, 0, false};
  for (std::size_t i = 0; i < octets; ++i) header.length = header.length << 8U | input[2 + i];
  return header;
}

BerElement ReadElement(ByteView input, unsigned depth) {
  if (depth > kDeepest) Bad("it nests deeper than 32 levels");
  const Header header = ReadHeader(input);
  if (!header.indefinite) {
    if (header.length > input.size() - header.size) Bad("it ends within an element");
    return {input[0], input.subspan(header.size, header.length),
            input.first(header.size + header.length)};
  }
  std::size_t at = header.size;
  for (;;) {
    const ByteView rest = input.subspan(at);
    if (rest.size() < 2) Bad("it ends without end-of-contents");
    if (rest[0] == 0 && rest[1] == 0) break;
    at += ReadElement(rest, depth + 1).encoded.size();
  }
  return {input[0], input.subspan(header.size, at - header.size), input.first(at + 2)};
}

void AppendPieces(const BerElement& element, std::uint8_t primitive_tag, unsigned depth,
                  SecretBytes& out) {
  if (element.tag == primitive_tag) {
    out.insert(out.end(), element.content.begin(), element.content.end());
    return;
  }
  if (element.tag != (primitive_tag | ber::kConstructed) || depth > kDeepest) {
    Bad("an octet string was expected");
  }
  BerReader pieces(element.content);
  while (!pieces.AtEnd()) AppendPieces(pieces.Next(), ber::kOctetString, depth + 1, out);
}

}  // namespace

BerElement BerReader::Next() {
  const BerElement element = ReadElement(rest_, 0);
  rest_ = rest_.subspan(element.encoded.size());
  return element;
}

BerElement BerReader::Expect(std::uint8_t tag, const char* what) {
  if (PeekTag() != tag || rest_.empty()) Bad(std::string(what) + " was expected");
  return Next();
}

void BerReader::ExpectEnd(const char* what) const {
  if (!AtEnd()) Bad(std::string("something follows ") + what);
}

std::string BerReader::Oid() { return OidText(Expect(ber::kOid, "an object identifier").content); }

std::uint64_t BerReader::SmallInteger() {
  const ByteView content = Expect(ber::kInteger, "an integer").content;
  if (content.empty() || content.size() > 8 || (content[0] & 0x80U) != 0) {
    Bad("an integer out of range");
  }
  std::uint64_t value = 0;
  for (const std::uint8_t octet : content) value = value << 8U | octet;
  return value;
}

ByteView BerReader::BitString(const char* what) {
  const ByteView content = Expect(ber::kBitString, what).content;
  if (content.empty() || content[0] != 0) Bad(std::string(what) + " is not in whole octets");
  return content.subspan(1);
}

SecretBytes BerReader::OctetString() { return OctetStringAs(ber::kOctetString); }

SecretBytes BerReader::OctetStringAs(std::uint8_t primitive_tag) {
  SecretBytes out;
  AppendPieces(Next(), primitive_tag, 0, out);
  return out;
}

std::string OidText(ByteView content) {
  std::string text;
  std::uint64_t arc = 0;
  bool open = false, first = true;
  for (const std::uint8_t octet : content) {
    if (arc > (std::uint64_t{1} << 56U)) Bad("an object identifier's arc is too large");
    arc = arc << 7U | (octet & 0x7FU);
    open = (octet & 0x80U) != 0;
    if (open) continue;
    if (first) {
      const std::uint64_t root = arc < 40 ? 0 : arc < 80 ? 1 : 2;
      text = std::to_string(root) + "." + std::to_string(arc - root * 40);
      first = false;
    } else {
      text += "." + std::to_string(arc);
    }
    arc = 0;
  }
  if (open || first) Bad("an object identifier is cut off");
  return text;
}

}  // namespace fleetmint

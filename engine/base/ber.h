// BER: a bounded reader of what others encoded (X.690 8): definite and indefinite lengths, tag
// numbers below 31. Views into the input; nothing is copied but the pieces of constructed strings.
//
// Never reads past its input, nests 32 levels at most, and throws Error(kInput), of cause kDamaged,
// on anything else. Not a validator: it takes non-minimal lengths and integers, and looks into a
// definite-length element only when that is entered. A reader is for one thread.
#pragma once

#include <cstdint>
#include <string>

#include "engine/base/bytes.h"
#include "engine/base/clock.h"

namespace fleetmint {

// Identifier octets of the universal types we meet; constructed ones with bit 6 set.
namespace ber {
inline constexpr std::uint8_t kBoolean = 0x01, kInteger = 0x02, kBitString = 0x03,
                              kOctetString = 0x04, kNull = 0x05, kOid = 0x06, kEnumerated = 0x0A,
                              kUtf8String = 0x0C, kPrintableString = 0x13, kIa5String = 0x16,
                              kBmpString = 0x1E, kUtcTime = 0x17, kGeneralizedTime = 0x18,
                              kSequence = 0x30, kSet = 0x31;
inline constexpr std::uint8_t kConstructed = 0x20;
// Context gives the identifier octet of [number] constructed, ContextPrimitive of a primitive one.
constexpr std::uint8_t Context(unsigned number) {
  return static_cast<std::uint8_t>(0xA0U | number);
}
constexpr std::uint8_t ContextPrimitive(unsigned number) {
  return static_cast<std::uint8_t>(0x80U | number);
}
}  // namespace ber

// BerElement is one type-length-value: `content` without header and end-of-contents, `encoded`
// whole.
struct BerElement {
  std::uint8_t tag = 0;
  ByteView content;
  ByteView encoded;
};

class BerReader {
 public:
  explicit BerReader(ByteView input) : rest_(input) {}

  bool AtEnd() const { return rest_.empty(); }
  // PeekTag gives the next identifier octet, 0 at the end.
  std::uint8_t PeekTag() const { return rest_.empty() ? std::uint8_t{0} : rest_[0]; }

  BerElement Next();
  // Expect is Next of the given tag; `what` names it in the error.
  BerElement Expect(std::uint8_t tag, const char* what);
  // Enter gives a reader of the content of a constructed element.
  BerReader Enter(std::uint8_t tag, const char* what) {
    return BerReader(Expect(tag, what).content);
  }
  // ExpectEnd throws if anything is left.
  void ExpectEnd(const char* what) const;

  // Readers of whole elements.
  std::string Oid();                                      // dotted
  std::uint64_t SmallInteger();                           // 0 .. 2^63 - 1
  SecretBytes OctetString();                              // joins the pieces of a constructed one
  SecretBytes OctetStringAs(std::uint8_t primitive_tag);  // the same under an IMPLICIT tag

 private:
  ByteView rest_;
};

// OidText gives the dotted form of an OBJECT IDENTIFIER's content.
std::string OidText(ByteView content);

}  // namespace fleetmint

// BER: a bounded reader of what others encoded (X.690 8): definite and indefinite lengths, tag
// numbers below 31. Views into the input; nothing is copied but the pieces of constructed strings.
//
// Never reads past its input, nests 32 levels at most, and throws Error(kInput), of cause kDamaged,
// on anything else. Not a validator: it takes non-minimal lengths and integers, and looks into a
// definite-length element only when that is entered. A reader is for one thread.
#pragma once

#include <cstdint>
#include <string>

#include "engine/base/asn1_tags.h"
#include "engine/base/bytes.h"

namespace fleetmint {

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
  ByteView BitString(const char* what);                   // its octets; whole ones only
  SecretBytes OctetString();                              // joins the pieces of a constructed one
  SecretBytes OctetStringAs(std::uint8_t primitive_tag);  // the same under an IMPLICIT tag

 private:
  ByteView rest_;
};

// OidText gives the dotted form of an OBJECT IDENTIFIER's content.
std::string OidText(ByteView content);

}  // namespace fleetmint

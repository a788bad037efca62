// DER: a writer that appends exactly what it is told (X.690 10), for structures of which every byte
// is intended. It knows tags and lengths, and no structure.
//
// `DerWriter` builds public structures; `SecretDerWriter` keeps its bytes in wiped memory, for what
// holds a private key. A writer is for one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/asn1_tags.h"
#include "engine/base/bytes.h"
#include "engine/base/clock.h"

namespace fleetmint {

template <typename Buffer>
class BasicDerWriter {
 public:
  // Constructed types: `content` (a callable) writes what is inside, with this same writer.
  template <typename Content>
  BasicDerWriter& Sequence(Content content) {
    return Constructed(ber::kSequence, content);
  }
  // Context gives [number] constructed: an EXPLICIT tag, or an IMPLICIT one on a constructed type.
  template <typename Content>
  BasicDerWriter& Context(unsigned number, Content content) {
    return Constructed(ber::Context(number), content);
  }
  // OctetStringOf wraps what `content` writes in an OCTET STRING.
  template <typename Content>
  BasicDerWriter& OctetStringOf(Content content) {
    return Constructed(ber::kOctetString, content);
  }
  // Set writes members that the caller has put in order (or one); SetOf puts their encodings in
  // order (X.690 11.6).
  template <typename Content>
  BasicDerWriter& Set(Content content) {
    return Constructed(ber::kSet, content);
  }
  BasicDerWriter& SetOf(std::vector<Buffer> members);

  BasicDerWriter& Boolean(bool value);
  BasicDerWriter& Integer(std::uint64_t value);
  // UnsignedInteger takes a big-endian magnitude of any length.
  BasicDerWriter& UnsignedInteger(ByteView magnitude);
  BasicDerWriter& Enumerated(std::uint8_t value);
  BasicDerWriter& Null();
  // Oid takes dotted decimal. Throws Error(kInput) if it is none.
  BasicDerWriter& Oid(std::string_view dotted);
  BasicDerWriter& OctetString(ByteView content);
  BasicDerWriter& BitString(ByteView content, unsigned unused_bits = 0);
  // NamedBits writes bit i of `bits` as bit i of a BIT STRING, without trailing zero bits
  // (X.690 11.2.2).
  BasicDerWriter& NamedBits(std::uint16_t bits);
  BasicDerWriter& Utf8String(std::string_view text);
  BasicDerWriter& PrintableString(std::string_view text);
  BasicDerWriter& Ia5String(std::string_view text);
  // BmpString takes UTF-8 and writes UTF-16BE. Throws Error(kInput) if it is not UTF-8. (The other
  // strings are written as they are: their alphabets are the caller's to keep.)
  BasicDerWriter& BmpString(std::string_view utf8);
  // Time writes UTCTime through 2049 and GeneralizedTime after (RFC 5280 4.1.2.5).
  BasicDerWriter& Time(fleetmint::Time time);
  // ContextPrimitive gives [number] IMPLICIT on a primitive type.
  BasicDerWriter& ContextPrimitive(unsigned number, ByteView content);
  // Raw appends what is DER already.
  BasicDerWriter& Raw(ByteView der);

  const Buffer& bytes() const { return buffer_; }
  Buffer Take() { return std::move(buffer_); }

 private:
  template <typename Content>
  BasicDerWriter& Constructed(std::uint8_t tag, Content& content) {
    const std::size_t begin = buffer_.size();
    content(*this);
    InsertHeader(tag, begin);
    return *this;
  }
  BasicDerWriter& Primitive(std::uint8_t tag, ByteView content);
  void InsertHeader(std::uint8_t tag, std::size_t begin);

  Buffer buffer_;
};

using DerWriter = BasicDerWriter<Bytes>;
using SecretDerWriter = BasicDerWriter<SecretBytes>;

extern template class BasicDerWriter<Bytes>;
extern template class BasicDerWriter<SecretBytes>;

}  // namespace fleetmint

#include "engine/keys/rsa_fields.h"

#include "engine/base/ber.h"
#include "engine/keys/oids.h"

namespace fleetmint {

RsaPrivateFields ReadRsaPkcs8(ByteView pkcs8) {
  BerReader info = BerReader(pkcs8).Enter(ber::kSequence, "a PrivateKeyInfo");
  info.Expect(ber::kInteger, "a version");
  info.Expect(ber::kSequence, "an algorithm identifier");
  BerReader key = info.Enter(ber::kOctetString, "a private key");
  BerReader numbers = key.Enter(ber::kSequence, "an RSAPrivateKey");
  numbers.Expect(ber::kInteger, "a version");
  RsaPrivateFields fields;
  for (ByteView* field : {&fields.n, &fields.e, &fields.d, &fields.p, &fields.q, &fields.d_p,
                          &fields.d_q, &fields.q_inverse}) {
    *field = numbers.Expect(ber::kInteger, "a number").content;
  }
  numbers.ExpectEnd("an RSAPrivateKey");
  return fields;
}

std::optional<RsaPublicFields> ReadRsaSpki(ByteView spki) {
  BerReader info = BerReader(spki).Enter(ber::kSequence, "a SubjectPublicKeyInfo");
  if (info.Enter(ber::kSequence, "an algorithm identifier").Oid() != oid::kRsaEncryption) {
    return std::nullopt;
  }
  BerReader numbers =
      BerReader(info.BitString("a public key")).Enter(ber::kSequence, "an RSAPublicKey");
  RsaPublicFields fields;
  fields.n = numbers.Expect(ber::kInteger, "a modulus").content;
  fields.e = numbers.Expect(ber::kInteger, "a public exponent").content;
  return fields;
}

}  // namespace fleetmint

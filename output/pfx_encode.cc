// The layout of a Windows export: a plain safe with one shrouded key bag, then an
// encrypted safe with the certificate bags, under one MAC.
#include <botan/mac.h>

#include <array>

#include "engine/base/ber.h"
#include "engine/base/botan_compat.h"
#include "engine/base/der.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/keys/oids.h"
#include "engine/keys/pbes2.h"
#include "engine/x509/oids.h"
#include "output/pfx.h"
#include "output/pfx_oids.h"
#include "output/pkcs12_kdf.h"

namespace fleetmint {
namespace {

constexpr std::array<std::uint8_t, 4> kLocalKeyIdValue{1, 0, 0, 0};
constexpr std::size_t kMacSaltBytes = 20;

// Encrypts one safe or key, as the file's encryption says.
Sealed Seal(ByteView plaintext, const PfxContents& contents, ByteView password,
            RandomSource& random) {
  if (contents.encryption == PfxEncryption::kModern) {
    return Pbes2Encrypt(plaintext, password, contents.iterations, random);
  }
  // RFC 7292 appendix C: 24-byte key and 8-byte IV by the PKCS#12 KDF with SHA-1.
  std::array<std::uint8_t, 8> salt;
  random.Fill(salt);
  const SecretBytes bmp = Pkcs12Password(password);
  const SecretBytes key =
      Pkcs12Kdf(botan_compat::kSha1, Pkcs12Purpose::kKey, bmp, salt, contents.iterations, 24);
  const SecretBytes iv =
      Pkcs12Kdf(botan_compat::kSha1, Pkcs12Purpose::kIv, bmp, salt, contents.iterations, 8);
  DerWriter writer;
  writer.Sequence([&](DerWriter& identifier) {
    identifier.Oid(pfx_oid::kPbe3Des).Sequence([&](DerWriter& parameters) {
      parameters.OctetString(salt).Integer(contents.iterations);
    });
  });
  return {writer.Take(), CbcEncrypt("TripleDES/CBC/PKCS7", key, iv, plaintext)};
}

// Attribute ::= SEQUENCE { attrId, attrValues SET OF ANY }.
template <typename Value>
Bytes Attribute(const char* oid, Value value) {
  DerWriter writer;
  writer.Sequence([&](DerWriter& attribute) { attribute.Oid(oid).Set(value); });
  return writer.Take();
}

Bytes LocalKeyId() {
  return Attribute(pfx_oid::kLocalKeyId, [](DerWriter& set) { set.OctetString(kLocalKeyIdValue); });
}

Bytes BmpAttribute(const char* oid, const std::string& text) {
  return Attribute(oid, [&](DerWriter& set) { set.BmpString(text); });
}

std::vector<Bytes> KeyBagAttributes(const PfxContents& contents) {
  std::vector<Bytes> attributes{LocalKeyId()};
  if (contents.machine_keys)
    attributes.push_back(Attribute(pfx_oid::kMachineKeys, [](DerWriter&) {}));
  if (!contents.key_container_name.empty()) {
    attributes.push_back(BmpAttribute(pfx_oid::kFriendlyName, contents.key_container_name));
  }
  if (!contents.csp.empty()) attributes.push_back(BmpAttribute(pfx_oid::kCsp, contents.csp));
  return attributes;
}

// Extended property 13 as Windows stores it: UTF-16LE with a final 0000.
Bytes DescriptionValue(const std::string& description) {
  Bytes value;
  AppendUtf16(value, description, ByteOrder::kLittle);
  value.insert(value.end(), 2, 0);
  return value;
}

std::vector<Bytes> CertificateAttributes(const PfxContents& contents) {
  std::vector<Bytes> attributes{LocalKeyId()};
  if (!contents.friendly_name.empty()) {
    attributes.push_back(BmpAttribute(pfx_oid::kFriendlyName, contents.friendly_name));
  }
  if (!contents.description.empty()) {
    attributes.push_back(Attribute(pfx_oid::kDescription, [&](DerWriter& set) {
      set.OctetString(DescriptionValue(contents.description));
    }));
  }
  return attributes;
}

// The PrivateKeyInfo with the Windows key spec as attribute [0] (RFC 5208 5): a KeyUsage BIT
// STRING.
SecretBytes WithKeySpec(const PfxContents& contents) {
  const bool signature = contents.key_spec == WindowsKeySpec::kSignature;
  const std::uint8_t bits =
      signature ? 0x80 : 0x10;  // digitalSignature; dataEncipherment as Windows has it
  const Bytes attribute = Attribute(oid::kKeyUsage, [&](DerWriter& set) {
    set.BitString({&bits, 1}, signature ? 7 : 4);
  });
  BerReader info = BerReader(contents.pkcs8).Enter(ber::kSequence, "a PrivateKeyInfo");
  SecretDerWriter writer;
  writer.Sequence([&](SecretDerWriter& out) {
    while (!info.AtEnd() && info.PeekTag() != ber::Context(0)) out.Raw(info.Next().encoded);
    out.Context(0, [&](SecretDerWriter& attributes) { attributes.Raw(attribute); });
  });
  return writer.Take();
}

// SafeBag ::= SEQUENCE { bagId, bagValue [0] EXPLICIT, bagAttributes SET OF }.
template <typename Value>
void WriteBag(DerWriter& bags, const char* type, std::vector<Bytes> attributes, Value value) {
  bags.Sequence([&](DerWriter& bag) {
    bag.Oid(type).Context(0, value);
    if (!attributes.empty()) bag.SetOf(std::move(attributes));
  });
}

Bytes KeySafe(const PfxContents& contents, ByteView password, RandomSource& random) {
  const Sealed key = contents.key_spec == WindowsKeySpec::kNone
                         ? Seal(contents.pkcs8, contents, password, random)
                         : Seal(WithKeySpec(contents), contents, password, random);
  DerWriter writer;
  writer.Sequence([&](DerWriter& bags) {
    WriteBag(bags, pfx_oid::kShroudedKeyBag, KeyBagAttributes(contents), [&](DerWriter& value) {
      value.Sequence([&](DerWriter& info) { info.Raw(key.algorithm).OctetString(key.ciphertext); });
    });
  });
  return writer.Take();
}

void WriteCertBag(DerWriter& bags, ByteView der, std::vector<Bytes> attributes) {
  WriteBag(bags, pfx_oid::kCertBag, std::move(attributes), [&](DerWriter& value) {
    value.Sequence([&](DerWriter& bag) {
      bag.Oid(pfx_oid::kX509Certificate);
      bag.Context(0, [&](DerWriter& tagged) { tagged.OctetString(der); });
    });
  });
}

Bytes CertificateSafe(const PfxContents& contents) {
  DerWriter writer;
  writer.Sequence([&](DerWriter& bags) {
    WriteCertBag(bags, contents.certificate, CertificateAttributes(contents));
    for (const Bytes& certificate : contents.chain) WriteCertBag(bags, certificate, {});
  });
  return writer.Take();
}

// ContentInfo of type data: [0] EXPLICIT OCTET STRING.
void WriteData(DerWriter& out, ByteView content) {
  out.Sequence([&](DerWriter& info) {
    info.Oid(pfx_oid::kData).Context(0, [&](DerWriter& tagged) { tagged.OctetString(content); });
  });
}

// ContentInfo of type encryptedData (RFC 5652 8): { version 0, { data, algorithm, [0] ciphertext }
// }.
void WriteEncryptedData(DerWriter& out, const Sealed& sealed) {
  out.Sequence([&](DerWriter& info) {
    info.Oid(pfx_oid::kEncryptedData).Context(0, [&](DerWriter& tagged) {
      tagged.Sequence([&](DerWriter& encrypted) {
        encrypted.Integer(0).Sequence([&](DerWriter& content) {
          content.Oid(pfx_oid::kData).Raw(sealed.algorithm).ContextPrimitive(0, sealed.ciphertext);
        });
      });
    });
  });
}

// MacData (RFC 7292 4): HMAC over the AuthenticatedSafe under a key of the PKCS#12 KDF, id 3.
void WriteMac(DerWriter& pfx, ByteView safe, const PfxContents& contents, ByteView password,
              RandomSource& random) {
  const bool modern = contents.encryption == PfxEncryption::kModern;
  const std::string hash = modern ? "SHA-256" : botan_compat::kSha1;
  std::array<std::uint8_t, kMacSaltBytes> salt;
  random.Fill(salt);
  const SecretBytes key = Pkcs12Kdf(hash, Pkcs12Purpose::kMac, Pkcs12Password(password), salt,
                                    contents.iterations, modern ? 32 : 20);
  const auto mac = Botan::MessageAuthenticationCode::create_or_throw("HMAC(" + hash + ")");
  mac->set_key(key.data(), key.size());
  mac->update(safe.data(), safe.size());
  const SecretBytes digest = mac->final();
  pfx.Sequence([&](DerWriter& data) {
    data.Sequence([&](DerWriter& info) {
      info.Sequence([&](DerWriter& algorithm) {
        algorithm.Oid(modern ? pfx_oid::kSha256 : pfx_oid::kSha1).Null();
      });
      info.OctetString(digest);
    });
    data.OctetString(salt).Integer(contents.iterations);
  });
}

}  // namespace

void CheckPassword(ByteView password) {
  const auto refuse = [](const char* why) {
    throw Error::WithHint(
        ErrorKind::kInput, std::string("the bundle password ") + why,
        "use 1 to 128 characters of ASCII (space to ~): importers read others differently");
  };
  if (password.empty()) refuse("is empty");
  if (password.size() > 128) refuse("is longer than 128 characters");
  for (const std::uint8_t c : password) {
    if (c < 0x20 || c > 0x7E) refuse("has a character outside ASCII");
  }
}

Bytes EncodePfx(const PfxContents& contents, ByteView password, RandomSource& random) {
  CheckPassword(password);
  DerWriter safes;
  safes.Sequence([&](DerWriter& out) {
    WriteData(out, KeySafe(contents, password, random));
    WriteEncryptedData(out, Seal(CertificateSafe(contents), contents, password, random));
  });
  const Bytes safe = safes.Take();
  DerWriter writer;
  writer.Sequence([&](DerWriter& pfx) {
    pfx.Integer(3);
    WriteData(pfx, safe);
    WriteMac(pfx, safe, contents, password, random);
  });
  return writer.Take();
}

}  // namespace fleetmint

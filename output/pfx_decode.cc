// Reads the PKCS#12 files of others too: BER, several safes, plain safes, 3DES and AES.
#include <botan/mac.h>

#include <algorithm>

#include "engine/base/ber.h"
#include "engine/base/botan_compat.h"
#include "engine/base/counted.h"
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

[[noreturn]] void Bad(ErrorCause cause, const std::string& reason) {
  throw Error::OfCause(ErrorKind::kInput, cause, reason);
}

[[noreturn]] void Unsupported(const std::string& what) { Bad(ErrorCause::kUnsupported, what); }

class Decoder {
 public:
  explicit Decoder(std::optional<ByteView> password) {
    if (!password) return;
    if (!IsValidUtf8(AsText(*password))) {
      Bad(ErrorCause::kWrongPassword, "wrong password: it is not valid UTF-8");
    }
    utf8_.assign(password->begin(), password->end());
    bmp_ = Pkcs12Password(*password);
  }

  DecodedPfx Run(ByteView file) {
    BerReader pfx = BerReader(file).Enter(ber::kSequence, "a PFX");
    if (pfx.SmallInteger() != 3) Unsupported("not a PFX of version 3");
    BerReader auth_safe = pfx.Enter(ber::kSequence, "an authSafe");
    if (auth_safe.Oid() != pfx_oid::kData) {
      Unsupported("a PFX that is signed, not password-protected");
    }
    const SecretBytes safe =
        auth_safe.Enter(ber::Context(0), "the authSafe's content").OctetString();
    if (pfx.AtEnd()) Unsupported("a PFX without a MAC");
    CheckMac(pfx.Enter(ber::kSequence, "a MacData"), safe);
    BerReader safes = BerReader(safe).Enter(ber::kSequence, "an AuthenticatedSafe");
    while (!safes.AtEnd()) ReadContentInfo(safes.Enter(ber::kSequence, "a ContentInfo"));
    if (result_.pkcs8.empty()) Bad(ErrorCause::kAbsent, "the PFX holds no private key");
    for (std::size_t i = 0; i < certificate_ids_.size(); ++i) {
      if (!key_id_.empty() && certificate_ids_[i] == key_id_) result_.key_certificate = i;
    }
    if (result_.key_certificate) {
      result_.friendly_name = friendly_names_[*result_.key_certificate];
      result_.description = descriptions_[*result_.key_certificate];
    }
    return std::move(result_);
  }

 private:
  struct Attributes {
    Bytes local_key_id;
    std::string friendly_name, description, csp;
    bool machine_keys = false;
  };

  void Count(std::uint64_t iterations) {
    CheckIterations(iterations);
    result_.iterations = std::max(result_.iterations, static_cast<std::uint32_t>(iterations));
  }

  void CheckMac(BerReader data, const SecretBytes& safe) {
    BerReader info = data.Enter(ber::kSequence, "a DigestInfo");
    const std::string oid = info.Enter(ber::kSequence, "a digest algorithm").Oid();
    const SecretBytes expected = info.OctetString();
    const SecretBytes salt = data.OctetString();
    const std::uint64_t iterations = data.AtEnd() ? 1 : data.SmallInteger();
    Count(iterations);
    if (oid != pfx_oid::kSha1 && oid != pfx_oid::kSha256)
      Unsupported("unsupported MAC digest " + oid);
    const bool sha1 = oid == pfx_oid::kSha1;
    const std::string hash = sha1 ? botan_compat::kSha1 : "SHA-256";
    if (expected.size() != (sha1 ? 20U : 32U)) {
      Bad(ErrorCause::kDamaged, "damaged: a MAC of " + Counted(expected.size(), "byte"));
    }
    const SecretBytes key = Pkcs12Kdf(hash, Pkcs12Purpose::kMac, bmp_, salt,
                                      static_cast<std::uint32_t>(iterations), sha1 ? 20 : 32);
    const auto mac = Botan::MessageAuthenticationCode::create_or_throw("HMAC(" + hash + ")");
    mac->set_key(key.data(), key.size());
    mac->update(safe.data(), safe.size());
    if (mac->final() != expected) {
      Bad(ErrorCause::kWrongPassword, "wrong password or damaged: the MAC does not match");
    }
  }

  SecretBytes Decrypt(BerReader algorithm, ByteView ciphertext) {
    const std::string scheme = algorithm.Oid();
    const ByteView parameters = algorithm.Next().encoded;
    if (scheme == oid::kPbes2) {
      std::uint32_t iterations = 0;
      SecretBytes plain = Pbes2Decrypt(parameters, ciphertext, utf8_, &iterations);
      Count(iterations);
      return plain;
    }
    if (scheme != pfx_oid::kPbe3Des) Unsupported("unsupported encryption " + scheme);
    result_.encryption = PfxEncryption::kLegacy;
    BerReader values = BerReader(parameters).Enter(ber::kSequence, "PBE parameters");
    const SecretBytes salt = values.OctetString();
    const std::uint64_t iterations = values.SmallInteger();
    Count(iterations);
    const auto count = static_cast<std::uint32_t>(iterations);
    const SecretBytes key =
        Pkcs12Kdf(botan_compat::kSha1, Pkcs12Purpose::kKey, bmp_, salt, count, 24);
    const SecretBytes iv = Pkcs12Kdf(botan_compat::kSha1, Pkcs12Purpose::kIv, bmp_, salt, count, 8);
    return CbcDecrypt("TripleDES/CBC/PKCS7", key, iv, ciphertext);
  }

  void ReadContentInfo(BerReader info) {
    const std::string type = info.Oid();
    BerReader content = info.Enter(ber::Context(0), "a content");
    if (type == pfx_oid::kData) {
      ReadBags(content.OctetString());
    } else if (type == pfx_oid::kEncryptedData) {
      BerReader data = content.Enter(ber::kSequence, "an EncryptedData");
      data.SmallInteger();
      BerReader encrypted = data.Enter(ber::kSequence, "an EncryptedContentInfo");
      encrypted.Oid();
      const BerReader algorithm = encrypted.Enter(ber::kSequence, "an algorithm identifier");
      const SecretBytes ciphertext = encrypted.OctetStringAs(ber::ContextPrimitive(0));
      ReadBags(Decrypt(algorithm, ciphertext));
    } else {
      Unsupported("unsupported content " + type);
    }
  }

  void ReadBags(const SecretBytes& safe) {
    BerReader bags = BerReader(safe).Enter(ber::kSequence, "safe contents");
    while (!bags.AtEnd()) {
      BerReader bag = bags.Enter(ber::kSequence, "a safe bag");
      const std::string type = bag.Oid();
      BerReader value = bag.Enter(ber::Context(0), "a bag's value");
      const Attributes attributes = ReadAttributes(bag);
      if (type == pfx_oid::kShroudedKeyBag) {
        BerReader info = value.Enter(ber::kSequence, "an EncryptedPrivateKeyInfo");
        const BerReader algorithm = info.Enter(ber::kSequence, "an algorithm identifier");
        TakeKey(Decrypt(algorithm, info.OctetString()), attributes);
      } else if (type == pfx_oid::kKeyBag) {
        const ByteView key = value.Next().encoded;
        TakeKey({key.begin(), key.end()}, attributes);
      } else if (type == pfx_oid::kCertBag) {
        TakeCertificate(value.Enter(ber::kSequence, "a certificate bag"), attributes);
      }
    }
  }

  static Attributes ReadAttributes(BerReader& bag) {
    Attributes attributes;
    if (bag.AtEnd()) return attributes;
    BerReader set = bag.Enter(ber::kSet, "bag attributes");
    while (!set.AtEnd()) {
      BerReader attribute = set.Enter(ber::kSequence, "an attribute");
      const std::string oid = attribute.Oid();
      BerReader values = attribute.Enter(ber::kSet, "attribute values");
      if (oid == pfx_oid::kMachineKeys) attributes.machine_keys = true;
      if (values.AtEnd()) continue;
      const ByteView content = values.Next().content;
      if (oid == pfx_oid::kLocalKeyId)
        attributes.local_key_id.assign(content.begin(), content.end());
      if (oid == pfx_oid::kFriendlyName)
        attributes.friendly_name = Utf8FromUtf16(content, ByteOrder::kBig);
      if (oid == pfx_oid::kCsp) attributes.csp = Utf8FromUtf16(content, ByteOrder::kBig);
      if (oid == pfx_oid::kDescription) attributes.description = DescriptionText(content);
    }
    return attributes;
  }

  static std::string DescriptionText(ByteView little_endian) {
    std::string text = Utf8FromUtf16(little_endian, ByteOrder::kLittle);
    while (text.ends_with('\0')) text.pop_back();
    return text;
  }

  void TakeKey(SecretBytes pkcs8, const Attributes& attributes) {
    if (!result_.pkcs8.empty()) Unsupported("the PFX holds more than one private key");
    result_.key_container_name = attributes.friendly_name;
    result_.csp = attributes.csp;
    result_.machine_keys = attributes.machine_keys;
    key_id_ = attributes.local_key_id;
    ReadKeySpec(pkcs8);
    result_.pkcs8 = std::move(pkcs8);
  }

  void ReadKeySpec(const SecretBytes& pkcs8) {
    BerReader info = BerReader(pkcs8).Enter(ber::kSequence, "a PrivateKeyInfo");
    while (!info.AtEnd() && info.PeekTag() != ber::Context(0)) info.Next();
    if (info.AtEnd()) return;
    BerReader attributes = info.Enter(ber::Context(0), "key attributes");
    while (!attributes.AtEnd()) {
      BerReader attribute = attributes.Enter(ber::kSequence, "an attribute");
      if (attribute.Oid() != oid::kKeyUsage) continue;
      BerReader values = attribute.Enter(ber::kSet, "attribute values");
      const ByteView bits = values.Expect(ber::kBitString, "a key usage").content;
      if (bits.size() < 2) continue;
      result_.key_spec =
          (bits[1] & 0x80U) != 0 ? WindowsKeySpec::kSignature : WindowsKeySpec::kExchange;
    }
  }

  void TakeCertificate(BerReader bag, const Attributes& attributes) {
    if (bag.Oid() != pfx_oid::kX509Certificate) return;
    const SecretBytes der = bag.Enter(ber::Context(0), "a certificate").OctetString();
    result_.certificates.emplace_back(der.begin(), der.end());
    certificate_ids_.push_back(attributes.local_key_id);
    friendly_names_.push_back(attributes.friendly_name);
    descriptions_.push_back(attributes.description);
  }

  SecretBytes utf8_, bmp_;
  DecodedPfx result_;
  Bytes key_id_;
  std::vector<Bytes> certificate_ids_;
  std::vector<std::string> friendly_names_, descriptions_;
};

}  // namespace

DecodedPfx DecodePfx(ByteView file, std::optional<ByteView> password) {
  return Decoder(password).Run(file);
}

}  // namespace fleetmint

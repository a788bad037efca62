#include "engine/authority/key_file.h"

#include "engine/base/ber.h"
#include "engine/base/der.h"
#include "engine/base/error.h"
#include "engine/base/pem.h"
#include "engine/base/text_file.h"
#include "engine/keys/oids.h"
#include "engine/keys/pbes2.h"
#include "engine/keys/traditional_pem.h"

namespace fleetmint {
namespace {

template <typename Open>
SecretBytes OpenWith(PassphraseSource* passphrase, const std::string& what, Open open) {
  if (passphrase == nullptr) ThrowNoPassphrase(what);
  const SecretBytes phrase = passphrase->Get(what, /*confirm=*/false);
  try {
    return open(phrase);
  } catch (const Error& error) {
    if (error.cause() != ErrorCause::kWrongPassword) {
      throw Error::About(ErrorKind::kAuthority, "cannot read " + what, error);
    }
    throw Error::OfCause(ErrorKind::kAuthority, ErrorCause::kWrongPassword,
                         "wrong passphrase for " + what);
  }
}

SecretBytes Decrypt(ByteView der, PassphraseSource* passphrase, const std::string& what) {
  return OpenWith(passphrase, what,
                  [&](const SecretBytes& phrase) { return DecryptPkcs8(der, phrase); });
}

// A traditional key, encrypted by its PEM headers. What is no SEQUENCE was opened by a wrong phrase
// whose padding happened to be right.
SecretBytes Decrypt(const PemBlock& block, PassphraseSource* passphrase, const std::string& what) {
  return OpenWith(passphrase, what, [&](const SecretBytes& phrase) {
    SecretBytes key = DecryptTraditional(block.der, block.dek_info, phrase);
    try {
      BerReader reader(key);
      reader.Enter(ber::kSequence, "a private key").SmallInteger();
      reader.ExpectEnd("the private key");
    } catch (const Error&) {
      throw Error::OfCause(ErrorKind::kInput, ErrorCause::kWrongPassword, "not a private key");
    }
    return key;
  });
}

// Wraps a traditional key in PrivateKeyInfo (RFC 5208 5).
SecretBytes WrapRsa(ByteView key) {
  SecretDerWriter writer;
  writer.Sequence([&](SecretDerWriter& info) {
    info.Integer(0);
    info.Sequence([](SecretDerWriter& id) { id.Oid(oid::kRsaEncryption).Null(); });
    info.OctetString(key);
  });
  return writer.Take();
}

SecretBytes WrapEc(ByteView key) {
  BerReader reader = BerReader(key).Enter(ber::kSequence, "an EC private key");
  reader.SmallInteger();
  reader.OctetString();
  const ByteView curve = reader.Expect(ber::Context(0), "the curve of the key").content;
  SecretDerWriter writer;
  writer.Sequence([&](SecretDerWriter& info) {
    info.Integer(0);
    info.Sequence([&](SecretDerWriter& id) { id.Oid(oid::kEcPublicKey).Raw(curve); });
    info.OctetString(key);
  });
  return writer.Take();
}

// RFC 7292 4: version 3, and a ContentInfo, which begins with its type.
bool IsPfx(ByteView content) {
  BerReader fields = BerReader(content).Enter(ber::kSequence, "a key");
  if (fields.PeekTag() != ber::kInteger || fields.SmallInteger() != 3) return false;
  if (fields.PeekTag() != ber::kSequence) return false;
  return fields.Enter(ber::kSequence, "a key").Oid().starts_with("1.2.840.113549.1.7.");
}

}  // namespace

void ThrowNoPassphrase(const std::string& what) {
  throw Error::WithHint(ErrorKind::kAuthority, what + " is encrypted, and no passphrase was given",
                        "give --passphrase-file FILE");
}

SecretBytes EncodeKeyFile(const SecretBytes& pkcs8, const std::optional<SecretBytes>& passphrase,
                          RandomSource& random) {
  if (!passphrase) return PemEncodeSecret("PRIVATE KEY", pkcs8);
  return PemEncodeSecret("ENCRYPTED PRIVATE KEY",
                         EncryptPkcs8(pkcs8, *passphrase, kCaKeyIterations, random));
}

SecretBytes DecodeKeyFile(ByteView content, PassphraseSource* passphrase, const std::string& what) {
  if (const auto fault = Utf16Fault(AsText(content), "KEY", /*secret=*/true)) {
    throw Error::WithHint(ErrorKind::kAuthority, "cannot read " + what + ": it is in UTF-16",
                          fault->hint);
  }
  try {
    for (const PemBlock& block : PemDecodeAll(AsText(content))) {
      if (block.label == "PRIVATE KEY") return block.der;
      if (block.label == "ENCRYPTED PRIVATE KEY") return Decrypt(block.der, passphrase, what);
      const bool rsa = block.label == "RSA PRIVATE KEY";
      if (!rsa && block.label != "EC PRIVATE KEY") continue;
      const SecretBytes key = block.dek_info.empty() ? block.der : Decrypt(block, passphrase, what);
      return rsa ? WrapRsa(key) : WrapEc(key);
    }
    BerReader reader = BerReader(content).Enter(ber::kSequence, "a private key");
    if (IsPfx(content)) {
      throw Error::WithHint(ErrorKind::kAuthority, "cannot read " + what + ": it is a PFX",
                            "give it as --pfx FILE, in place of --key and --chain");
    }
    if (reader.PeekTag() == ber::kSequence) return Decrypt(content, passphrase, what);
    reader.SmallInteger();  // a version stands first in each; what follows tells them apart
    if (reader.PeekTag() == ber::kInteger) return WrapRsa(content);
    if (reader.PeekTag() == ber::kOctetString) return WrapEc(content);
    return {content.begin(), content.end()};
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kAuthority) throw;
    std::vector<Fault> faults = Error::About(error.kind(), "cannot read " + what, error).faults();
    if (faults.front().hint.empty()) {
      faults.front().hint = "a private key in PEM (PKCS#8) is expected";
    }
    throw Error(ErrorKind::kAuthority, std::move(faults));
  }
}

std::unique_ptr<Signer> LoadSigner(ByteView content, PassphraseSource* passphrase,
                                   const std::string& what, const prime::Kernel* kernel) {
  return MakeSoftwareSigner(DecodeKeyFile(content, passphrase, what), kernel);
}

}  // namespace fleetmint

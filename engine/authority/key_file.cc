#include "engine/authority/key_file.h"

#include "engine/base/ber.h"
#include "engine/base/der.h"
#include "engine/base/error.h"
#include "engine/base/pem.h"
#include "engine/keys/oids.h"
#include "engine/keys/pbes2.h"

namespace fleetmint {
namespace {

SecretBytes Decrypt(ByteView der, PassphraseSource* passphrase, const std::string& what) {
  if (passphrase == nullptr) ThrowNoPassphrase(what);
  const SecretBytes phrase = passphrase->Get(what, /*confirm=*/false);
  try {
    return DecryptPkcs8(der, phrase);
  } catch (const Error& error) {
    if (error.cause() != ErrorCause::kWrongPassword) {
      throw Error::About(ErrorKind::kAuthority, "cannot read " + what, error);
    }
    throw Error::OfCause(ErrorKind::kAuthority, ErrorCause::kWrongPassword,
                         "wrong passphrase for " + what);
  }
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
  try {
    for (const PemBlock& block : PemDecodeAll(AsText(content))) {
      if (block.label == "PRIVATE KEY") return block.der;
      if (block.label == "ENCRYPTED PRIVATE KEY") return Decrypt(block.der, passphrase, what);
      if (block.label == "RSA PRIVATE KEY") return WrapRsa(block.der);
      if (block.label == "EC PRIVATE KEY") return WrapEc(block.der);
    }
    BerReader reader = BerReader(content).Enter(ber::kSequence, "a private key");
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

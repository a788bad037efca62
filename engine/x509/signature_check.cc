#include "engine/x509/signature_check.h"

#include <botan/exceptn.h>
#include <botan/pk_keys.h>
#include <botan/pubkey.h>
#include <botan/x509_key.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>

#include "engine/base/ber.h"
#include "engine/base/botan_compat.h"
#include "engine/base/botan_error.h"
#include "engine/base/error.h"

namespace fleetmint {
namespace {

constexpr std::string_view kPss = "1.2.840.113549.1.1.10";

std::string HashName(std::string_view bits) {
  return bits == "1" ? botan_compat::kSha1 : "SHA-" + std::string(bits);
}

// RFC 8017 A.2.4, RFC 5758 3.2, RFC 8410: the scheme by Botan's name, and the hash.
struct Scheme {
  std::string_view oid;
  std::string_view padding;
  std::string_view hash;
};
constexpr std::array<Scheme, 11> kSchemes{{
    {"1.2.840.113549.1.1.5", "EMSA3", "1"},
    {"1.2.840.113549.1.1.14", "EMSA3", "224"},
    {"1.2.840.113549.1.1.11", "EMSA3", "256"},
    {"1.2.840.113549.1.1.12", "EMSA3", "384"},
    {"1.2.840.113549.1.1.13", "EMSA3", "512"},
    {"1.2.840.10045.4.1", "EMSA1", "1"},
    {"1.2.840.10045.4.3.1", "EMSA1", "224"},
    {"1.2.840.10045.4.3.2", "EMSA1", "256"},
    {"1.2.840.10045.4.3.3", "EMSA1", "384"},
    {"1.2.840.10045.4.3.4", "EMSA1", "512"},
    {"1.3.101.112", "Pure", ""},
}};

constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kHashes{{
    {"1.3.14.3.2.26", "1"},
    {"2.16.840.1.101.3.4.2.4", "224"},
    {"2.16.840.1.101.3.4.2.1", "256"},
    {"2.16.840.1.101.3.4.2.2", "384"},
    {"2.16.840.1.101.3.4.2.3", "512"},
}};

// RFC 4055 3.1: RSASSA-PSS-params; SHA-1 and a salt of 20 where it says nothing. The hash of the
// mask generation must be the same: there is nobody who uses another.
std::optional<std::string> PssPadding(BerReader parameters) {
  std::string_view hash = "1", mask_hash = "1";
  std::uint64_t salt = 20;
  const auto read_hash = [](BerReader algorithm) -> std::string_view {
    const std::string oid = algorithm.Oid();
    for (const auto& [known, bits] : kHashes) {
      if (known == oid) return bits;
    }
    return "";
  };
  while (!parameters.AtEnd()) {
    const std::uint8_t tag = parameters.PeekTag();
    BerReader field = parameters.Enter(tag, "a parameter");
    if (tag == ber::Context(0)) {
      hash = read_hash(field.Enter(ber::kSequence, "a hash"));
    } else if (tag == ber::Context(1)) {
      BerReader generation = field.Enter(ber::kSequence, "a mask generation");
      generation.Oid();
      mask_hash = read_hash(generation.Enter(ber::kSequence, "a hash"));
    } else if (tag == ber::Context(2)) {
      salt = field.SmallInteger();
    }
  }
  if (hash.empty() || hash != mask_hash || salt > 512) return std::nullopt;
  return "EMSA4(" + HashName(hash) + ",MGF1," + std::to_string(salt) + ")";
}

std::optional<std::string> PaddingOf(BerReader algorithm) {
  const std::string oid = algorithm.Oid();
  if (oid == kPss) return PssPadding(algorithm.Enter(ber::kSequence, "parameters"));
  const auto* const scheme = std::find_if(kSchemes.begin(), kSchemes.end(),
                                          [&](const Scheme& known) { return known.oid == oid; });
  if (scheme == kSchemes.end()) return std::nullopt;
  if (scheme->hash.empty()) return std::string(scheme->padding);
  return std::string(scheme->padding) + "(" + HashName(scheme->hash) + ")";
}

bool Check(ByteView signed_object, ByteView spki) {
  BerReader parts = BerReader(signed_object).Enter(ber::kSequence, "what is signed");
  const ByteView message = parts.Next().encoded;
  const auto padding = PaddingOf(parts.Enter(ber::kSequence, "a signature algorithm"));
  const ByteView signature = parts.BitString("a signature");
  if (!padding) return false;
  const std::unique_ptr<Botan::Public_Key> key(
      Botan::X509::load_key(std::vector<std::uint8_t>(spki.begin(), spki.end())));
  const bool rsa = key->algo_name() == "RSA", ecdsa = key->algo_name() == "ECDSA";
  if (rsa != (padding->starts_with("EMSA3") || padding->starts_with("EMSA4")) ||
      ecdsa != padding->starts_with("EMSA1")) {
    return false;  // a scheme of another kind of keys
  }
  Botan::PK_Verifier verifier(*key, *padding,
                              ecdsa ? botan_compat::kDerSignature : botan_compat::kPlainSignature);
  return verifier.verify_message(message.data(), message.size(), signature.data(),
                                 signature.size());
}

}  // namespace

bool IsSignedBy(ByteView signed_object, ByteView spki) {
  try {
    return Check(signed_object, spki);
  } catch (const Botan::Exception& error) {
    ThrowIfOutOfMemory(error);
    return false;  // a key that Botan does not know verifies nothing
  } catch (const Error&) {
    return false;  // not of that form
  }
}

bool IsKnownSignature(ByteView signed_object) {
  try {
    BerReader parts = BerReader(signed_object).Enter(ber::kSequence, "what is signed");
    parts.Next();
    return PaddingOf(parts.Enter(ber::kSequence, "a signature algorithm")).has_value();
  } catch (const Error&) {
    return false;
  }
}

}  // namespace fleetmint

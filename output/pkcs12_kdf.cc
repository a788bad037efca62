#include "output/pkcs12_kdf.h"

#include <botan/hash.h>

#include <algorithm>

#include "engine/base/text.h"

namespace fleetmint {
namespace {

constexpr std::size_t kBlock = 64;  // v of appendix B.2 in bytes, for SHA-1 and SHA-256 alike

// Appends copies of `input` up to the next multiple of v bytes; nothing for an empty one (B.2 2-3).
void AppendRepeated(SecretBytes& out, ByteView input) {
  if (input.empty()) return;
  const std::size_t size = kBlock * ((input.size() + kBlock - 1) / kBlock);
  for (std::size_t i = 0; i < size; ++i) out.push_back(input[i % input.size()]);
}

// block = block + addend + 1 mod 2^(8v) (B.2 6C).
void AddPlusOne(std::uint8_t* block, const SecretBytes& addend) {
  unsigned carry = 1;
  for (std::size_t i = kBlock; i-- > 0;) {
    carry += block[i] + static_cast<unsigned>(addend[i]);
    block[i] = static_cast<std::uint8_t>(carry);
    carry >>= 8U;
  }
}

}  // namespace

SecretBytes Pkcs12Password(ByteView utf8) {
  SecretBytes out;
  AppendUtf16(out, AsText(utf8), ByteOrder::kBig);
  out.push_back(0);
  out.push_back(0);
  return out;
}

SecretBytes Pkcs12Kdf(const std::string& hash_name, Pkcs12Purpose purpose,
                      const SecretBytes& password, ByteView salt, std::uint32_t iterations,
                      std::size_t length) {
  const auto hash = Botan::HashFunction::create_or_throw(hash_name);
  const SecretBytes diversifier(kBlock, static_cast<std::uint8_t>(purpose));  // B.2 1
  SecretBytes input;                                                          // I = S || P, B.2 4
  AppendRepeated(input, salt);
  AppendRepeated(input, password);
  SecretBytes out;
  while (out.size() < length) {  // B.2 6
    hash->update(diversifier);
    hash->update(input);
    SecretBytes a = hash->final();
    for (std::uint32_t i = 1; i < iterations; ++i) {
      hash->update(a);
      hash->final(a.data());
    }
    SecretBytes repeated(kBlock);
    for (std::size_t i = 0; i < kBlock; ++i) repeated[i] = a[i % a.size()];
    for (std::size_t at = 0; at < input.size(); at += kBlock)
      AddPlusOne(input.data() + at, repeated);
    out.insert(out.end(), a.begin(),
               a.begin() + static_cast<std::ptrdiff_t>(std::min(a.size(), length - out.size())));
  }
  return out;
}

}  // namespace fleetmint

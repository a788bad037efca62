#include "engine/cli/import_pfx.h"

#include <algorithm>
#include <optional>

#include "engine/base/durable_file.h"
#include "engine/base/error.h"
#include "engine/base/pem.h"
#include "engine/base/text.h"
#include "engine/x509/certificate_file.h"
#include "output/pfx.h"

namespace fleetmint::cli {
namespace {

constexpr std::size_t kMostPfxBytes = 1U << 20U;

// The null password, the empty one, then the one that a person has.
DecodedPfx Open(const std::string& path, ByteView file, PassphraseSource& password) {
  for (const std::optional<ByteView>& none :
       {std::optional<ByteView>(), std::optional(ByteView())}) {
    try {
      return DecodePfx(file, none);
    } catch (const Error& error) {
      if (error.cause() != ErrorCause::kWrongPassword) throw;
    }
  }
  const SecretBytes phrase = password.Get("'" + path + "'", /*confirm=*/false);
  return DecodePfx(file, phrase);
}

std::string ChainOf(const DecodedPfx& pfx) {
  std::vector<Certificate> certificates;
  for (const Bytes& der : pfx.certificates) certificates.push_back(Certificate::Parse(der));
  certificates = OrderedByIssuer(std::move(certificates));
  if (pfx.key_certificate) {  // what has the key comes first, whatever stands below it
    const Bytes& own = pfx.certificates[*pfx.key_certificate];
    const auto place = std::find_if(certificates.begin(), certificates.end(),
                                    [&](const auto& one) { return one.der() == own; });
    certificates.erase(certificates.begin(), place);
  }
  std::string chain;
  for (const Certificate& one : certificates) chain += PemEncode("CERTIFICATE", one.der());
  return chain;
}

}  // namespace

CaInPfx ReadCaPfx(const std::string& path, PassphraseSource& password) {
  const SecretBytes file = ReadSecretFile(path, kMostPfxBytes, ErrorKind::kAuthority);
  try {
    DecodedPfx pfx = Open(path, file, password);
    return {std::move(pfx.pkcs8), ChainOf(pfx)};
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kAuthority) throw;
    std::vector<Fault> faults =
        Error::About(ErrorKind::kAuthority, "cannot read '" + path + "'", error).faults();
    if (error.cause() == ErrorCause::kUnsupported) {
      const std::string file_word = ShellWord(path), pem = ShellWord(path + ".pem");
      faults.front().hint = "convert it: (umask 077; openssl pkcs12 -legacy -in " + file_word +
                            " -out " + pem + "), then give --key " + pem + " --chain " + pem;
    }
    throw Error(ErrorKind::kAuthority, std::move(faults));
  }
}

}  // namespace fleetmint::cli

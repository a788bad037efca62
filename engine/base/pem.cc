#include "engine/base/pem.h"

#include <botan/base64.h>
#include <botan/exceptn.h>

#include "engine/base/error.h"

namespace fleetmint {
namespace {

constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::string_view kDashes = "-----";
constexpr std::size_t kLineLength = 64;

SecretBytes DecodeBody(std::string_view body, const std::string& label) {
  if (body.find(':') != std::string_view::npos) {
    throw Error::OfCause(ErrorKind::kInput, ErrorCause::kUnsupported,
                         "'" + label + "' is in a format that carries headers",
                         "convert it: openssl pkcs8 -topk8 -in KEY -out NEW_KEY");
  }
  try {
    return Botan::base64_decode(body.data(), body.size(), /*ignore_ws=*/true);
  } catch (const Botan::Exception&) {
    throw Error::OfCause(ErrorKind::kInput, ErrorCause::kDamaged,
                         "the '" + label + "' block is not base64");
  }
}

}  // namespace

std::string PemEncode(std::string_view label, ByteView der) {
  const std::string base64 = Botan::base64_encode(der.data(), der.size());
  std::string text = std::string(kBegin) + std::string(label) + "-----\n";
  for (std::size_t at = 0; at < base64.size(); at += kLineLength) {
    text.append(base64, at, kLineLength);
    text += '\n';
  }
  return text + "-----END " + std::string(label) + "-----\n";
}

std::vector<PemBlock> PemDecodeAll(std::string_view text) {
  std::vector<PemBlock> blocks;
  for (std::size_t at = text.find(kBegin); at != std::string_view::npos;
       at = text.find(kBegin, at)) {
    const std::size_t label_at = at + kBegin.size();
    const std::size_t label_end = text.find(kDashes, label_at);
    if (label_end == std::string_view::npos) break;
    const std::string label(text.substr(label_at, label_end - label_at));
    const std::size_t body_at = label_end + kDashes.size();
    const std::string end_line = "-----END " + label + "-----";
    const std::size_t body_end = text.find(end_line, body_at);
    if (body_end == std::string_view::npos) {
      throw Error::OfCause(ErrorKind::kInput, ErrorCause::kDamaged,
                           "the '" + label + "' block has no '" + end_line + "'");
    }
    blocks.push_back({label, DecodeBody(text.substr(body_at, body_end - body_at), label)});
    at = body_end + end_line.size();
  }
  return blocks;
}

}  // namespace fleetmint

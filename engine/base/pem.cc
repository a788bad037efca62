#include "engine/base/pem.h"

#include <botan/base64.h>
#include <botan/exceptn.h>

#include <algorithm>

#include "engine/base/error.h"

namespace fleetmint {
namespace {

constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::string_view kEnd = "-----END ";
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

template <typename Text>
void Append(Text& out, std::string_view part) {
  out.insert(out.end(), part.begin(), part.end());
}

// The length is known, so the text is never moved. Three bytes are four characters: 48 are a line.
template <typename Text>
Text Encode(std::string_view label, ByteView der) {
  constexpr std::size_t kLineBytes = kLineLength / 4 * 3;
  const std::size_t lines = (der.size() + kLineBytes - 1) / kLineBytes;
  Text text;
  text.reserve(lines * (kLineLength + 1) + 2 * (kBegin.size() + label.size() + kDashes.size() + 1));
  for (const std::string_view part : {kBegin, label, kDashes, std::string_view("\n")}) {
    Append(text, part);
  }
  char line[kLineLength];
  for (std::size_t at = 0; at < der.size(); at += kLineBytes) {
    const ByteView bytes = der.subspan(at, std::min(kLineBytes, der.size() - at));
    std::size_t consumed = 0;
    const std::size_t size =
        Botan::base64_encode(line, bytes.data(), bytes.size(), consumed, /*final_inputs=*/true);
    Append(text, {line, size});
    Append(text, "\n");
  }
  Wipe(line, sizeof line);
  for (const std::string_view part : {kEnd, label, kDashes, std::string_view("\n")}) {
    Append(text, part);
  }
  return text;
}

}  // namespace

std::string PemEncode(std::string_view label, ByteView der) {
  return Encode<std::string>(label, der);
}

SecretBytes PemEncodeSecret(std::string_view label, ByteView der) {
  return Encode<SecretBytes>(label, der);
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
    const std::string end_line = std::string(kEnd) + label + "-----";
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

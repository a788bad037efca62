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

// Takes the headers off a body: lines of "Name: value", and those that go on with a space, up to an
// empty one (RFC 1421 4.4).
std::string TakeHeaders(std::string_view& body) {
  std::string dek_info;
  const std::size_t line_end = body.find_first_not_of(" \t\r");  // of the BEGIN line
  if (line_end == std::string_view::npos || body[line_end] != '\n') return dek_info;
  body.remove_prefix(line_end);
  for (bool headers = false; !body.empty(); headers = true) {
    const std::size_t end = std::min(body.find('\n', 1), body.size());
    std::string_view line = body.substr(1, end - 1);
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
    const std::size_t colon = line.find(':');
    const bool goes_on = headers && (line.starts_with(' ') || line.starts_with('\t'));
    if (colon == std::string_view::npos && !goes_on) break;
    if (line.starts_with("DEK-Info:")) {
      line.remove_prefix(std::min(line.find_first_not_of(' ', colon + 1), line.size()));
      dek_info = line;
    }
    body.remove_prefix(end);
  }
  return dek_info;
}

SecretBytes DecodeBody(std::string_view body, const std::string& label) {
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
    std::string_view body = text.substr(body_at, body_end - body_at);
    std::string dek_info = TakeHeaders(body);
    blocks.push_back({label, DecodeBody(body, label), std::move(dek_info)});
    at = body_end + end_line.size();
  }
  return blocks;
}

}  // namespace fleetmint

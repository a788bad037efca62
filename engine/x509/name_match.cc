#include "engine/x509/name_match.h"

#include <algorithm>

#include "engine/base/ber.h"
#include "engine/base/text.h"

namespace fleetmint {
namespace {

// String types that only names have (X.690 8.23).
constexpr std::uint8_t kTeletexString = 0x14, kVisibleString = 0x1A, kUniversalString = 0x1C;

void AppendUtf8(std::string& text, std::uint32_t point) {
  const auto put = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xC0U | point >> 6U);
    put(0x80U | (point & 0x3FU));
  } else if (point < 0x10000) {
    put(0xE0U | point >> 12U);
    put(0x80U | (point >> 6U & 0x3FU));
    put(0x80U | (point & 0x3FU));
  } else {
    put(0xF0U | point >> 18U);
    put(0x80U | (point >> 12U & 0x3FU));
    put(0x80U | (point >> 6U & 0x3FU));
    put(0x80U | (point & 0x3FU));
  }
}

constexpr std::uint32_t kReplacement = 0xFFFD;

std::string Utf8OfUniversal(ByteView content) {
  std::string text;
  for (std::size_t i = 0; i + 4 <= content.size(); i += 4) {
    const std::uint32_t point = static_cast<std::uint32_t>(content[i]) << 24U |
                                static_cast<std::uint32_t>(content[i + 1]) << 16U |
                                static_cast<std::uint32_t>(content[i + 2]) << 8U | content[i + 3];
    const bool valid = point <= 0x10FFFF && (point < 0xD800 || point > 0xDFFF);
    AppendUtf8(text, valid ? point : kReplacement);
  }
  return text;
}

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

bool IsText(std::uint8_t tag) {
  return tag == ber::kUtf8String || tag == ber::kPrintableString || tag == ber::kIa5String ||
         tag == ber::kBmpString || tag == kTeletexString || tag == kVisibleString ||
         tag == kUniversalString;
}

// Trimmed, runs of spaces as one, in lower case.
std::string Folded(const std::string& text) {
  std::string folded;
  for (const char c : text) {
    if (!IsSpace(c)) {
      folded += c;
    } else if (!folded.empty() && folded.back() != ' ') {
      folded += ' ';
    }
  }
  if (folded.ends_with(' ')) folded.pop_back();
  return AsciiLower(folded);
}

std::string CompareForm(BerReader attribute) {
  const ByteView type = attribute.Expect(ber::kOid, "a type of attributes").content;
  const BerElement value = attribute.Next();
  const bool text = IsText(value.tag);
  const std::string content =
      text ? Folded(Utf8OfString(value.tag, value.content)) : std::string(AsText(value.encoded));
  // Sizes in front, so that no two attributes run into one.
  return std::to_string(type.size()) + (text ? "t" : "b") + std::to_string(content.size()) + ":" +
         std::string(AsText(type)) + content;
}

}  // namespace

std::string Utf8OfString(std::uint8_t tag, ByteView content) {
  if (tag == ber::kBmpString) return Utf8FromUtf16(content, ByteOrder::kBig);
  if (tag == kUniversalString) return Utf8OfUniversal(content);
  std::string text(AsText(content));
  if (IsValidUtf8(text) && tag != kTeletexString) return text;
  text.clear();
  for (const std::uint8_t byte : content) AppendUtf8(text, byte);
  return text;
}

ComparedName CompareForm(ByteView name) {
  ComparedName form;
  BerReader relative_names = BerReader(name).Enter(ber::kSequence, "a name");
  while (!relative_names.AtEnd()) {
    BerReader set = relative_names.Enter(ber::kSet, "a relative name");
    std::vector<std::string> attributes;
    while (!set.AtEnd()) {
      attributes.push_back(CompareForm(set.Enter(ber::kSequence, "an attribute")));
    }
    std::sort(attributes.begin(), attributes.end());
    std::string& all = form.emplace_back();
    for (const std::string& attribute : attributes) all += attribute;
  }
  return form;
}

bool SameName(ByteView one, ByteView other) { return CompareForm(one) == CompareForm(other); }

bool IsBelow(const ComparedName& name, const ComparedName& base) {
  return base.size() <= name.size() && std::equal(base.begin(), base.end(), name.begin());
}

}  // namespace fleetmint

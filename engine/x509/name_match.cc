#include "engine/x509/name_match.h"

#include <algorithm>

#include "engine/base/ber.h"
#include "engine/base/text.h"
#include "engine/x509/directory_string.h"

namespace fleetmint {
namespace {

// String types that only names have (X.690 8.23).
constexpr std::uint8_t kTeletexString = 0x14, kVisibleString = 0x1A, kUniversalString = 0x1C;

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
      text ? Folded(DecodeString(value)) : std::string(AsText(value.encoded));
  // Sizes in front, so that no two attributes run into one.
  return std::to_string(type.size()) + (text ? "t" : "b") + std::to_string(content.size()) + ":" +
         std::string(AsText(type)) + content;
}

}  // namespace

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

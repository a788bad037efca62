#include "engine/x509/name.h"

#include <algorithm>
#include <array>

#include "engine/base/ber.h"
#include "engine/base/der.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/x509/attribute_types.h"
#include "engine/x509/directory_string.h"

namespace fleetmint {
namespace {

std::size_t Characters(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::count_if(utf8.begin(), utf8.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

// How a country is written: "DE" for "de".
std::string CountryHint(const std::string& value) {
  std::string upper;
  for (const char c : AsciiLower(value)) {
    if (c < 'a' || c > 'z') break;
    upper += static_cast<char>(c - 'a' + 'A');
  }
  return upper.size() == 2 && value.size() == 2 ? "write 'C=" + upper + "'" : "e.g. 'C=DE'";
}

bool IsPrintableString(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view(" '()+,-./:=?").find(c) != std::string_view::npos;
  });
}

Bytes EncodeAttribute(const Name::Attribute& attribute) {
  const AttributeType* const type = FindAttributeByName(attribute.type);
  if (type == nullptr) {
    throw Error(ErrorKind::kInput, "unknown attribute '" + attribute.type + "' in a name");
  }
  DerWriter writer;
  writer.Sequence([&](DerWriter& pair) {
    pair.Oid(type->oid);
    switch (type->type) {
      case StringType::kUtf8:
        pair.Utf8String(attribute.value);
        break;
      case StringType::kPrintable:
        pair.PrintableString(attribute.value);
        break;
      case StringType::kIa5:
        pair.Ia5String(attribute.value);
        break;
    }
  });
  return writer.Take();
}

}  // namespace

const AttributeType* FindAttributeByName(std::string_view name) {
  std::string upper(name);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  struct Alias {
    std::string_view written, name;
  };
  // As Windows (S, G) and OpenSSL write them, and the long names of RFC 4519.
  static constexpr std::array<Alias, 14> kAliases{{{"S", "ST"},
                                                   {"G", "GN"},
                                                   {"EMAILADDRESS", "E"},
                                                   {"TITLE", "T"},
                                                   {"SURNAME", "SN"},
                                                   {"GIVENNAME", "GN"},
                                                   {"USERID", "UID"},
                                                   {"COMMONNAME", "CN"},
                                                   {"COUNTRYNAME", "C"},
                                                   {"LOCALITYNAME", "L"},
                                                   {"STATEORPROVINCENAME", "ST"},
                                                   {"ORGANIZATIONNAME", "O"},
                                                   {"ORGANIZATIONALUNITNAME", "OU"},
                                                   {"DOMAINCOMPONENT", "DC"}}};
  for (const Alias& alias : kAliases) {
    if (upper == alias.written) upper = alias.name;
  }
  const auto* const place = std::find_if(kAttributeTypes.begin(), kAttributeTypes.end(),
                                         [&](const auto& type) { return type.name == upper; });
  return place == kAttributeTypes.end() ? nullptr : place;
}

const AttributeType* FindAttributeByOid(std::string_view oid) {
  const auto* const place = std::find_if(kAttributeTypes.begin(), kAttributeTypes.end(),
                                         [&](const auto& type) { return type.oid == oid; });
  return place == kAttributeTypes.end() ? nullptr : place;
}

Bytes Name::Encode() const {
  DerWriter writer;
  writer.Sequence([&](DerWriter& rdns) {
    for (std::size_t i = 0; i < attributes.size();) {
      std::vector<Bytes> members;  // of one RDN
      do members.push_back(EncodeAttribute(attributes[i++]));
      while (i < attributes.size() && attributes[i].joined);
      rdns.SetOf(std::move(members));
    }
  });
  return writer.Take();
}

std::vector<Fault> NameFaults(const Name& name) {
  std::vector<Fault> faults;
  for (const auto& [type_name, value, joined] : name.attributes) {
    const AttributeType* const type = FindAttributeByName(type_name);
    const auto quoted = [&, &type_name = type_name, &value = value] {
      return type_name + " '" + value + "'";
    };
    if (type == nullptr) {
      faults.push_back({"unknown attribute '" + type_name + "'"});
      continue;
    }
    if (value.empty()) faults.push_back({type_name + " is empty"});
    if (!IsValidUtf8(value)) faults.push_back({type_name + " is not valid UTF-8"});
    if (std::any_of(value.begin(), value.end(),
                    [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; })) {
      faults.push_back({type_name + " has a control character"});
    }
    if (Characters(value) > type->most) {
      faults.push_back({quoted() + " is longer than " + std::to_string(type->most) + " characters",
                        {},
                        type_name == "CN" ? kLongNameHint : ""});
    }
    if (type_name == "C" &&
        !(value.size() == 2 &&
          std::all_of(value.begin(), value.end(), [](char c) { return c >= 'A' && c <= 'Z'; }))) {
      faults.push_back({quoted() + " is not two capital letters", {}, CountryHint(value)});
    }
    if (type->type == StringType::kPrintable && !IsPrintableString(value)) {
      faults.push_back({quoted() + " has characters outside PrintableString"});
    }
    if (type->type == StringType::kIa5 &&
        std::any_of(value.begin(), value.end(), [](char c) { return (c & 0x80) != 0; })) {
      faults.push_back({quoted() + " has characters outside ASCII"});
    }
  }
  return faults;
}

Name ReadName(ByteView der) {
  Name name;
  BerReader rdns = BerReader(der).Enter(ber::kSequence, "a name");
  while (!rdns.AtEnd()) {
    BerReader set = rdns.Enter(ber::kSet, "a relative name");
    for (bool joined = false; !set.AtEnd(); joined = true) {
      BerReader pair = set.Enter(ber::kSequence, "an attribute");
      const std::string oid = pair.Oid();
      const AttributeType* const type = FindAttributeByOid(oid);
      name.attributes.push_back(
          {type != nullptr ? std::string(type->name) : oid, DecodeString(pair.Next()), joined});
    }
  }
  return name;
}

std::string NameToString(ByteView der) { return ReadName(der).ToString(); }

}  // namespace fleetmint

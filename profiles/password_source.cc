#include "profiles/password_source.h"

#include "engine/base/error.h"

namespace fleetmint {

PasswordSource PasswordSource::Parse(std::string_view text) {
  if (text == "derived") return {};
  if (text.starts_with("file:") && text.size() > 5)
    return {Kind::kFile, std::string(text.substr(5))};
  if (text.starts_with("csv:") && text.size() > 4) return {Kind::kCsv, std::string(text.substr(4))};
  // The text is not repeated: it may be a password that was meant well.
  throw Error::WithHint(ErrorKind::kInput, "password is none of the sources it may come from",
                        "write derived, file:PATH or csv:PATH; never the password itself");
}

std::string PasswordSource::ToString() const {
  switch (kind) {
    case Kind::kFile:
      return "file:" + path;
    case Kind::kCsv:
      return "csv:" + path;
    case Kind::kDerived:
      break;
  }
  return "derived";
}

}  // namespace fleetmint

// Templates: {name} in a profile's text becomes the endpoint's value; {{ and }} are braces.
#include "engine/base/text.h"
#include "profiles/profile.h"

namespace fleetmint {

std::optional<std::string> ExpandTemplate(std::string_view text, const Variables& variables,
                                          Fault* fault) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool doubled = i + 1 < text.size() && text[i + 1] == c;
    if ((c == '{' || c == '}') && doubled) {
      out += c;
      ++i;
      continue;
    }
    if (c != '{') {
      out += c;
      continue;
    }
    const std::size_t end = text.find('}', i);
    if (end == std::string_view::npos) {
      *fault = {"'{' without '}' in '" + std::string(text) + "'", {}, "write '{{' for a brace"};
      return std::nullopt;
    }
    const std::string_view name = text.substr(i + 1, end - i - 1);
    const auto value = variables.find(name);
    if (value == variables.end()) {
      std::vector<std::string> known;
      for (const auto& [key, ignored] : variables) known.push_back(key);
      *fault = {"unknown variable '{" + std::string(name) + "}' in '" + std::string(text) + "'",
                {},
                DidYouMean(name, known)};
      return std::nullopt;
    }
    out += value->second;
    i = end;
  }
  return out;
}

}  // namespace fleetmint

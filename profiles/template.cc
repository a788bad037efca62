#include "profiles/template.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace fleetmint {

void Template::AddText(std::string_view text) {
  if (text.empty()) return;
  if (parts_.empty() || parts_.back().variable) parts_.push_back({});
  parts_.back().text += text;
}

Template Template::Parse(std::string_view text) {
  Template result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool doubled = i + 1 < text.size() && text[i + 1] == c;
    if (c != '{' || doubled) {
      if (doubled && (c == '{' || c == '}')) ++i;
      result.AddText({&c, 1});
      continue;
    }
    const std::size_t end = text.find('}', i);
    if (end == std::string_view::npos) {
      throw Error::WithHint(ErrorKind::kInput, "'{' without '}' in '" + std::string(text) + "'",
                            "write '{{' for a brace");
    }
    result.parts_.push_back({true, std::string(text.substr(i + 1, end - i - 1))});
    i = end;
  }
  return result;
}

Template Template::Verbatim(std::string_view text) {
  Template result;
  result.AddText(text);
  return result;
}

const std::string& Template::ValueOf(const std::string& name, const Variables& variables,
                                     std::span<const std::string_view> later) const {
  const auto value = variables.find(name);
  if (value != variables.end()) return value->second;
  std::vector<std::string> known(later.begin(), later.end());
  for (const auto& [variable, ignored] : variables) known.push_back(variable);
  std::sort(known.begin(), known.end());
  throw Error::WithHint(ErrorKind::kInput,
                        "unknown variable '{" + name + "}' in '" + ToString() + "'",
                        DidYouMean(name, known));
}

Template Template::Substitute(const Variables& variables,
                              std::span<const std::string_view> later) const {
  Template result;
  for (const Part& part : parts_) {
    if (!part.variable) {
      result.AddText(part.text);
    } else if (std::find(later.begin(), later.end(), part.text) != later.end()) {
      result.parts_.push_back(part);
    } else {
      result.AddText(ValueOf(part.text, variables, later));
    }
  }
  return result;
}

std::string Template::Fill(const Variables& variables) const {
  std::string text;
  for (const Part& part : parts_) {
    text += part.variable ? ValueOf(part.text, variables, {}) : part.text;
  }
  return text;
}

std::string Template::ToString() const {
  std::string text;
  for (const Part& part : parts_) {
    if (part.variable) {
      text += "{" + part.text + "}";
      continue;
    }
    for (const char c : part.text) {
      if (c == '{' || c == '}') text += c;
      text += c;
    }
  }
  return text;
}

}  // namespace fleetmint

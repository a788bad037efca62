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

void Template::ThrowUnknown(const std::string& name, std::vector<std::string> known) const {
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
    } else if (const auto value = variables.find(part.text); value != variables.end()) {
      result.AddText(value->second);
    } else {
      std::vector<std::string> known(later.begin(), later.end());
      for (const auto& [variable, ignored] : variables) known.push_back(variable);
      ThrowUnknown(part.text, std::move(known));
    }
  }
  return result;
}

void Template::Fill(std::span<const Binding> bindings, std::string& into) const {
  into.clear();
  for (const Part& part : parts_) {
    if (!part.variable) {
      into += part.text;
      continue;
    }
    const auto bound = std::find_if(bindings.begin(), bindings.end(),
                                    [&](const Binding& each) { return each.name == part.text; });
    if (bound == bindings.end()) {
      std::vector<std::string> known;
      for (const Binding& each : bindings) known.emplace_back(each.name);
      ThrowUnknown(part.text, std::move(known));
    }
    into += bound->value;
  }
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

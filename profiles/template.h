// Template: a text with {name} in it, parsed once and filled in many times.
//
// "{host}" stands for the value of the variable `host`; "{{" and "}}" are braces. A value that is
// put in is never read as a template itself, whatever it holds. Nothing is known here of what the
// text is for: what must be escaped in a value (in a subject, say) is the caller's business.
//
// Values; const access from several threads is safe.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fleetmint {

// Variables are what templates may name, with their values.
using Variables = std::map<std::string, std::string, std::less<>>;

class Template {
 public:
  // Parse throws Error(kInput) with a hint: a '{' without '}'.
  static Template Parse(std::string_view text);
  // Verbatim is a template that gives `text` itself.
  static Template Verbatim(std::string_view text);

  // Substitute puts in the values of `variables`; the names in `later` stay as they are. Throws
  // Error(kInput), with a suggestion, for a name that is in neither.
  Template Substitute(const Variables& variables, std::span<const std::string_view> later) const;

  // Binding is a variable's value, for the time of a call.
  struct Binding {
    std::string_view name, value;
  };
  // Fill makes `into` the text with every variable put in, and uses its memory again: a million
  // endpoints fill in the same templates. Throws as Substitute does.
  void Fill(std::span<const Binding> bindings, std::string& into) const;

  // ToString gives the template as Parse reads it, the same text for equal templates.
  std::string ToString() const;

 private:
  struct Part {
    bool variable = false;
    std::string text;  // as it is, or the name of the variable
  };

  void AddText(std::string_view text);
  [[noreturn]] void ThrowUnknown(const std::string& name, std::vector<std::string> known) const;

  std::vector<Part> parts_;  // no two neighbours are texts, no text is empty
};

}  // namespace fleetmint

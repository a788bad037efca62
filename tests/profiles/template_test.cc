// Templates: what {name} becomes, and what is refused instead of issued as it stands.
#include "profiles/template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "engine/base/error.h"

namespace fleetmint {
namespace {

using ::testing::HasSubstr;

const Variables kVariables{
    {"host", "ws-1"}, {"fqdn", "ws-1.example"}, {"empty", ""}, {"braces", "{host}"}};

std::string Filled(const Template& text) {
  std::vector<Template::Binding> bindings;
  for (const auto& [name, value] : kVariables) bindings.push_back({name, value});
  std::string into = "what was there before";
  text.Fill(bindings, into);
  return into;
}

TEST(TemplateTest, FillsInVariablesAndKeepsTheRest) {
  struct Case {
    const char* text;
    const char* filled;
  };
  for (const Case& c : {
           Case{"", ""}, Case{"plain", "plain"}, Case{"{host}", "ws-1"},
           Case{"a {host} b {fqdn}{host}", "a ws-1 b ws-1.examplews-1"}, Case{"[{empty}]", "[]"},
           Case{"{{host}}", "{host}"}, Case{"{{{host}}}", "{ws-1}"}, Case{"{{", "{"},
           Case{"}}", "}"}, Case{"a } b", "a } b"},
           Case{"{braces}", "{host}"},  // a value is never a template itself
       }) {
    EXPECT_EQ(Filled(Template::Parse(c.text)), c.filled) << c.text;
  }
  EXPECT_EQ(Filled(Template::Verbatim("a{host}{{}")), "a{host}{{}");
  EXPECT_EQ(Filled(Template::Verbatim("")), "");
}

// What is filled in late must come out as if all had been filled in at once.
TEST(TemplateTest, SubstituteLeavesALaterVariableAndEscapesWhatItPutsIn) {
  struct Case {
    const char* text;
    const char* substituted;
    const char* filled;
  };
  constexpr std::array<std::string_view, 1> kLater{"host"};
  const Variables early{{"braces", "{host}"}, {"empty", ""}, {"x", "X"}};
  for (const Case& c : {
           Case{"{x}{host}", "X{host}", "Xws-1"},
           Case{"{host}{braces}{{{host}}}", "{host}{{host}}{{{host}}}", "ws-1{host}{ws-1}"},
           Case{"{empty}", "", ""},
           Case{"{{x}} } {empty}{x}{x}", "{{x}} }} XX", "{x} } XX"},
       }) {
    const Template substituted = Template::Parse(c.text).Substitute(early, kLater);
    EXPECT_EQ(substituted.ToString(), c.substituted) << c.text;
    EXPECT_EQ(Filled(substituted), c.filled) << c.text;
    EXPECT_EQ(Template::Parse(c.substituted).ToString(), c.substituted);
  }
}

// What Parse, or filling in, says of `text`.
Fault FaultOf(const std::string& text) {
  try {
    Filled(Template::Parse(text));
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    return error.faults()[0];
  }
  ADD_FAILURE() << text << " was accepted";
  return {};
}

TEST(TemplateTest, UnknownVariablesAndOpenBracesAreFaultsWithTheRemedy) {
  struct Case {
    const char* text;
    const char* message;
    const char* remedy;
  };
  for (const Case& c : {
           Case{"CN={hosts}", "unknown variable '{hosts}' in 'CN={hosts}'", "did you mean 'host'?"},
           Case{"{Host}", "unknown variable '{Host}'", "did you mean 'host'?"},
           Case{"{ host }", "unknown variable '{ host }'", "did you mean 'host'?"},
           Case{"{}", "unknown variable '{}'", "expected one of: braces empty fqdn host"},
           Case{"{application_server}", "unknown variable", "expected one of: braces empty fqdn"},
           Case{"a {host", "'{' without '}' in 'a {host'", "write '{{'"},
           Case{"{", "'{' without '}'", ""},
       }) {
    const Fault fault = FaultOf(c.text);
    EXPECT_THAT(fault.message, HasSubstr(c.message));
    EXPECT_THAT(fault.hint, HasSubstr(c.remedy));
  }
}

}  // namespace
}  // namespace fleetmint

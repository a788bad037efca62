// Templates: what {name} becomes, and what is refused instead of issued as it stands.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "profiles/profile.h"

namespace fleetmint {
namespace {

using ::testing::HasSubstr;

const Variables kVariables{
    {"host", "ws-1"}, {"fqdn", "ws-1.example"}, {"empty", ""}, {"braces", "{host}"}};

TEST(TemplateTest, FillsInVariablesAndKeepsTheRest) {
  struct Case {
    const char* text;
    const char* expanded;
  };
  for (const Case& c : {
           Case{"", ""}, Case{"plain", "plain"}, Case{"{host}", "ws-1"},
           Case{"a {host} b {fqdn}{host}", "a ws-1 b ws-1.examplews-1"}, Case{"[{empty}]", "[]"},
           Case{"{{host}}", "{host}"}, Case{"{{{host}}}", "{ws-1}"}, Case{"{{", "{"},
           Case{"}}", "}"}, Case{"a } b", "a } b"},
           Case{"{braces}", "{host}"},  // a value is never a template itself
       }) {
    Fault fault;
    EXPECT_EQ(ExpandTemplate(c.text, kVariables, &fault), c.expanded) << c.text;
    EXPECT_EQ(fault.message, "") << c.text;
  }
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
    Fault fault;
    EXPECT_FALSE(ExpandTemplate(c.text, kVariables, &fault)) << c.text;
    EXPECT_THAT(fault.message, HasSubstr(c.message));
    EXPECT_THAT(fault.hint, HasSubstr(c.remedy));
  }
}

}  // namespace
}  // namespace fleetmint

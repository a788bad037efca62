// Where a bundle's password comes from, as text and back.
#include "profiles/password_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/error.h"

namespace fleetmint {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(PasswordSourceTest, ReadsAndWritesEachKind) {
  struct Case {
    const char* text;
    PasswordSource source;
  };
  for (const Case& c : {
           Case{"derived", {}},
           Case{"file:pw.txt", {PasswordSource::Kind::kFile, "pw.txt"}},
           Case{"file:/a b/{host}:1.txt", {PasswordSource::Kind::kFile, "/a b/{host}:1.txt"}},
           Case{"csv:../passwords.csv", {PasswordSource::Kind::kCsv, "../passwords.csv"}},
           Case{"csv:file:x", {PasswordSource::Kind::kCsv, "file:x"}},
       }) {
    EXPECT_EQ(PasswordSource::Parse(c.text), c.source) << c.text;
    EXPECT_EQ(c.source.ToString(), c.text);
  }
}

// The text may be a password that was meant well: no message may repeat it.
TEST(PasswordSourceTest, AnythingElseIsRefusedAndNotRepeated) {
  for (const char* text : {"hunter2", "Derived", "derived ", "file", "file:", "csv:", "FILE:x",
                           "env:PASSWORD", "", "fd:3"}) {
    try {
      PasswordSource::Parse(text);
      ADD_FAILURE() << "'" << text << "' was accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput);
      EXPECT_THAT(error.what(), HasSubstr("hint: write derived, file:PATH or csv:PATH"));
      EXPECT_THAT(error.what(), Not(HasSubstr("'" + std::string(text) + "'")));
    }
  }
  try {
    PasswordSource::Parse("hunter2");
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), Not(HasSubstr("hunter2")));
  }
}

}  // namespace
}  // namespace fleetmint

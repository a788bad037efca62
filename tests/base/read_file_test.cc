// Files that a user names: every refusal is of the kind and the cause that the caller may count on.
#include "engine/base/read_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <thread>

#include "tests/support/temp_dir.h"
#include "tests/support/thrown.h"

namespace fleetmint {
namespace {

TEST(ReadFileTest, EveryErrorIsOfTheKindThatWasAskedFor) {
  const TempDir temp;
  temp.Write("file", "12345");
  struct Case {
    std::string path;
    const char* reason;
    ErrorCause cause;
  };
  for (const Case& c : {Case{temp / "absent", "No such file", ErrorCause::kAbsent},
                        Case{temp / "file/under", "Not a directory", ErrorCause::kOther},
                        Case{temp.path(), "Is a directory", ErrorCause::kOther},
                        Case{temp / "file", "is larger than 4 bytes", ErrorCause::kOther}}) {
    const auto whole = ThrownBy([&] { ReadWholeFile(c.path, 4); });
    const auto secret = ThrownBy([&] { ReadSecretFile(c.path, 4, ErrorKind::kAuthority); });
    ASSERT_TRUE(whole && secret) << c.path;
    EXPECT_EQ(whole->kind(), ErrorKind::kInput);
    EXPECT_EQ(secret->kind(), ErrorKind::kAuthority);
    for (const Error* error : {&*whole, &*secret}) {
      EXPECT_EQ(error->cause(), c.cause) << c.path;
      EXPECT_NE(std::string(error->what()).find(c.reason), std::string::npos) << error->what();
      EXPECT_NE(std::string(error->what()).find(c.path), std::string::npos) << error->what();
    }
  }
  EXPECT_EQ(AsText(ReadWholeFile(temp / "file", 5)), "12345");
}

// If this failed, a passphrase that everybody can read would be used without a word.
TEST(ReadFileTest, ASecretThatOthersMayReadIsRefusedWithItsRemedy) {
  const TempDir temp;
  for (const mode_t mode : {0640, 0604, 0620, 0602, 0610}) {
    const auto error =
        ThrownBy([&] { ReadSecretFile(temp.Write("s", "x", mode), 9, ErrorKind::kInput); });
    ASSERT_TRUE(error) << mode;
    EXPECT_NE(error->faults()[0].hint.find("chmod 600"), std::string::npos);
  }
  const SecretBytes secret = ReadSecretFile(temp.Write("s", "x", 0400), 9, ErrorKind::kInput);
  EXPECT_EQ(AsText(secret), "x");
}

TEST(ReadFileTest, APipeIsReadToItsEnd) {
  const TempDir temp;
  const std::string path = temp / "pipe";
  ASSERT_EQ(::mkfifo(path.c_str(), 0644), 0);
  const std::string text(100'000, 'p');
  std::thread writer([&] { std::ofstream(path) << text; });
  const SecretBytes content = ReadSecretFile(path, 1 << 20U, ErrorKind::kInput);
  writer.join();
  EXPECT_EQ(AsText(content), text);
}

}  // namespace
}  // namespace fleetmint

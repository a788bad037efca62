// Names as other programs read them: OpenSSL and Java show a generated subject as the text that
// made it, in the same order and with the same values.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <random>

#include "engine/base/pem.h"
#include "engine/x509/name.h"
#include "tests/support/run_program.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_chain.h"

namespace fleetmint {
namespace {

// Of several parts, with every character that RFC 4514 escapes.
std::vector<Name> GeneratedNames() {
  std::mt19937 random(13);
  const auto below = [&](std::size_t end) { return random() % end; };
  static const std::vector<std::string> kPieces{
      "a",  "Z", "0", " ", "  ", ",", "+", "\"", "\\", "<",        ">",
      ";",  "=", "#", "/", ".",  "-", "'", "@",  ":",  "\xC3\xBC", "\xF0\x9F\x98\x80",
      "O=", "C", "*"};
  std::vector<Name> names;
  while (names.size() < 40) {
    Name name{{{"C", "DE"}}};
    for (const char* const type : {"DC", "O", "OU", "OU", "L", "CN"}) {
      std::string value;
      for (std::size_t i = 1 + below(8); i != 0; --i) value += kPieces[below(kPieces.size())];
      const bool ascii =
          std::all_of(value.begin(), value.end(), [](char c) { return (c & 0x80) == 0; });
      if (below(2) == 0 && (ascii || std::string(type) != "DC")) {
        name.attributes.push_back({type, value});
      }
    }
    if (below(2) == 0) std::shuffle(name.attributes.begin(), name.attributes.end(), random);
    names.push_back(std::move(name));
  }
  return names;
}

Bytes CertificateOf(const Name& subject) {
  static const PrivateKey key = NewKey({KeyAlgorithm::kEcdsa, 256});
  CertificateSpec spec = LeafSpec("CN=x");
  spec.subject = subject;
  return SignWith(key, Name::Parse("CN=Test Root"), spec, key.spki());
}

TEST(NameOpponentsTest, OpensslShowsTheSameText) {
  for (const Name& name : GeneratedNames()) {
    const auto shown = RunProgram(
        {"openssl", "x509", "-inform", "DER", "-noout", "-subject", "-nameopt", "RFC2253,-esc_msb"},
        AsText(CertificateOf(name)));
    ASSERT_TRUE(shown.ok()) << shown;
    std::string text = shown.out.substr(shown.out.find('=') + 1);
    text.pop_back();
    // OpenSSL puts no space between parts, and nothing in front of a slash.
    std::string ours;
    for (auto at = name.attributes.rbegin(); at != name.attributes.rend(); ++at) {
      ours += (ours.empty() ? "" : ",") + Name{{*at}}.ToString(NameOrder::kEncoded);
    }
    EXPECT_EQ(text, ours);
    EXPECT_EQ(Name::Parse(name.ToString()), name) << name.ToString();
    EXPECT_EQ(NameToString(name.Encode()), name.ToString());
  }
}

TEST(NameOpponentsTest, JavaReadsTheSameNames) {
  if (!HasProgram("java")) GTEST_SKIP() << "no java";
  const TempDir dir;
  const std::string file = dir.path() + "/all.pem";
  const std::vector<Name> names = GeneratedNames();
  std::ofstream pem(file);
  for (const Name& name : names) pem << PemEncode("CERTIFICATE", CertificateOf(name));
  pem.close();
  const auto judged =
      RunProgram({"java", std::string(FLEETMINT_SOURCE_DIR) + "/tests/x509/NameJudge.java", file});
  if (!judged.ok()) GTEST_SKIP() << "java without a compiler: " << judged;
  std::istringstream lines(judged.out);
  std::string line;
  for (const Name& name : names) {
    ASSERT_TRUE(std::getline(lines, line));
    // Slashes are nothing to Java, so its text is read as that of a record: in the order given.
    Name read = Name::Parse(line, NameOrder::kEncoded);
    std::reverse(read.attributes.begin(), read.attributes.end());
    EXPECT_EQ(read, name) << line;
  }
}

}  // namespace
}  // namespace fleetmint

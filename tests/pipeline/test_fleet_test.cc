// Test fleets: the same seed makes the same bytes, on every kernel, whatever threads and chunks;
// everything is marked; what is seeded can come out of nothing else.
#include "engine/pipeline/test_fleet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "engine/base/ber.h"
#include "engine/base/pem.h"
#include "engine/prime/kernel.h"
#include "engine/x509/certificate.h"
#include "tests/support/issue_fleet.h"
#include "tests/support/temp_dir.h"

namespace fleetmint {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

// Nobody but TestFleet gets a mark, and nothing seeded comes without one.
static_assert(!std::is_default_constructible_v<TestMark>);
static_assert(!std::is_aggregate_v<TestMark>);
static_assert(!std::is_constructible_v<SeededStreams, std::uint64_t, std::string_view>);
static_assert(!std::is_convertible_v<std::uint64_t, TestMark>);

class SilentObserver final : public RunObserver {
 public:
  void Acknowledged(std::span<const std::string>, std::size_t) override {}
  void Failed(const std::string&, const std::string&) override {}
};

Bytes Content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The files that a seed decides, with their names: not the ledger (as a file), whose lock it was,
// nor how its run was cut into chunks.
Sha256Digest HashOf(const fs::path& directory) {
  std::set<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    const std::string path = entry.path().lexically_relative(directory).string();
    const bool decided = path != "ca/run.lock" && !path.starts_with("ca/ledger.db") &&
                         path != "out/.head" && !path.starts_with("out/.runs/");
    if (entry.is_regular_file() && decided) files.insert(path);
  }
  Bytes all;
  for (const fs::path& path : files) {
    const Sha256Digest name = Sha256(AsBytes(path.string()));
    const Sha256Digest content = Sha256(Content(directory / path));
    all.insert(all.end(), name.begin(), name.end());
    all.insert(all.end(), content.begin(), content.end());
  }
  return Sha256(all);
}

class TestFleetTest : public ::testing::Test {
 protected:
  TestFleetOptions Options() {
    TestFleetOptions options;
    options.directory = dir_ / ("fleet-" + std::to_string(made_++));
    options.hosts = 6;
    options.seed = 7;
    options.now = ParseRfc3339("2026-01-01T00:00:00Z");
    options.threads = 2;
    return options;
  }
  static TestFleetReport Make(const TestFleetOptions& options) {
    SilentObserver observer;
    NullLog log;
    return TestFleet::Make(options, Catalog::Builtin(), observer, log);
  }
  static std::string Hash(const TestFleetOptions& options) {
    Make(options);
    return ToHex(HashOf(options.directory));
  }

  TempDir dir_;
  int made_ = 0;
};

// Golden: of every machine, kernel, number of threads, chunk and version of Botan. A change of
// these is a change for everybody who keeps bytes of a test fleet.
constexpr const char* kRsaFleet =
    "439f9a687300aad8329a689337b4df8fbe75ab09df65aa5de24dc1bf3d5d4b1c";
constexpr const char* kP256Fleet =
    "dd9d635bce595a86efc9baaec869166fa513965faaee70511ed973b65ebe3039";

TEST_F(TestFleetTest, RsaFleetsAreTheSameOnEveryKernel) {
  for (const std::string_view name : prime::kKernelNames) {
    const prime::Kernel* const kernel = prime::FindKernel(std::string(name));
    if (kernel == nullptr) continue;
    for (const auto& [threads, chunk] : {std::pair{1U, 64U}, {2U, 8U}, {16U, 1U}}) {
      TestFleetOptions options = Options();
      options.keys.kernel = kernel;
      options.threads = threads;
      options.chunk = chunk;
      EXPECT_EQ(Hash(options), kRsaFleet) << name << ", " << threads << " threads";
    }
  }
}

TEST_F(TestFleetTest, ThreadsAndChunksChangeNothing) {
  for (const unsigned threads : {1U, 2U, 16U}) {
    for (const std::size_t chunk : {1U, 64U}) {
      TestFleetOptions options = Options();
      options.hosts = 20;
      options.key = KeySpec{KeyAlgorithm::kEcdsa, 256};
      options.faults = FaultWords();
      options.pem = options.pem_combined = true;
      options.threads = threads;
      options.chunk = chunk;
      EXPECT_EQ(Hash(options), kP256Fleet) << threads << " threads, chunks of " << chunk;
    }
  }
}

TEST_F(TestFleetTest, AnotherSeedOrTimeMakesOtherKeys) {
  std::set<Bytes> keys;
  for (const std::uint64_t seed : {1U, 2U}) {
    for (const char* now : {"2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"}) {
      TestFleetOptions options = Options();
      options.hosts = 1;
      options.seed = seed;
      options.key = KeySpec{KeyAlgorithm::kEcdsa, 256};
      options.pem = true;
      options.now = ParseRfc3339(now);
      Make(options);
      keys.insert(Content(options.directory + "/pem/host-0001.test.key.pem"));
      keys.insert(Content(options.directory + "/ca/root.key"));
    }
  }
  EXPECT_EQ(keys.size(), 4u) << "of two seeds two hosts' keys and two roots', whatever the time";
}

TEST_F(TestFleetTest, HostsKeepTheirKeysWhenOthersCome) {
  std::set<Bytes> keys;
  for (const std::size_t hosts : {1U, 9U}) {
    TestFleetOptions options = Options();
    options.hosts = hosts;
    options.pem = true;
    options.key = KeySpec{KeyAlgorithm::kEcdsa, 256};
    Make(options);
    keys.insert(Content(options.directory + "/pem/host-0001.test.key.pem"));
  }
  EXPECT_EQ(keys.size(), 1u);
}

TEST_F(TestFleetTest, EverythingIsMarkedAndNoCommandIssuesWithIt) {
  TestFleetOptions options = Options();
  options.hosts = 2;
  options.key = KeySpec{KeyAlgorithm::kEcdsa, 256};
  Make(options);
  const std::string ca = options.directory + "/ca";
  const Authority authority = Authority::Open(ca);
  EXPECT_TRUE(authority.test());
  for (const TierInfo& tier : authority.Tiers()) {
    EXPECT_THAT(tier.subject, HasSubstr("CN=TEST ")) << tier.name;
    EXPECT_THAT(tier.subject, HasSubstr("O=TEST ONLY")) << tier.name;
  }
  std::size_t leaves = 0;
  authority.ledger().ForEachCurrent(
      "test-fleet",
      [&](const IssuedRow& row) {
        ++leaves;
        const Certificate certificate = Certificate::Parse(row.der);
        EXPECT_THAT(NameToString(certificate.subject()), HasSubstr("O=TEST ONLY"));
        for (const std::string& name : certificate.san().dns) {
          EXPECT_TRUE(name.ends_with(".test")) << name;
        }
      },
      nullptr);
  EXPECT_EQ(leaves, 2u);
  const FixedClock clock(options.now);
  for (const bool disguised : {false, true}) {
    if (disguised) {
      std::string text(AsText(Content(ca + "/authority.yaml")));
      text.resize(text.find("test: true"));
      dir_.Write(fs::path(ca).lexically_relative(dir_.path()).string() + "/authority.yaml", text);
    }
    try {
      OpenIssuingWorkspace(ca, options.directory + "/out", "test-fleet", clock);
      FAIL() << "a test authority was opened to issue";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUsage);
      EXPECT_THAT(error.what(), HasSubstr("is a test authority"));
    }
  }
}

// Of these seeds the serial begins with ones: with its sign set it would be one octet too long.
TEST_F(TestFleetTest, NegativeSerialsAreDer) {
  for (const std::uint64_t seed : {63U, 385U, 444U}) {
    TestFleetOptions options = Options();
    options.hosts = 0;
    options.seed = seed;
    options.faults = {"negative-serial"};
    options.key = KeySpec{KeyAlgorithm::kEcdsa, 256};
    options.pem = true;
    Make(options);
    const Bytes text = Content(options.directory + "/faults/pem/negative-serial.test.crt.pem");
    const SecretBytes der = PemDecodeAll(AsText(text)).front().der;
    BerReader certificate = BerReader(der).Enter(ber::kSequence, "a certificate");
    BerReader tbs = certificate.Enter(ber::kSequence, "what is signed");
    tbs.Next();  // version
    EXPECT_EQ(tbs.Expect(ber::kInteger, "a serial").content[0] & 0xC0U, 0x80U) << seed;
  }
}

TEST_F(TestFleetTest, ItsCaIsNotImported) {
  TestFleetOptions options = Options();
  options.hosts = 1;
  options.key = KeySpec{KeyAlgorithm::kEcdsa, 256};
  Make(options);
  SystemRandom random;
  SystemStreams streams(random);
  const FixedClock clock(options.now);
  try {
    Authority::Import(dir_ / "imported",
                      {Content(options.directory + "/ca/issuing.key"),
                       Content(options.directory + "/out/chain.pem")},
                      {.random = random, .streams = streams, .clock = clock});
    FAIL() << "the CA of a test fleet was imported";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("is the CA of a test fleet"));
  }
}

TEST_F(TestFleetTest, NamesThatMeetAreRefused) {
  TestFleetOptions options = Options();
  options.hosts = 0;
  options.fleet_file = dir_ / "fleet.yaml";
  for (const char* second : {"{name: twin-a}", "{name: A.test}"}) {
    dir_.Write("fleet.yaml",
               std::string("fleet: acme\nprofile: mtls-client\nendpoints:\n  - {name: a, fault: "
                           "shared-key}\n  - ") +
                   second + "\n");
    try {
      Make(options);
      FAIL() << second;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("two endpoints of the test fleet are called"));
      EXPECT_FALSE(fs::exists(options.directory));
    }
  }
}

TEST_F(TestFleetTest, NamesOfAFleetFileAreMarked) {
  TestFleetOptions options = Options();
  options.fleet_file = dir_ / "fleet.yaml";
  dir_.Write("fleet.yaml",
             "fleet: acme\nprofile: mtls-client\ndefaults:\n  subject: \"CN=www.corp.com, "
             "O=Acme\"\n  sid: S-1-5-21-1-2-3-1000\n  not_after: 2020-01-01\n"
             "  email: real@corp.com\n  upn: real@corp.com\n  uri: 'https://corp.com/'\n  dns: "
             "[\"{host}.corp.example.com\", "
             "alias.corp.com, itAuth, ready.test]\nhosts: [a]\n");
  options.hosts = 0;
  options.key = KeySpec{KeyAlgorithm::kEcdsa, 256};
  Make(options);
  std::vector<std::string> names;
  Authority::Open(options.directory + "/ca")
      .ledger()
      .ForEachCurrent(
          "acme",
          [&](const IssuedRow& row) {
            EXPECT_EQ(row.endpoint, "a.test");
            const Certificate certificate = Certificate::Parse(row.der);
            names = certificate.san().dns;
            EXPECT_TRUE(certificate.san().uri.empty() && certificate.san().email.empty() &&
                        certificate.san().upn.empty())
                << "real accounts and services";
            EXPECT_EQ(NameToString(certificate.subject()), "CN=www.corp.com.test, O=TEST ONLY");
            EXPECT_EQ(certificate.Extension("1.3.6.1.4.1.311.25.2"), nullptr) << "a real account";
            EXPECT_GT(certificate.not_after(), options.now + std::chrono::days{4 * 365});
          },
          nullptr);
  EXPECT_THAT(names,
              ::testing::UnorderedElementsAre("a.test", "a.test.corp.example.com.test",
                                              "alias.corp.com.test", "itAuth", "ready.test"));
}

TEST_F(TestFleetTest, WhatFailsLeavesNothing) {
  TestFleetOptions options = Options();
  options.fleet_file = dir_ / "fleet.yaml";
  dir_.Write("fleet.yaml", "fleet: acme\nprofile: nobody-knows-it\nhosts: [a]\n");
  options.hosts = 0;
  options.password = "changeit";
  EXPECT_THROW(Make(options), Error);
  EXPECT_FALSE(fs::exists(options.directory));
  options = Options();
  options.hosts = 1;
  fs::create_directory(options.directory);
  dir_.Write(fs::path(options.directory).filename().string() + "/mine", "somebody's");
  EXPECT_THROW(Make(options), Error);
  EXPECT_TRUE(fs::exists(options.directory + "/mine")) << "what was there before was removed";
}

}  // namespace
}  // namespace fleetmint

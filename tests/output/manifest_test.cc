// The manifest: its fields are a contract with whoever rolls bundles out.
#include "output/manifest.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "tests/support/run_program.h"
#include "tests/support/thrown.h"

namespace fleetmint {
namespace {

using Json = nlohmann::ordered_json;

ManifestEntry Example() {
  ManifestEntry entry;
  entry.endpoint = "ws-0001";
  entry.fqdn = "ws-0001.corp.example.com";
  entry.profile = "observeit-agent";
  entry.subject = "CN=ws-0001.corp.example.com, O=\"A\\, B\"";
  entry.dns = {"itAuth", "ws-0001.corp.example.com"};
  entry.ip = {"10.0.0.5", "2001:db8::1"};
  entry.serial = "4f2a9c0100000000000000000000000f";
  entry.not_before = "2026-01-31T23:50:00Z";
  entry.not_after = "2027-01-31T23:59:59Z";
  entry.sha1 = std::string(40, 'a');
  entry.sha256 = std::string(64, 'b');
  entry.spki_sha256 = std::string(64, 'c');
  entry.issuer = std::string(64, 'd');
  entry.key = "RSA 2048";
  entry.files = {{"bundles/ws-0001.pfx", 4242, std::string(64, 'e')},
                 {"bundles/ws-0001.key.pem", 1800, std::string(64, 'f')}};
  entry.encryption = "modern";
  entry.supersedes = {{"41", std::string(40, '1'), std::string(64, '2')}};
  entry.state = "issued";
  entry.issued_at = "2026-02-01T00:00:00Z";
  return entry;
}

std::vector<std::string> Keys(const Json& object) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  return keys;
}

// The fields of README "Manifest", in this order: `endpoint` first is what install.sh searches.
TEST(ManifestJsonTest, FieldsAreTheContract) {
  const std::string line = ManifestJsonLine(Example());
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_TRUE(line.starts_with("{\"endpoint\":\"ws-0001\",")) << line;
  const Json json = Json::parse(line);
  EXPECT_EQ(Keys(json),
            (std::vector<std::string>{
                "endpoint",   "fqdn",       "profile",   "subject",  "dns",           "ip",
                "serial",     "not_before", "not_after", "sha1",     "sha256",        "spki_sha256",
                "issuer",     "key",        "bundle",    "bytes",    "bundle_sha256", "files",
                "encryption", "supersedes", "state",     "issued_at"}));
  EXPECT_EQ(json["bundle"], "bundles/ws-0001.pfx");
  EXPECT_EQ(json["bytes"], 4242);
  EXPECT_EQ(json["bundle_sha256"], std::string(64, 'e'));
  EXPECT_EQ(json["dns"], (Json::array({"itAuth", "ws-0001.corp.example.com"})));
  EXPECT_EQ(Keys(json["files"][1]), (std::vector<std::string>{"path", "bytes", "sha256"}));
  EXPECT_EQ(Keys(json["supersedes"][0]), (std::vector<std::string>{"serial", "sha1", "sha256"}));
}

TEST(ManifestJsonTest, RoundTrips) {
  EXPECT_EQ(ParseManifestJsonLine(ManifestJsonLine(Example())), Example());
  const ManifestEntry empty;
  EXPECT_EQ(ParseManifestJsonLine(ManifestJsonLine(empty)), empty);
  ManifestEntry strange = Example();
  strange.subject = "CN=\"quote\", O=back\\slash, L=t\tab, ST=\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80";
  EXPECT_EQ(ParseManifestJsonLine(ManifestJsonLine(strange)), strange);
}

// Lists with none or one member stay lists: a script that indexes them must not break.
TEST(ManifestJsonTest, ListsStayLists) {
  ManifestEntry entry = Example();
  entry.dns = {"one"};
  entry.ip.clear();
  entry.supersedes.clear();
  const Json json = Json::parse(ManifestJsonLine(entry));
  EXPECT_TRUE(json["dns"].is_array() && json["dns"].size() == 1);
  EXPECT_TRUE(json["ip"].is_array() && json["ip"].empty());
  EXPECT_TRUE(json["supersedes"].is_array() && json["supersedes"].empty());
  EXPECT_TRUE(json["files"].is_array() && json["files"].size() == 2);
}

// A manifest of a damaged file system must not end the run that writes or checks it.
TEST(ManifestJsonTest, BytesThatAreNotUtf8AreReplaced) {
  ManifestEntry entry = Example();
  entry.subject = "CN=\xFF";
  EXPECT_EQ(ParseManifestJsonLine(ManifestJsonLine(entry)).subject, "CN=\xEF\xBF\xBD");
}

TEST(ManifestJsonTest, WhatIsNoManifestLineIsRefused) {
  const Json good = Json::parse(ManifestJsonLine(Example()));
  const auto refused = [](const std::string& line) {
    const auto error = ThrownBy([&] { ParseManifestJsonLine(line); });
    return error && error->kind() == ErrorKind::kInput;
  };
  EXPECT_FALSE(refused(good.dump()));
  for (const char* line : {"", "{", "[]", "null", "3", "{}", "\"text\""}) {
    EXPECT_TRUE(refused(line)) << line;
  }
  for (const char* key : {"endpoint", "serial", "files", "supersedes", "dns", "state"}) {
    Json without = good, null = good, number = good;
    without.erase(key);
    EXPECT_TRUE(refused(without.dump())) << key << " is missing";
    null[key] = nullptr;
    EXPECT_TRUE(refused(null.dump())) << key << " is null";
    number[key] = 3;
    EXPECT_TRUE(refused(number.dump())) << key << " is a number";
  }
}

// OWASP "CSV injection": these first characters start a formula.
TEST(CsvTest, CellsAreNoFormulas) {
  struct Case {
    const char* text;
    const char* cell;
  };
  for (const Case& c :
       {Case{"plain", "plain"}, Case{"", ""}, Case{"=1+1", "'=1+1"}, Case{"+1", "'+1"},
        Case{"-1", "'-1"}, Case{"@SUM(A1)", "'@SUM(A1)"}, Case{"\tx", "'\tx"},
        Case{"\rx", "\"'\rx\""}, Case{"a=b", "a=b"}, Case{"ws-0001", "ws-0001"},
        Case{"a,b", "\"a,b\""}, Case{"say \"hi\"", "\"say \"\"hi\"\"\""},
        Case{"two\nlines", "\"two\nlines\""},
        Case{"=HYPERLINK(\"http://x\",\"y\")", "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\""}}) {
    EXPECT_EQ(CsvCell(c.text), c.cell) << c.text;
  }
}

// Python's csv module reads the lines back as they were meant.
TEST(CsvTest, AnotherReaderFindsEachFieldUnderItsName) {
  if (!HasProgram("python3")) GTEST_SKIP() << "python3 is not installed";
  ManifestEntry entry = Example();
  entry.subject = "CN=a \"b\", O=c\nd";
  static constexpr const char* kScript =
      "import csv, io, json, sys\n"
      "text = io.TextIOWrapper(sys.stdin.buffer, 'utf-8', newline='').read()\n"
      "rows = list(csv.DictReader(io.StringIO(text, newline=''), strict=True))\n"
      "print(json.dumps(rows))\n";
  const auto result = RunProgram({"python3", "-c", kScript},
                                 ManifestCsvHeader() + "\r\n" + ManifestCsvLine(entry) + "\r\n");
  ASSERT_TRUE(result.ok()) << result;
  const Json rows = Json::parse(result.out);
  ASSERT_EQ(rows.size(), 1u);
  const Json& row = rows[0];
  EXPECT_EQ(row.size(), 21u);
  EXPECT_FALSE(row.contains("null")) << "more cells than names";
  EXPECT_EQ(row["endpoint"], entry.endpoint);
  EXPECT_EQ(row["subject"], entry.subject);
  EXPECT_EQ(row["dns"], "itAuth ws-0001.corp.example.com");
  EXPECT_EQ(row["ip"], "10.0.0.5 2001:db8::1");
  EXPECT_EQ(row["bundle"], "bundles/ws-0001.pfx");
  EXPECT_EQ(row["bytes"], "4242");
  EXPECT_EQ(row["bundle_sha256"], std::string(64, 'e'));
  EXPECT_EQ(row["supersedes_sha1"], std::string(40, '1'));
  EXPECT_EQ(row["issued_at"], entry.issued_at);
}

}  // namespace
}  // namespace fleetmint

// The manifest: its fields are a contract with whoever rolls bundles out.
#include "output/manifest.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "tests/support/run_program.h"
#include "tests/support/test_chain.h"

namespace fleetmint {
namespace {

using Json = nlohmann::ordered_json;

// The certificate of ws-0002 and what else a line is made of.
class ManifestTest : public testing::Test {
 protected:
  ManifestLine Line() const {
    const Bytes& der = EcIdentity().certificate;
    const Sha1Digest sha1 = Sha1(der);
    const Sha256Digest sha256 = Sha256(der), spki = Sha256(EcIdentity().key.spki());
    const CertificateView view = CertificateView::Read(der);
    return MakeManifestLine({.certificate = view,
                             .settings = settings_,
                             .fleet = "acme",
                             .endpoint = "ws-0002",
                             .fqdn = "ws-0002.corp.example.com",
                             .serial = serial_,
                             .sha1 = sha1,
                             .sha256 = sha256,
                             .spki_sha256 = spki,
                             .issuer = "d0d0",
                             .files = files_,
                             .supersedes = supersedes_,
                             .state = "issued",
                             .issued_at = ParseRfc3339("2026-02-01T00:00:00Z")});
  }
  Json JsonOf() const { return Json::parse(Line().json); }

  Settings settings_{"mtls-client", "all", {{"key", "p256"}, {"install.exportable", "true"}}};
  Serial serial_{0x4f, 0x2a};
  std::vector<ManifestFile> files_{{"bundles/ws-0002.pfx", 4242, {0xee}},
                                   {"bundles/ws-0002.key.pem", 1800, {0xff}}};
  std::vector<ManifestSuperseded> supersedes_{{{0x41}, {0x11}, {0x22}}};
};

std::vector<std::string> Keys(const Json& object) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  return keys;
}

// The fields of README "What comes out", in this order: `endpoint` first is what install.sh
// searches.
TEST_F(ManifestTest, FieldsAreTheContract) {
  const std::string line = Line().json;
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_TRUE(line.starts_with("{\"endpoint\":\"ws-0002\",")) << line;
  const Json json = Json::parse(line);
  EXPECT_EQ(
      Keys(json),
      (std::vector<std::string>{
          "endpoint",       "fqdn",       "profile",   "subject", "dns",        "ip",
          "serial",         "not_before", "not_after", "sha1",    "sha256",     "spki_sha256",
          "subject_key_id", "issuer",     "key",       "bundle",  "bytes",      "bundle_sha256",
          "files",          "encryption", "alias",     "store",   "exportable", "supersedes",
          "state",          "issued_at",  "uri",       "email",   "upn"}));
  EXPECT_EQ(json["bundle"], "bundles/ws-0002.pfx");
  EXPECT_EQ(json["bytes"], 4242);
  EXPECT_EQ(json["bundle_sha256"], "ee" + std::string(62, '0'));
  EXPECT_EQ(Keys(json["files"][1]), (std::vector<std::string>{"path", "bytes", "sha256"}));
  EXPECT_EQ(Keys(json["supersedes"][0]), (std::vector<std::string>{"serial", "sha1", "sha256"}));
}

// Each field is what another reader finds in the certificate.
TEST_F(ManifestTest, FieldsOfTheCertificateAreWhatOpensslSees) {
  const Json json = JsonOf();
  const auto openssl = [](const std::vector<std::string>& what) {
    std::vector<std::string> command{"openssl", "x509", "-inform", "DER", "-noout"};
    command.insert(command.end(), what.begin(), what.end());
    const auto result = RunProgram(command, std::string(AsText(EcIdentity().certificate)));
    EXPECT_TRUE(result.ok()) << result;
    return result.out;
  };
  const auto digits = [](std::string text) {
    text.erase(0, text.find('=') + 1);
    std::erase_if(text, [](char c) { return c == ':' || c == '\n'; });
    std::transform(text.begin(), text.end(), text.begin(), ::tolower);
    return text;
  };
  EXPECT_EQ(json["sha1"], digits(openssl({"-fingerprint", "-sha1"})));
  EXPECT_EQ(json["sha256"], digits(openssl({"-fingerprint", "-sha256"})));
  EXPECT_EQ("subject=" + json["subject"].get<std::string>() + "\n",
            openssl({"-subject", "-nameopt", "RFC2253"}));
  const std::string dates = openssl({"-dates", "-dateopt", "iso_8601"});
  const auto date = [](const std::string& field) {
    std::string text = field;
    text[10] = ' ';
    return text;
  };
  EXPECT_NE(dates.find("notBefore=" + date(json["not_before"])), std::string::npos) << dates;
  EXPECT_NE(dates.find("notAfter=" + date(json["not_after"])), std::string::npos) << dates;
  std::string key_id = openssl({"-ext", "subjectKeyIdentifier"});
  key_id.erase(0, key_id.find('\n'));
  std::erase(key_id, ' ');
  EXPECT_EQ(json["subject_key_id"], digits(key_id));
  EXPECT_EQ(json["dns"], Json::array({"itAuth"}));
  EXPECT_NE(openssl({"-ext", "subjectAltName"}).find("DNS:itAuth"), std::string::npos);
}

TEST_F(ManifestTest, FieldsOfTheSettings) {
  const Json json = JsonOf();
  EXPECT_EQ(json["profile"], "mtls-client");
  EXPECT_EQ(json["key"], "ECDSA P-256");
  EXPECT_EQ(json["encryption"], "modern");
  EXPECT_EQ(json["store"], "LocalMachine\\My");
  EXPECT_EQ(json["exportable"], true);
  EXPECT_EQ(json["alias"], "acme-ws-0002-4f2a0000");
  files_.erase(files_.begin());
  EXPECT_EQ(JsonOf()["alias"], "") << "PEM files have none";
}

// Lists with none or one member stay lists: a script that indexes them must not break.
TEST_F(ManifestTest, ListsStayLists) {
  supersedes_.clear();
  const Json json = JsonOf();
  EXPECT_TRUE(json["dns"].is_array() && json["dns"].size() == 1);
  EXPECT_TRUE(json["ip"].is_array() && json["ip"].empty());
  EXPECT_TRUE(json["supersedes"].is_array() && json["supersedes"].empty());
  EXPECT_TRUE(json["files"].is_array() && json["files"].size() == 2);
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

// Python's csv module reads the lines back as they were meant: each field of the JSON, under its
// name.
TEST_F(ManifestTest, AnotherReaderFindsEachFieldUnderItsName) {
  if (!HasProgram("python3")) GTEST_SKIP() << "python3 is not installed";
  static constexpr const char* kScript =
      "import csv, io, json, sys\n"
      "text = io.TextIOWrapper(sys.stdin.buffer, 'utf-8', newline='').read()\n"
      "rows = list(csv.DictReader(io.StringIO(text, newline=''), strict=True))\n"
      "print(json.dumps(rows))\n";
  const ManifestLine line = Line();
  const auto result = RunProgram({"python3", "-c", kScript},
                                 ManifestCsvHeader() + kCsvLineEnd + line.csv + kCsvLineEnd);
  ASSERT_TRUE(result.ok()) << result;
  const Json rows = Json::parse(result.out);
  ASSERT_EQ(rows.size(), 1u);
  const Json& row = rows[0];
  EXPECT_FALSE(row.contains("null")) << "more cells than names";
  EXPECT_EQ(row["supersedes_sha1"], "11" + std::string(38, '0'));
  const Json json = Json::parse(line.json);
  EXPECT_EQ(row.size(), json.size() - 1) << "all but files; supersedes as supersedes_sha1";
  for (const auto& [name, value] : json.items()) {
    if (name == "files" || name == "supersedes") continue;
    std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    if (value.is_array()) text = value.empty() ? "" : value[0].get<std::string>();
    EXPECT_EQ(row[name], text) << name;
  }
}

}  // namespace
}  // namespace fleetmint

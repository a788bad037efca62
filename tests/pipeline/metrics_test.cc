// Metrics: that their number has a bound, and that they are named as dashboards expect.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <sstream>

#include "engine/pipeline/status.h"

namespace fleetmint {
namespace {

const Time kNow = ParseRfc3339("2026-03-01T12:00:00Z");

FleetStatus MakeFleet(int number) {
  FleetStatus fleet;
  fleet.fleet = "fleet-" + std::to_string(number);
  fleet.profile = "agent";
  fleet.current = static_cast<std::size_t>(number) + 1;
  fleet.next_end = kNow + Seconds{1'000'000 - number};
  fleet.weeks[1] = fleet.current;
  return fleet;
}

CaStatus MakeCa(int number) {
  CaStatus ca;
  ca.tier = "issuing";
  ca.name = Name::Parse("CN=CA " + std::to_string(number) + ", O=Example, C=DE");
  ca.issuer = Name{{{"CN", "\"Root\""}}};
  ca.serial =
      Bytes{0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, static_cast<std::uint8_t>(number)};
  ca.path = "/srv/ca/issuing.crt";
  ca.not_before = kNow;
  ca.not_after = kNow + Seconds{1000};
  return ca;
}

CrlStatus MakeCrl(int number) {
  CrlStatus crl;
  crl.issuer_name = Name::Parse("CN=CA " + std::to_string(number));
  crl.file = "issuing-" + std::to_string(number) + ".crl";
  crl.path = "/srv/ca/crl/" + crl.file;
  crl.present = true;
  crl.number = 1772366400000000;
  crl.this_update = kNow;
  crl.next_update = kNow + Seconds{1000 - number};
  crl.unpublished = 1;
  return crl;
}

std::vector<std::string> Series(const AuthorityStatus& status) {
  std::istringstream text(Metrics(status));
  std::vector<std::string> series;
  for (std::string line; std::getline(text, line);) {
    if (line.front() != '#') series.push_back(line);
  }
  return series;
}

std::int64_t ValueOf(const std::string& line) { return std::stoll(line.substr(line.rfind(' '))); }

bool Has(const std::vector<std::string>& series, const std::string& line) {
  return std::find(series.begin(), series.end(), line) != series.end();
}

// Whatever an authority has been through, a scrape stays small; and no endpoint is uncounted.
TEST(Metrics, NeverMoreThanAThousandSeries) {
  AuthorityStatus status;
  status.now = kNow;
  std::int64_t endpoints = 0;
  for (int i = 0; i < 1500; ++i) {
    status.fleets.push_back(MakeFleet(i));
    endpoints += i + 1;
  }
  for (int i = 0; i < 200; ++i) status.cas.push_back(MakeCa(i));
  for (int i = 0; i < 300; ++i) status.crls.push_back(MakeCrl(i));
  const std::vector<std::string> series = Series(status);
  EXPECT_GT(endpoints, 1'000'000);
  EXPECT_GT(series.size(), 500U);
  EXPECT_LE(series.size(), kMostSeries);
  std::int64_t counted = 0;
  for (const std::string& line : series) {
    if (line.find("state=\"current\"") != std::string::npos) counted += ValueOf(line);
  }
  EXPECT_EQ(counted, endpoints);
  EXPECT_TRUE(Has(series, "fleetmint_revocations_unpublished 300"));
  // The largest fleets are told by name, and the first CRL to be replaced is not left out.
  EXPECT_TRUE(
      Has(series,
          "fleetmint_certificates{fleet=\"fleet-1499\",profile=\"agent\",state=\"current\"} 1500"));
  EXPECT_TRUE(std::any_of(series.begin(), series.end(), [](const std::string& line) {
    return line.rfind("x509_crl_next_update{issuer_CN=\"CA 299\"", 0) == 0;
  }));
  // The first end of those that are counted together is that of one of them.
  EXPECT_TRUE(Has(
      series, "fleetmint_next_end_timestamp_seconds{fleet=\"(others)\",profile=\"(others)\"} " +
                  std::to_string((kNow + Seconds{1'000'000 - 1435}).time_since_epoch().count())));
  // No series is there twice.
  std::vector<std::string> names;
  for (const std::string& line : series) names.push_back(line.substr(0, line.rfind(' ')));
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
}

TEST(Metrics, AFewFleetsAreAllToldByName) {
  AuthorityStatus status;
  status.now = kNow;
  for (int i = 0; i < 64; ++i) status.fleets.push_back(MakeFleet(i));
  EXPECT_EQ(Metrics(status).find("(others)"), std::string::npos);
}

// The forms of x509-certificate-exporter: a serial in decimal, a name's fields each in a label of
// its own, a CRL's number as label, too.
TEST(Metrics, LabelsAreThoseOfTheExporter) {
  AuthorityStatus status;
  status.now = kNow;
  status.cas.push_back(MakeCa(7));
  status.crls.push_back(MakeCrl(7));
  const std::vector<std::string> series = Series(status);
  EXPECT_TRUE(
      Has(series,
          "x509_cert_not_after{serial_number=\"18446744073709551623\",subject_C=\"DE\",subject_O="
          "\"Example\",subject_CN=\"CA 7\",issuer_CN=\"\\\"Root\\\"\",filename=\"issuing.crt\","
          "filepath=\"/srv/ca/issuing.crt\",tier=\"issuing\"} 1772367400"));
  EXPECT_TRUE(
      Has(series,
          "x509_crl_next_update{issuer_CN=\"CA 7\",crl_number=\"1772366400000000\",filename="
          "\"issuing-7.crl\",filepath=\"/srv/ca/crl/issuing-7.crl\"} 1772367393"));
  EXPECT_TRUE(std::any_of(series.begin(), series.end(), [](const std::string& line) {
    return line.rfind("x509_crl_stale{", 0) == 0 && ValueOf(line) == 0;
  }));
}

}  // namespace
}  // namespace fleetmint

#include "output/fault_line.h"

#include <nlohmann/json.hpp>

namespace fleetmint {

std::string MakeFaultLine(const FaultLine& line) {
  return nlohmann::ordered_json{{"endpoint", line.endpoint},
                                {"fqdn", line.fqdn},
                                {"fault", line.fault},
                                {"say", line.say},
                                {"bundle", line.bundle},
                                {"password", AsText(line.password)},
                                {"sha1", ToHex(Sha1(line.certificate))},
                                {"sha256", ToHex(Sha256(line.certificate))}}
      .dump();
}

}  // namespace fleetmint

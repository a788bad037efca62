// Encrypting a result with the `age` program, whose stdout is ours.
#pragma once

#include <string>

#include "engine/base/bytes.h"

namespace fleetmint::cli {

// EncryptWithAge pipes `text` through `age --encrypt --recipient RECIPIENT` to stdout. A recipient
// is public. Errors: kUsage if age is not installed or refuses the recipient.
void EncryptWithAge(const std::string& recipient, const SecretBytes& text);

}  // namespace fleetmint::cli

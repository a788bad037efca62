// Reading the files that a user names: inventories, PEM files, passphrases.
//
// A path is followed wherever it leads, symbolic links included. An absent file is an error of
// cause kAbsent. Any thread.
#pragma once

#include <cstddef>
#include <string>

#include "engine/base/bytes.h"
#include "engine/base/error.h"

namespace fleetmint {

// ReadWholeFile reads a file, or a pipe to its end. Refuses directories and more than `limit`
// bytes. `-` is not special. Errors: kInput.
Bytes ReadWholeFile(const std::string& path, std::size_t limit);

// ReadSecretFile does the same for a secret (password, passphrase, private key). Refuses a regular
// file that other users may read, before it is read; `kind` is the kind of every error.
SecretBytes ReadSecretFile(const std::string& path, std::size_t limit, ErrorKind kind);

}  // namespace fleetmint

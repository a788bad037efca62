// Where the passphrase comes from: a file, a descriptor, or the terminal; never argv.
#pragma once

#include <string>

#include "engine/authority/passphrase.h"
#include "engine/cli/process.h"

namespace fleetmint::cli {

// PassphraseOptions are the common options; `env_file` is the variable FLEETMINT_PASSPHRASE_FILE.
struct PassphraseOptions {
  std::string file;
  int descriptor = -1;
  std::string env_file;
  std::string option = "--passphrase-file";  // what a hint names
};

class UserPassphrase final : public PassphraseSource {
 public:
  UserPassphrase(const PassphraseOptions& options, Signals& signals)
      : options_(options), signals_(signals) {}
  // Get reads the first line of the file or descriptor, or asks on /dev/tty without echo.
  // Errors: kAuthority: a file that others may read, nothing there, no terminal; with
  // `confirm` fewer than 8 characters.
  SecretBytes Get(const std::string& purpose, bool confirm) override;

 private:
  SecretBytes Read(const std::string& purpose, bool confirm);
  static SecretBytes FromFile(const std::string& path);
  SecretBytes FromTerminal(const std::string& purpose, bool confirm);

  const PassphraseOptions& options_;
  Signals& signals_;
};

}  // namespace fleetmint::cli

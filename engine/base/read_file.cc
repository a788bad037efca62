#include "engine/base/read_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cstring>

#include "engine/base/descriptor_io.h"

namespace fleetmint {
namespace {

// Without the hints of ThrowFileError, which are for those who write.
Descriptor OpenToRead(const std::string& path, ErrorKind kind) {
  Descriptor file(Retry([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); }));
  if (file.IsOpen()) return file;
  throw Error::OfCause(kind, errno == ENOENT ? ErrorCause::kAbsent : ErrorCause::kOther,
                       "cannot read '" + path + "': " + std::strerror(errno));
}

}  // namespace

Bytes ReadWholeFile(const std::string& path, std::size_t limit) {
  const Descriptor file = OpenToRead(path, ErrorKind::kInput);
  return ReadAll<Bytes>(file, path, limit, ErrorKind::kInput);
}

SecretBytes ReadSecretFile(const std::string& path, std::size_t limit, ErrorKind kind) {
  const Descriptor file = OpenToRead(path, kind);
  struct stat status {};
  if (::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode) &&
      (status.st_mode & 077U) != 0) {
    throw Error::WithHint(kind, "'" + path + "' is secret, but open to other users",
                          "chmod 600 '" + path + "'");
  }
  return ReadAll<SecretBytes>(file, path, limit, kind);
}

}  // namespace fleetmint

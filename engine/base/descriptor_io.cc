#include "engine/base/descriptor_io.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "engine/base/counted.h"

namespace fleetmint {
namespace {

std::string HintFor(int error) {
  switch (error) {
    case ENOSPC:
      return "free some space, or inodes (df -i), and run the same command again";
    case EFBIG:
      return "raise the limit of a file's size (ulimit -f) and run the same command again";
    case EIO:
      return "the device failed (dmesg says more): let it be repaired, then run the same command "
             "again";
    case EDQUOT:
      return "the quota is used up: raise it and run the same command again";
    case EROFS:
    case EACCES:
    case EPERM:
      return "choose a directory that this user can write to";
    case EISDIR:
      return "move that directory away and run the same command again";
    case EMFILE:
    case ENFILE:
      return "raise the limit of open files (ulimit -n)";
    default:
      return "";
  }
}

}  // namespace

void ThrowFileError(ErrorKind kind, const std::string& action, const std::string& path, int error) {
  throw Error::OfCause(kind, error == ENOENT ? ErrorCause::kAbsent : ErrorCause::kOther,
                       "cannot " + action + " '" + path + "': " + std::strerror(error),
                       HintFor(error));
}

template <typename Buffer>
Buffer ReadAll(const Descriptor& file, const std::string& path, std::size_t limit, ErrorKind kind) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) ThrowFileError(kind, "read", path, errno);
  if (S_ISDIR(status.st_mode)) ThrowFileError(kind, "read", path, EISDIR);
  Buffer content;
  std::size_t used = 0;
  // One byte more than the size, so that the end is seen without growing.
  content.resize(std::min(limit, static_cast<std::size_t>(std::max<off_t>(0, status.st_size))) + 1);
  for (;;) {
    if (used == content.size()) content.resize(content.size() * 2);
    const ssize_t got =
        Retry([&] { return ::read(file.get(), content.data() + used, content.size() - used); });
    if (got < 0) ThrowFileError(kind, "read", path, errno);
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
    if (used > limit) {
      throw Error(kind, "'" + path + "' is larger than " + Counted(limit, "byte"));
    }
  }
  content.resize(used);
  return content;
}

template Bytes ReadAll<Bytes>(const Descriptor&, const std::string&, std::size_t, ErrorKind);
template SecretBytes ReadAll<SecretBytes>(const Descriptor&, const std::string&, std::size_t,
                                          ErrorKind);

void WriteAll(const Descriptor& file, ByteView content, const std::string& path) {
  for (std::size_t done = 0; done < content.size();) {
    const ssize_t put =
        Retry([&] { return ::write(file.get(), content.data() + done, content.size() - done); });
    if (put < 0) ThrowFileError(ErrorKind::kDisk, "write", path, errno);
    if (put == 0) ThrowFileError(ErrorKind::kDisk, "write", path, EIO);
    done += static_cast<std::size_t>(put);
  }
}

}  // namespace fleetmint

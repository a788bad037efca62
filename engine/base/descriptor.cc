#include "engine/base/descriptor.h"

#include <unistd.h>

#include <cerrno>

namespace fleetmint {

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

Descriptor::~Descriptor() {
  const int kept = errno;
  if (IsOpen()) ::close(fd_);
  errno = kept;
}

// Not repeated after EINTR: Linux has closed it by then (close(2)).
int Descriptor::Close() { return ::close(Release()) == 0 ? 0 : errno; }

}  // namespace fleetmint

// Descriptor: an open file descriptor with one owner, which closes it.
//
// Move-only. For one thread at a time, but what its number is given to (read, write, fsync) may be
// called from several.
#pragma once

#include <utility>

namespace fleetmint {

class Descriptor {
 public:
  // Takes over `fd`. A negative one, as a failed open gives, owns nothing.
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.Release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  // Closes without a report and leaves errno alone: whoever has written calls Close first.
  ~Descriptor();

  int get() const { return fd_; }
  bool IsOpen() const { return fd_ >= 0; }

  // Close gives 0, or the errno of close(2): a network file system may tell there that it could not
  // write. Either way nothing is owned any more.
  [[nodiscard]] int Close();
  // Release gives the number away: whoever gets it closes it.
  [[nodiscard]] int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

}  // namespace fleetmint

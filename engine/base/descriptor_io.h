// Descriptor I/O: reading and writing to the end, and the errors of files. Internal to base/.
//
// Any thread; not two at once with the same descriptor.
#pragma once

#include <cerrno>
#include <cstddef>
#include <string>

#include "engine/base/bytes.h"
#include "engine/base/descriptor.h"
#include "engine/base/error.h"

namespace fleetmint {

// ThrowFileError throws "cannot ACTION 'PATH': REASON" for an errno, with a hint where there is a
// remedy. Its cause is kAbsent for ENOENT.
[[noreturn]] void ThrowFileError(ErrorKind kind, const std::string& action, const std::string& path,
                                 int error);

// Retry repeats a system call that a signal interrupted.
template <typename Call>
auto Retry(Call call) {
  decltype(call()) result;
  do {
    result = call();
  } while (result < 0 && errno == EINTR);
  return result;
}

// ReadAll reads from where the descriptor stands to the end. Refuses directories, and more than
// `limit` bytes. `path` is for the errors, `kind` the kind of each. For Bytes and SecretBytes.
template <typename Buffer>
Buffer ReadAll(const Descriptor& file, const std::string& path, std::size_t limit, ErrorKind kind);

// WriteAll writes all of `content`. Errors: kDisk.
void WriteAll(const Descriptor& file, ByteView content, const std::string& path);

}  // namespace fleetmint

#include "engine/base/durable_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "engine/base/descriptor_io.h"
#include "engine/base/file_system_calls.h"

namespace fleetmint {
namespace {

[[noreturn]] void Fail(const std::string& action, const std::string& path, int error) {
  ThrowFileError(ErrorKind::kDisk, action, path, error);
}

}  // namespace

DurableFile::DurableFile(const Directory& directory, std::string_view name)
    : directory_(directory),
      name_(name),
      temporary_(TemporaryName(name)),
      file_(OpenBeneath(directory.descriptor(), temporary_, O_WRONLY | O_CREAT | O_TRUNC,
                        kFileMode)) {
  if (!file_.IsOpen()) Fail("create", directory_.PathOf(temporary_), errno);
}

DurableFile::~DurableFile() {
  if (!temporary_.empty()) ::unlinkat(directory_.descriptor(), temporary_.c_str(), 0);
}

void DurableFile::Append(ByteView content) {
  constexpr std::size_t kBufferBytes = std::size_t{1} << 20U;
  buffer_.insert(buffer_.end(), content.begin(), content.end());
  if (buffer_.size() >= kBufferBytes) Flush();
}

void DurableFile::Write(ByteView content) {
  Flush();
  WriteAll(file_, content, directory_.PathOf(temporary_));
}

void DurableFile::Flush() {
  WriteAll(file_, buffer_, directory_.PathOf(temporary_));
  buffer_.clear();
}

void DurableFile::Commit(Replace replace) {
  Flush();
  if (::fsync(file_.get()) != 0) Fail("sync", directory_.PathOf(temporary_), errno);
  if (const int error = file_.Close()) Fail("close", directory_.PathOf(temporary_), error);
  if (replace == Replace::kRefuse) {
    RenameIfAbsent();
  } else {
    directory_.Rename(temporary_, directory_, name_);
  }
  temporary_.clear();
  directory_.Sync();
}

void DurableFile::RenameIfAbsent() const {
  const int fd = directory_.descriptor();
  if (::renameat2(fd, temporary_.c_str(), fd, name_.c_str(), RENAME_NOREPLACE) == 0) return;
  if (errno != EINVAL && errno != ENOSYS) Fail("create", directory_.PathOf(name_), errno);
  // A file system without the flag: a hard link never replaces either.
  if (::linkat(fd, temporary_.c_str(), fd, name_.c_str(), 0) != 0)
    Fail("create", directory_.PathOf(name_), errno);
  directory_.Remove(temporary_);
}

}  // namespace fleetmint

#include "engine/base/directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "engine/base/descriptor_io.h"
#include "engine/base/durable_file.h"
#include "engine/base/error.h"
#include "engine/base/file_system_calls.h"

namespace fleetmint {
namespace {

[[noreturn]] void Fail(const std::string& action, const std::string& path, int error) {
  ThrowFileError(ErrorKind::kDisk, action, path, error);
}

// The descriptor of the directory itself again, for what changes or locks it.
Descriptor OpenAgain(int directory) {
  return Descriptor(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

FileLock LockDescriptor(Descriptor file, const std::string& path) {
  if (!file.IsOpen()) Fail("open", path, errno);
  if (Retry([&] { return ::flock(file.get(), LOCK_EX); }) != 0) Fail("lock", path, errno);
  return FileLock(std::move(file));
}

// O_NONBLOCK: a pipe in a file's place must not make its reader wait for ever.
Descriptor OpenRegular(const Directory& directory, std::string_view name) {
  const std::string path = directory.PathOf(name);
  Descriptor file = OpenBeneath(directory.descriptor(), name, O_RDONLY | O_NONBLOCK);
  if (!file.IsOpen()) Fail("read", path, errno);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) Fail("read", path, errno);
  if (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode))
    return file;  // ReadAll refuses the latter
  throw Error(ErrorKind::kDisk, "cannot read '" + path + "': it is no regular file");
}

// What there is under a name, symbolic links as themselves; false if it is absent.
bool Examine(const Directory& directory, std::string_view name, struct stat& status) {
  if (::fstatat(directory.descriptor(), std::string(name).c_str(), &status, AT_SYMLINK_NOFOLLOW) ==
      0) {
    return true;
  }
  if (errno == ENOENT || errno == ENOTDIR) return false;
  Fail("examine", directory.PathOf(name), errno);
}

}  // namespace

Directory Directory::Open(const std::string& path) {
  Descriptor directory(
      Retry([&] { return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
  if (!directory.IsOpen()) Fail("open directory", path, errno);
  return Directory(std::move(directory), path);
}

Directory Directory::Create(const std::string& path, unsigned mode) {
  const std::filesystem::path parent = std::filesystem::path(path).lexically_normal().parent_path();
  std::error_code error;
  if (!parent.empty()) std::filesystem::create_directories(parent, error);
  if (error) Fail("create directory", parent.string(), error.value());
  if (::mkdir(path.c_str(), mode) == 0) {
    Directory made = Open(path);
    // Whatever the umask.
    if (::fchmod(made.descriptor(), mode) != 0) Fail("set the mode of", path, errno);
    // The new entry is durable once its parent is.
    Open(parent.empty() ? "." : parent.string()).Sync();
    return made;
  }
  if (errno != EEXIST) Fail("create directory", path, errno);
  return Open(path);
}

Directory Directory::Subdirectory(std::string_view name) const {
  Descriptor directory = OpenBeneath(descriptor(), name, O_RDONLY | O_DIRECTORY);
  if (!directory.IsOpen()) Fail("open directory", PathOf(name), errno);
  return Directory(std::move(directory), PathOf(name));
}

Directory Directory::MakeSubdirectory(std::string_view name, unsigned mode) const {
  if (!IsPlainName(name)) Fail("create directory", PathOf(name), EINVAL);
  if (::mkdirat(descriptor(), std::string(name).c_str(), mode) != 0) {
    if (errno != EEXIST) Fail("create directory", PathOf(name), errno);
    return Subdirectory(name);
  }
  Directory made = Subdirectory(name);
  if (::fchmod(made.descriptor(), mode) != 0) Fail("set the mode of", made.path(), errno);
  Sync();
  return made;
}

std::string Directory::PathOf(std::string_view name) const {
  return path_ + (path_.ends_with('/') ? "" : "/") + std::string(name);
}

unsigned Directory::mode() const {
  struct stat status {};
  if (::fstat(descriptor(), &status) != 0) Fail("examine", path_, errno);
  return status.st_mode & 07777U;
}

bool Directory::Exists(std::string_view name) const { return FileMode(name).has_value(); }

bool Directory::IsDirectory(std::string_view name) const {
  struct stat status {};
  return Examine(*this, name, status) && S_ISDIR(status.st_mode);
}

std::optional<unsigned> Directory::FileMode(std::string_view name) const {
  struct stat status {};
  if (!Examine(*this, name, status)) return std::nullopt;
  return status.st_mode & 07777U;
}

std::optional<std::uint64_t> Directory::FileSize(std::string_view name) const {
  struct stat status {};
  if (!Examine(*this, name, status) || !S_ISREG(status.st_mode)) return std::nullopt;
  return static_cast<std::uint64_t>(status.st_size);
}

std::optional<unsigned> Directory::OwnerOf(std::string_view name) const {
  struct stat status {};
  if (!Examine(*this, name, status)) return std::nullopt;
  return status.st_uid;
}

std::vector<std::string> Directory::List() const {
  Descriptor copy = OpenAgain(descriptor());
  if (!copy.IsOpen()) Fail("list", path_, errno);
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(copy.get()), ::closedir);
  if (stream == nullptr) Fail("list", path_, errno);
  static_cast<void>(copy.Release());  // closedir closes it
  std::vector<std::string> names;
  for (errno = 0; const dirent* entry = ::readdir(stream.get()); errno = 0) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) Fail("list", path_, errno);
  std::sort(names.begin(), names.end());
  return names;
}

Bytes Directory::Read(std::string_view name, std::size_t limit) const {
  return ReadAll<Bytes>(OpenRegular(*this, name), PathOf(name), limit, ErrorKind::kDisk);
}

SecretBytes Directory::ReadSecret(std::string_view name, std::size_t limit) const {
  return ReadAll<SecretBytes>(OpenRegular(*this, name), PathOf(name), limit, ErrorKind::kDisk);
}

void Directory::Write(std::string_view name, ByteView content) const {
  Descriptor file = OpenBeneath(descriptor(), name, O_WRONLY | O_CREAT | O_TRUNC, kFileMode);
  if (!file.IsOpen()) Fail("create", PathOf(name), errno);
  WriteAll(file, content, PathOf(name));
  if (const int error = file.Close()) Fail("close", PathOf(name), error);
}

Bytes Directory::ReadRange(std::string_view name, std::uint64_t offset, std::uint64_t size) const {
  const Descriptor file = OpenRegular(*this, name);
  Bytes content(static_cast<std::size_t>(size));
  std::size_t used = 0;
  while (used < content.size()) {
    const ssize_t got = Retry([&] {
      return ::pread(file.get(), content.data() + used, content.size() - used,
                     static_cast<off_t>(offset + used));
    });
    if (got < 0) Fail("read", PathOf(name), errno);
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
  }
  content.resize(used);
  return content;
}

void Directory::Append(std::string_view name, ByteView content) const {
  Descriptor file = OpenBeneath(descriptor(), name, O_WRONLY | O_CREAT | O_APPEND, kFileMode);
  if (!file.IsOpen()) Fail("create", PathOf(name), errno);
  WriteAll(file, content, PathOf(name));
  if (const int error = file.Close()) Fail("close", PathOf(name), error);
}

void Directory::Truncate(std::string_view name, std::uint64_t size) const {
  const Descriptor file = OpenBeneath(descriptor(), name, O_WRONLY, 0);
  if (!file.IsOpen()) Fail("open", PathOf(name), errno);
  if (::ftruncate(file.get(), static_cast<off_t>(size)) != 0) Fail("cut", PathOf(name), errno);
  if (::fsync(file.get()) != 0) Fail("sync", PathOf(name), errno);
}

void Directory::WriteDurably(std::string_view name, ByteView content) const {
  DurableFile file(*this, name);
  file.Write(content);
  file.Commit();
}

void Directory::CreateDurably(std::string_view name, ByteView content) const {
  DurableFile file(*this, name);
  file.Write(content);
  file.Commit(DurableFile::Replace::kRefuse);
}

void Directory::Rename(std::string_view name, const Directory& to,
                       std::string_view new_name) const {
  const std::string from_name(name), to_name(new_name);
  if (!IsPlainName(name) || !IsPlainName(new_name)) Fail("rename to", to.PathOf(new_name), EINVAL);
  if (::renameat(descriptor(), from_name.c_str(), to.descriptor(), to_name.c_str()) != 0) {
    Fail("rename '" + PathOf(name) + "' to", to.PathOf(new_name), errno);
  }
}

void Directory::Remove(std::string_view name) const {
  if (!IsPlainName(name)) Fail("remove", PathOf(name), EINVAL);
  if (::unlinkat(descriptor(), std::string(name).c_str(), 0) != 0 && errno != ENOENT) {
    Fail("remove", PathOf(name), errno);
  }
}

FileLock Directory::Lock(std::string_view name) const {
  return LockDescriptor(OpenBeneath(descriptor(), name, O_RDONLY), PathOf(name));
}

FileLock Directory::LockItself() const { return LockDescriptor(OpenAgain(descriptor()), path_); }

void Directory::Sync() const {
  if (::fsync(descriptor()) != 0) Fail("sync directory", path_, errno);
}

void Directory::SyncFile(std::string_view name) const {
  const Descriptor file = OpenBeneath(descriptor(), name, O_RDONLY);
  if (!file.IsOpen()) Fail("open", PathOf(name), errno);
  if (::fsync(file.get()) != 0) Fail("sync", PathOf(name), errno);
}

bool Directory::SyncFileSystem() const { return SyncFileSystemOf(descriptor(), path_); }

bool Directory::HasOpenAt2() { return fleetmint::HasOpenAt2(); }

std::optional<std::string> Directory::DoubtOfSyncfs() const {
  return fleetmint::DoubtOfSyncfs(descriptor());
}

}  // namespace fleetmint

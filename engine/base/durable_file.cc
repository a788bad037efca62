#include "engine/base/durable_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

#include "engine/base/error.h"

namespace fleetmint {
namespace {

constexpr unsigned kFileMode = 0600;

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
    case EMFILE:
    case ENFILE:
      return "raise the limit of open files (ulimit -n)";
    default:
      return "";
  }
}

[[noreturn]] void Fail(const std::string& action, const std::string& path, int error) {
  throw Error(ErrorKind::kDisk, "cannot " + action + " '" + path + "': " + std::strerror(error), {},
              HintFor(error));
}

// Retry repeats a system call that a signal interrupted.
template <typename Call>
auto Retry(Call call) {
  decltype(call()) result;
  do {
    result = call();
  } while (result < 0 && errno == EINTR);
  return result;
}

// Descriptor closes itself.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  // Close reports the error that a network file system keeps for the last close.
  int Close() {
    const int result = ::close(fd_);
    fd_ = -1;
    return result;
  }

 private:
  int fd_;
};

// A name below a directory: one component, or several without `.` and `..`. openat2 enforces it in
// the kernel; this check stands in where openat2 is missing.
bool IsPlainName(std::string_view name) {
  if (name.empty() || name.front() == '/') return false;
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find('/', begin), name.size());
    const std::string_view part = name.substr(begin, end - begin);
    if (part.empty() || part == "." || part == "..") return false;
    begin = end + 1;
  }
  return true;
}

// Whether openat2 and syncfs work here is a fact of the machine, found out at the first call.
std::atomic<bool> openat2_missing{false};
std::atomic<bool> syncfs_missing{false};

template <typename Buffer>
Buffer ReadAll(int fd, const std::string& path, std::size_t limit) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) Fail("read", path, errno);
  if (S_ISDIR(status.st_mode)) Fail("read", path, EISDIR);
  Buffer content;
  std::size_t used = 0;
  // One byte more than the size, so that the end is seen without growing.
  content.resize(std::min(limit, static_cast<std::size_t>(std::max<off_t>(0, status.st_size))) + 1);
  for (;;) {
    if (used == content.size()) content.resize(content.size() * 2);
    const ssize_t got =
        Retry([&] { return ::read(fd, content.data() + used, content.size() - used); });
    if (got < 0) Fail("read", path, errno);
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
    if (used > limit) {
      throw Error(ErrorKind::kInput,
                  "'" + path + "' is larger than " + std::to_string(limit) + " bytes");
    }
  }
  content.resize(used);
  return content;
}

void WriteAll(int fd, ByteView content, const std::string& path) {
  for (std::size_t done = 0; done < content.size();) {
    const ssize_t put =
        Retry([&] { return ::write(fd, content.data() + done, content.size() - done); });
    if (put < 0) Fail("write", path, errno);
    if (put == 0) Fail("write", path, EIO);
    done += static_cast<std::size_t>(put);
  }
}

}  // namespace

Bytes ReadWholeFile(const std::string& path, std::size_t limit) {
  const Descriptor file(Retry([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); }));
  if (file.get() < 0) {
    throw Error(ErrorKind::kInput, "cannot read '" + path + "': " + std::strerror(errno));
  }
  return ReadAll<Bytes>(file.get(), path, limit);
}

SecretBytes ReadSecretFile(const std::string& path, std::size_t limit, ErrorKind kind) {
  const Descriptor file(Retry([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); }));
  if (file.get() < 0) throw Error(kind, "cannot read '" + path + "': " + std::strerror(errno));
  struct stat status {};
  if (::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode) &&
      (status.st_mode & 077U) != 0) {
    throw Error::WithHint(kind, "'" + path + "' is secret, but open to other users",
                          "chmod 600 '" + path + "'");
  }
  try {
    return ReadAll<SecretBytes>(file.get(), path, limit);
  } catch (const Error& error) {
    throw Error(kind, error.what());
  }
}

Directory Directory::Open(const std::string& path) {
  const int fd = Retry([&] { return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
  if (fd < 0) Fail("open directory", path, errno);
  return Directory(fd, path);
}

Directory Directory::Create(const std::string& path, unsigned mode) {
  const std::filesystem::path parent = std::filesystem::path(path).lexically_normal().parent_path();
  std::error_code error;
  if (!parent.empty()) std::filesystem::create_directories(parent, error);
  if (error) Fail("create directory", parent.string(), error.value());
  if (::mkdir(path.c_str(), mode) == 0) {
    Directory made = Open(path);
    if (::fchmod(made.fd_, mode) != 0) Fail("set the mode of", path, errno);  // whatever the umask
    // The new entry is durable once its parent is.
    Open(parent.empty() ? "." : parent.string()).Sync();
    return made;
  }
  if (errno != EEXIST) Fail("create directory", path, errno);
  return Open(path);
}

Directory::Directory(Directory&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)) {}

Directory& Directory::operator=(Directory&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(path_, other.path_);
  return *this;
}

Directory::~Directory() {
  if (fd_ >= 0) ::close(fd_);
}

int Directory::OpenBeneath(std::string_view name, int flags, unsigned mode) const {
  const std::string copy(name);
  if (!IsPlainName(name) || copy.size() != std::strlen(copy.c_str())) {
    errno = EINVAL;
    return -1;
  }
  if (!openat2_missing) {
    open_how how{};
    how.flags = static_cast<std::uint64_t>(flags) | O_CLOEXEC;
    how.mode = (flags & O_CREAT) != 0 ? mode : 0;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
    const long fd =
        Retry([&] { return ::syscall(SYS_openat2, fd_, copy.c_str(), &how, sizeof how); });
    // ENOSYS: a kernel before 5.6; EPERM: a container filter that does not know the call.
    if (fd >= 0 || (errno != ENOSYS && errno != EPERM)) return static_cast<int>(fd);
    openat2_missing = true;
  }
  return Retry([&] { return ::openat(fd_, copy.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, mode); });
}

Directory Directory::Subdirectory(std::string_view name) const {
  const int fd = OpenBeneath(name, O_RDONLY | O_DIRECTORY, 0);
  if (fd < 0) Fail("open directory", PathOf(name), errno);
  return Directory(fd, PathOf(name));
}

Directory Directory::MakeSubdirectory(std::string_view name, unsigned mode) const {
  const std::string copy(name);
  if (!IsPlainName(name)) Fail("create directory", PathOf(name), EINVAL);
  if (::mkdirat(fd_, copy.c_str(), mode) != 0) {
    if (errno != EEXIST) Fail("create directory", PathOf(name), errno);
    return Subdirectory(name);
  }
  Directory made = Subdirectory(name);
  if (::fchmod(made.fd_, mode) != 0) Fail("set the mode of", made.path_, errno);
  Sync();
  return made;
}

std::string Directory::PathOf(std::string_view name) const {
  return path_ + (path_.ends_with('/') ? "" : "/") + std::string(name);
}

unsigned Directory::mode() const {
  struct stat status {};
  if (::fstat(fd_, &status) != 0) Fail("examine", path_, errno);
  return status.st_mode & 07777U;
}

bool Directory::Exists(std::string_view name) const { return FileMode(name).has_value(); }

std::optional<unsigned> Directory::FileMode(std::string_view name) const {
  struct stat status {};
  if (::fstatat(fd_, std::string(name).c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return std::nullopt;
    Fail("examine", PathOf(name), errno);
  }
  return status.st_mode & 07777U;
}

std::optional<std::uint64_t> Directory::FileSize(std::string_view name) const {
  struct stat status {};
  if (::fstatat(fd_, std::string(name).c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    Fail("examine", PathOf(name), errno);
  }
  if (!S_ISREG(status.st_mode)) return std::nullopt;
  return static_cast<std::uint64_t>(status.st_size);
}

FileLock::~FileLock() {
  if (fd_ >= 0) ::close(fd_);
}

namespace {

FileLock LockDescriptor(int fd, const std::string& path) {
  if (fd < 0) Fail("open", path, errno);
  FileLock lock(fd);
  if (Retry([&] { return ::flock(fd, LOCK_EX); }) != 0) Fail("lock", path, errno);
  return lock;
}

}  // namespace

FileLock Directory::Lock(std::string_view name) const {
  return LockDescriptor(OpenBeneath(name, O_RDONLY, 0), PathOf(name));
}

FileLock Directory::LockItself() const {
  return LockDescriptor(::openat(fd_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), path_);
}

// O_NONBLOCK: a pipe in a file's place must not make its reader wait for ever.
int Directory::OpenRegular(std::string_view name) const {
  const int fd = OpenBeneath(name, O_RDONLY | O_NONBLOCK, 0);
  if (fd < 0) Fail("read", PathOf(name), errno);
  struct stat status {};
  if (::fstat(fd, &status) == 0 && (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode))) return fd;
  ::close(fd);
  throw Error(ErrorKind::kDisk, "cannot read '" + PathOf(name) + "': it is no regular file");
}

Bytes Directory::Read(std::string_view name, std::size_t limit) const {
  const Descriptor file(OpenRegular(name));
  return ReadAll<Bytes>(file.get(), PathOf(name), limit);
}

SecretBytes Directory::ReadSecret(std::string_view name, std::size_t limit) const {
  const Descriptor file(OpenRegular(name));
  return ReadAll<SecretBytes>(file.get(), PathOf(name), limit);
}

std::vector<std::string> Directory::List() const {
  const int copy = ::openat(fd_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (copy < 0) Fail("list", path_, errno);
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(copy), ::closedir);
  if (stream == nullptr) {
    ::close(copy);
    Fail("list", path_, errno);
  }
  std::vector<std::string> names;
  for (errno = 0; const dirent* entry = ::readdir(stream.get()); errno = 0) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) Fail("list", path_, errno);
  std::sort(names.begin(), names.end());
  return names;
}

void Directory::Write(std::string_view name, ByteView content) const {
  Descriptor file(OpenBeneath(name, O_WRONLY | O_CREAT | O_TRUNC, kFileMode));
  if (file.get() < 0) Fail("create", PathOf(name), errno);
  WriteAll(file.get(), content, PathOf(name));
  if (file.Close() != 0) Fail("close", PathOf(name), errno);
}

void Directory::WriteDurably(std::string_view name, ByteView content) const {
  DurableFile file(*this, name);
  file.Append(content);
  file.Commit();
}

void Directory::CreateDurably(std::string_view name, ByteView content) const {
  DurableFile file(*this, name);
  file.Append(content);
  file.Commit(DurableFile::Replace::kRefuse);
}

void Directory::Rename(std::string_view name, const Directory& to,
                       std::string_view new_name) const {
  const std::string from_name(name), to_name(new_name);
  if (!IsPlainName(name) || !IsPlainName(new_name)) Fail("rename to", to.PathOf(new_name), EINVAL);
  if (::renameat(fd_, from_name.c_str(), to.fd_, to_name.c_str()) != 0) {
    Fail("rename '" + PathOf(name) + "' to", to.PathOf(new_name), errno);
  }
}

std::optional<unsigned> Directory::OwnerOf(std::string_view name) const {
  struct stat status {};
  if (::fstatat(fd_, std::string(name).c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0)
    return status.st_uid;
  if (errno == ENOENT) return std::nullopt;
  Fail("examine", PathOf(name), errno);
}

void Directory::Remove(std::string_view name) const {
  if (!IsPlainName(name)) Fail("remove", PathOf(name), EINVAL);
  if (::unlinkat(fd_, std::string(name).c_str(), 0) != 0 && errno != ENOENT) {
    Fail("remove", PathOf(name), errno);
  }
}

void Directory::Sync() const {
  if (::fsync(fd_) != 0) Fail("sync directory", path_, errno);
}

void Directory::SyncFile(std::string_view name) const {
  const Descriptor file(OpenBeneath(name, O_RDONLY, 0));
  if (file.get() < 0) Fail("open", PathOf(name), errno);
  if (::fsync(file.get()) != 0) Fail("sync", PathOf(name), errno);
}

namespace {

// syncfs reports failed write-backs since Linux 5.8.
bool KernelReportsBySyncfs() {
  static const bool reports = [] {
    utsname name{};
    int major = 0, minor = 0;
    return ::uname(&name) == 0 && std::sscanf(name.release, "%d.%d", &major, &minor) == 2 &&
           (major > 5 || (major == 5 && minor >= 8));
  }();
  return reports;
}

}  // namespace

std::optional<std::string> Directory::DoubtOfSyncfs() const {
  if (syncfs_missing) return "syncfs is missing here";
  if (!KernelReportsBySyncfs()) return "this kernel does not report errors by syncfs";
  struct statfs status {};
  if (::fstatfs(fd_, &status) != 0) return "its file system is unknown";
  switch (static_cast<unsigned long>(status.f_type)) {
    case EXT4_SUPER_MAGIC:
    case XFS_SUPER_MAGIC:
    case BTRFS_SUPER_MAGIC:
    case F2FS_SUPER_MAGIC:
    case TMPFS_MAGIC:
      return std::nullopt;
    default:
      return "it is on a file system whose syncfs may hide errors (network, overlay or FUSE)";
  }
}

bool Directory::HasOpenAt2() { return !openat2_missing; }

bool Directory::SyncFileSystem() const {
  if (DoubtOfSyncfs()) return false;
  if (::syncfs(fd_) == 0) return true;
  if (errno == ENOSYS || errno == EPERM) {
    syncfs_missing = true;
    return false;
  }
  Fail("sync the file system of", path_, errno);
}

DurableFile::DurableFile(const Directory& directory, std::string_view name)
    : directory_(directory), name_(name), temporary_(TemporaryName(name)) {
  fd_ = directory_.OpenBeneath(temporary_, O_WRONLY | O_CREAT | O_TRUNC, kFileMode);
  if (fd_ < 0) Fail("create", directory_.PathOf(temporary_), errno);
}

DurableFile::~DurableFile() {
  if (fd_ >= 0) ::close(fd_);
  if (!temporary_.empty()) ::unlinkat(directory_.fd_, temporary_.c_str(), 0);
}

void DurableFile::Append(ByteView content) {
  constexpr std::size_t kBufferBytes = std::size_t{1} << 20U;
  buffer_.insert(buffer_.end(), content.begin(), content.end());
  if (buffer_.size() >= kBufferBytes) Flush();
}

void DurableFile::Flush() {
  WriteAll(fd_, buffer_, directory_.PathOf(temporary_));
  buffer_.clear();
}

void DurableFile::Commit(Replace replace) {
  Flush();
  if (::fsync(fd_) != 0) Fail("sync", directory_.PathOf(temporary_), errno);
  const int closed = ::close(std::exchange(fd_, -1));
  if (closed != 0) Fail("close", directory_.PathOf(temporary_), errno);
  if (replace == Replace::kRefuse) {
    RenameIfAbsent();
  } else {
    directory_.Rename(temporary_, directory_, name_);
  }
  temporary_.clear();
  directory_.Sync();
}

void DurableFile::RenameIfAbsent() const {
  const int fd = directory_.fd_;
  if (::renameat2(fd, temporary_.c_str(), fd, name_.c_str(), RENAME_NOREPLACE) == 0) return;
  if (errno != EINVAL && errno != ENOSYS) Fail("create", directory_.PathOf(name_), errno);
  // A file system without the flag: a hard link never replaces either.
  if (::linkat(fd, temporary_.c_str(), fd, name_.c_str(), 0) != 0)
    Fail("create", directory_.PathOf(name_), errno);
  directory_.Remove(temporary_);
}

}  // namespace fleetmint

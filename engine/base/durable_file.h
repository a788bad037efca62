// Durable files: directories as handles, files that are either whole or absent after a crash.
//
// Every name is resolved below an open directory with openat2(RESOLVE_BENEATH |
// RESOLVE_NO_SYMLINKS): no `..`, no symbolic link, no race. Where the kernel or a container filter
// lacks openat2, O_NOFOLLOW and a check of the name take its place. Files are created with mode
// 0600 whatever the umask.
//
// All errors are Error(kDisk) that name the path and the reason; a failed sync is never retried,
// because the kernel may have dropped the pages it could not write.
// A Directory may be used from several threads at once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/error.h"

namespace fleetmint {

// ReadWholeFile reads a file given by a user (inventory, passphrase, PEM); follows symbolic links.
// Refuses files over `limit` bytes. `-` is not special.
Bytes ReadWholeFile(const std::string& path, std::size_t limit);

// ReadSecretFile does the same for a secret (password, passphrase, private key). Refuses a regular
// file that other users may read, before it is read; `kind` is the kind of every error.
SecretBytes ReadSecretFile(const std::string& path, std::size_t limit, ErrorKind kind);

// FileLock holds a lock on a file until it is destroyed.
class FileLock {
 public:
  explicit FileLock(int fd) : fd_(fd) {}
  FileLock(FileLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock();

 private:
  int fd_;
};

class Directory {
 public:
  // Open opens an existing directory. `Create` makes it (and its parents) with `mode` if it is
  // absent.
  static Directory Open(const std::string& path);
  static Directory Create(const std::string& path, unsigned mode);

  Directory(Directory&&) noexcept;
  Directory& operator=(Directory&&) noexcept;
  ~Directory();

  // Subdirectory opens `name` below this directory; MakeSubdirectory creates it first if absent.
  Directory Subdirectory(std::string_view name) const;
  Directory MakeSubdirectory(std::string_view name, unsigned mode) const;

  const std::string& path() const { return path_; }
  std::string PathOf(std::string_view name) const;
  unsigned mode() const;  // permission bits

  bool Exists(std::string_view name) const;
  // FileMode gives the permission bits of a file, or nothing if it is absent.
  std::optional<unsigned> FileMode(std::string_view name) const;
  // FileSize gives the size of a regular file, or nothing if there is none.
  std::optional<std::uint64_t> FileSize(std::string_view name) const;
  // Read gives the whole file; throws if it is absent or larger than `limit`.
  Bytes Read(std::string_view name, std::size_t limit = kMostBytes) const;
  SecretBytes ReadSecret(std::string_view name, std::size_t limit = kMostBytes) const;
  // List gives the names of the entries, without . and .., sorted.
  std::vector<std::string> List() const;

  // Write creates (or truncates) `name` with mode 0600 and does not sync it: a later Rename makes
  // it visible and SyncFileSystem or SyncFile makes it durable.
  void Write(std::string_view name, ByteView content) const;
  // WriteDurably replaces `name` atomically: temporary file, fsync, rename, fsync of the directory.
  // After a crash the file holds the old or the new content, whole.
  void WriteDurably(std::string_view name, ByteView content) const;
  // CreateDurably is WriteDurably for a file that must not exist yet; throws if it does.
  void CreateDurably(std::string_view name, ByteView content) const;

  // Rename moves `name` to `new_name` in `to`, replacing what is there. Not durable before
  // to.Sync().
  void Rename(std::string_view name, const Directory& to, std::string_view new_name) const;
  // Lock takes an exclusive lock (flock) on a file of this directory, waiting for whoever has it.
  // It goes with the returned object, or with the process.
  FileLock Lock(std::string_view name) const;
  // LockItself does the same with the directory.
  FileLock LockItself() const;
  // OwnerOf gives the user who owns a file, or the directory itself where `name` is "."; nothing if
  // it is absent.
  std::optional<unsigned> OwnerOf(std::string_view name) const;
  // Remove deletes a file; an absent one is no error.
  void Remove(std::string_view name) const;

  // Sync makes this directory's entries durable (fsync).
  void Sync() const;
  // SyncFile makes one file's content durable (fsync).
  void SyncFile(std::string_view name) const;
  // SyncFileSystem makes everything written so far below this directory durable by one syncfs.
  // Returns false, having done nothing, where syncfs is missing or could hide an error: sync each
  // file instead.
  [[nodiscard]] bool SyncFileSystem() const;
  // HasOpenAt2 tells whether openat2 was there so far.
  static bool HasOpenAt2();
  // DoubtOfSyncfs says why SyncFileSystem does nothing here, as far as it is known yet; nothing
  // where syncfs is relied on: kernels from 5.8 on report what could not be written back since the
  // directory was opened (syncfs(2), "VERSIONS"), on the file systems that are known here.
  std::optional<std::string> DoubtOfSyncfs() const;

  int descriptor() const { return fd_; }

  static constexpr std::size_t kMostBytes = std::size_t{1} << 30;

 private:
  friend class DurableFile;
  Directory(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  int OpenBeneath(std::string_view name, int flags, unsigned mode) const;
  int OpenRegular(std::string_view name) const;

  int fd_ = -1;
  std::string path_;
};

// DurableFile replaces a file atomically while its content is made piece by piece: what it wrote
// becomes visible, whole and durable, with Commit; without it nothing has happened. For one thread.
class DurableFile {
 public:
  // `directory` must outlive the object.
  DurableFile(const Directory& directory, std::string_view name);
  DurableFile(const DurableFile&) = delete;
  DurableFile& operator=(const DurableFile&) = delete;
  ~DurableFile();

  // TemporaryName is where the content of `name` is until Commit; a crash may leave it behind.
  static std::string TemporaryName(std::string_view name) {
    return "." + std::string(name) + ".tmp";
  }

  void Append(ByteView content);
  // Commit: fsync, rename, fsync of the directory. With kRefuse it throws if `name` exists.
  enum class Replace : std::uint8_t { kAllow, kRefuse };
  void Commit(Replace replace = Replace::kAllow);

 private:
  void Flush();
  void RenameIfAbsent() const;

  const Directory& directory_;
  std::string name_;
  std::string temporary_;  // empty once committed
  Bytes buffer_;
  int fd_ = -1;
};

}  // namespace fleetmint

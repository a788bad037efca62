// Directory: an open directory, and the files below it.
//
// Every name is resolved below the directory with openat2(RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS):
// no `..`, no symbolic link, no race. Where the kernel or a container's filter lacks openat2,
// O_NOFOLLOW and a check of the name take its place, which a symbolic link in the middle of a name
// gets past. The calls that give no descriptor (Exists, FileMode, FileSize, OwnerOf, Rename,
// Remove) follow no link in a name's last component; they are for names that Directory made or
// listed. Files are created with mode 0600 whatever the umask.
//
// All errors are Error(kDisk) that name the path and the reason, of cause kAbsent where there is no
// such file; a failed sync is never retried, because the kernel may have dropped the pages it could
// not write. A Directory may be used from several threads at once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/descriptor.h"

namespace fleetmint {

inline constexpr unsigned kFileMode = 0600;  // of every file that is created

// FileLock holds a lock (flock) on a file until it is destroyed.
class FileLock {
 public:
  // `locked` has the lock.
  explicit FileLock(Descriptor locked) : locked_(std::move(locked)) {}

 private:
  Descriptor locked_;
};

class Directory {
 public:
  // Open opens an existing directory. `Create` makes it with `mode`, and its parents, if it is
  // absent; the mode of one that exists stays.
  static Directory Open(const std::string& path);
  static Directory Create(const std::string& path, unsigned mode);

  // Subdirectory opens `name` below this directory; MakeSubdirectory creates it first if absent.
  Directory Subdirectory(std::string_view name) const;
  Directory MakeSubdirectory(std::string_view name, unsigned mode) const;

  const std::string& path() const { return path_; }
  std::string PathOf(std::string_view name) const;  // for messages
  unsigned mode() const;                            // permission bits

  // Exists tells whether there is a file, directory or whatever of this name.
  bool Exists(std::string_view name) const;
  // IsDirectory tells whether `name` is a directory.
  bool IsDirectory(std::string_view name) const;
  // FileMode gives the permission bits of a file, or nothing if it is absent.
  std::optional<unsigned> FileMode(std::string_view name) const;
  // FileSize gives the size of a regular file, or nothing if there is none.
  std::optional<std::uint64_t> FileSize(std::string_view name) const;
  // OwnerOf gives the user who owns a file, or the directory itself where `name` is "."; nothing if
  // it is absent.
  std::optional<unsigned> OwnerOf(std::string_view name) const;
  // List gives the names of the entries, without . and .., sorted.
  std::vector<std::string> List() const;

  // Read gives the whole file; throws if it is absent, no regular file, or larger than `limit`.
  Bytes Read(std::string_view name, std::size_t limit = kMostBytes) const;
  SecretBytes ReadSecret(std::string_view name, std::size_t limit = kMostBytes) const;

  // ReadRange gives up to `size` bytes from `offset` on; fewer at the file's end.
  Bytes ReadRange(std::string_view name, std::uint64_t offset, std::uint64_t size) const;

  // Write creates (or truncates) `name` with mode 0600 and does not sync it: a later Rename makes
  // it visible and SyncFileSystem or SyncFile makes it durable.
  void Write(std::string_view name, ByteView content) const;
  // Append adds to the end of `name`, which is created if it is absent. Not synced either.
  void Append(std::string_view name, ByteView content) const;
  // Truncate cuts the file to `size` bytes, durably.
  void Truncate(std::string_view name, std::uint64_t size) const;
  // WriteDurably replaces `name` atomically: temporary file, fsync, rename, fsync of the directory.
  // After a crash the file holds the old or the new content, whole.
  void WriteDurably(std::string_view name, ByteView content) const;
  // CreateDurably is WriteDurably for a file that must not exist yet; throws if it does.
  void CreateDurably(std::string_view name, ByteView content) const;

  // Rename moves `name` to `new_name` in `to`, replacing what is there. Not durable before
  // to.Sync().
  void Rename(std::string_view name, const Directory& to, std::string_view new_name) const;
  // Remove deletes a file; an absent one is no error. Not durable before Sync.
  void Remove(std::string_view name) const;

  // Lock takes an exclusive lock (flock) on a file of this directory, waiting for whoever has it.
  // It goes with the returned object, or with the process.
  FileLock Lock(std::string_view name) const;
  // LockItself does the same with the directory.
  FileLock LockItself() const;

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
  // where syncfs is relied on.
  std::optional<std::string> DoubtOfSyncfs() const;

  int descriptor() const { return descriptor_.get(); }

  static constexpr std::size_t kMostBytes = std::size_t{1} << 30;

 private:
  Directory(Descriptor descriptor, std::string path)
      : descriptor_(std::move(descriptor)), path_(std::move(path)) {}

  Descriptor descriptor_;
  std::string path_;
};

}  // namespace fleetmint

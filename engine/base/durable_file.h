// Durable files: files that are either whole or absent after a crash.
//
// Errors are those of directory.h: Error(kDisk) with path and reason.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/bytes.h"
#include "engine/base/descriptor.h"
#include "engine/base/directory.h"
#include "engine/base/read_file.h"

namespace fleetmint {

// DurableFile replaces a file atomically while its content is made piece by piece: what it wrote
// becomes visible, whole and durable, with Commit; without it nothing has happened. For one thread;
// two at a time of one name are the caller's fault.
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

  // Append keeps what it is given until a megabyte is together; Write writes from where the content
  // lies, so that of a secret there is no copy.
  void Append(ByteView content);
  void Write(ByteView content);
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
  Descriptor file_;
};

}  // namespace fleetmint

#include "engine/cli/age.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>  // environ

#include <cerrno>
#include <cstring>

#include "engine/base/descriptor.h"
#include "engine/base/error.h"

namespace fleetmint::cli {

void EncryptWithAge(const std::string& recipient, const SecretBytes& text) {
  int pipe_ends[2];
  if (::pipe(pipe_ends) != 0)
    throw Error(ErrorKind::kDisk, std::string("pipe: ") + std::strerror(errno));
  Descriptor read_end(pipe_ends[0]), write_end(pipe_ends[1]);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, pipe_ends[0], STDIN_FILENO);
  ::posix_spawn_file_actions_addclose(&actions, pipe_ends[1]);
  std::string program = "age", encrypt = "--encrypt", option = "--recipient", value = recipient;
  char* arguments[] = {program.data(), encrypt.data(), option.data(), value.data(), nullptr};
  pid_t child = 0;
  const int error = ::posix_spawnp(&child, "age", &actions, nullptr, arguments, environ);
  ::posix_spawn_file_actions_destroy(&actions);
  static_cast<void>(read_end.Close());
  if (error != 0) {
    throw Error::WithHint(ErrorKind::kUsage, std::string("cannot run age: ") + std::strerror(error),
                          "install it: apt-get install age");
  }
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t put = ::write(write_end.get(), text.data() + done, text.size() - done);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) break;  // age has gone; its exit status says why
    done += static_cast<std::size_t>(put);
  }
  static_cast<void>(write_end.Close());  // age's exit status says whether it has all
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (status != 0) throw Error(ErrorKind::kUsage, "age failed for recipient '" + recipient + "'");
}

}  // namespace fleetmint::cli

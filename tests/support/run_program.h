// RunProgram: another program's opinion of what we wrote. Started by posix_spawn, never by fork: a
// fork after Botan's thread pool has started hangs.
#pragma once

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <memory>
#include <ostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace fleetmint {

struct ProgramResult {
  int exit_code = -1;
  std::string out;
  std::string err;
  bool ok() const { return exit_code == 0; }
};

inline std::ostream& operator<<(std::ostream& stream, const ProgramResult& result) {
  return stream << "exit code " << result.exit_code << "\n" << result.out << result.err;
}

// HasProgram tells whether `name` is on the PATH.
inline bool HasProgram(const std::string& name) {
  const char* path = ::getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (::access(folder.append("/").append(name).c_str(), X_OK) == 0) return true;
  }
  return false;
}

// RunProgram runs `argv` (found on the PATH) with `input` as its standard input and waits for its
// end. A program that cannot be started has exit code 127.
inline ProgramResult RunProgram(const std::vector<std::string>& argv, std::string_view input = {}) {
  using File = std::unique_ptr<FILE, int (*)(FILE*)>;
  const File files[3] = {{::tmpfile(), ::fclose}, {::tmpfile(), ::fclose}, {::tmpfile(), ::fclose}};
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  for (int fd = 0; fd < 3; ++fd) {
    if (files[fd] == nullptr) throw std::runtime_error("no temporary file");
    ::posix_spawn_file_actions_adddup2(&actions, ::fileno(files[fd].get()), fd);
  }
  if (!input.empty()) ::fwrite(input.data(), 1, input.size(), files[0].get());
  ::rewind(files[0].get());

  std::vector<char*> arguments;
  for (const std::string& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  ProgramResult result;
  pid_t pid = 0;
  const int error =
      ::posix_spawnp(&pid, argv[0].c_str(), &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return {127, "", argv[0] + ": " + std::strerror(error)};
  int status = 0;
  ::waitpid(pid, &status, 0);
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  for (int fd = 1; fd < 3; ++fd) {
    ::rewind(files[fd].get());
    std::string& text = fd == 1 ? result.out : result.err;
    char buffer[4096];
    while (const std::size_t got = ::fread(buffer, 1, sizeof buffer, files[fd].get())) {
      text.append(buffer, got);
    }
  }
  return result;
}

// WithNames gives openssl's text with names as its newer versions write them, "CN=x, O=y": those
// before 3.2 write "CN = x, O = y".
inline std::string WithNames(std::string text) {
  for (std::size_t at = 0; (at = text.find(" = ", at)) != std::string::npos;)
    text.replace(at, 3, "=");
  return text;
}

}  // namespace fleetmint

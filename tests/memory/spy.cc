// What an adversary preloads into fleetmint (tests/cli/verify_factors_test.sh): moments to look at
// its memory, what it gives back to the heap, and controls.
//
//   SPY_UNWIPED=stack|heap  leaves out the wipes of the caller's stack, or all others, those of
//   Botan's own memory
//                           included: so a search that finds nothing can be seen to find something
//   SPY_STOP_AFTER=N        stops the process (SIGSTOP) after the Nth wipe of a whole stack, which
//   is where work with
//                           a key ends: then nothing of that key is allowed to be left
//   SPY_SECRETS=FILE        looks for these secrets (lines as find_factors reads them) in each
//   block that is freed or
//                           moved, and names what it finds in the file SPY_REPORT. Whatever is
//                           reused later, or when one looks: nothing secret is given back unwiped
//
// Everything that wipes ends in one function of Botan's: engine/base/wipe.cc, secure_vector,
// BigInt.
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

// NOLINTBEGIN(bugprone-reserved-identifier,readability-inconsistent-declaration-parameter-name):
// the names are the C library's, in whose place this stands.
extern "C" {
void __libc_free(void*);
void* __libc_realloc(void*, size_t);
}
// NOLINTEND(bugprone-reserved-identifier,readability-inconsistent-declaration-parameter-name)

namespace {

constexpr std::size_t kWholeStack = std::size_t{64} * 1024;  // no other wipe is as large

bool IsOnStack(const void* pointer) {
  thread_local std::uintptr_t low = 0, high = 0;
  if (high == 0) {
    pthread_attr_t attributes;
    void* start = nullptr;
    std::size_t size = 0;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0) return false;
    pthread_attr_getstack(&attributes, &start, &size);
    pthread_attr_destroy(&attributes);
    low = reinterpret_cast<std::uintptr_t>(start);
    high = low + size;
  }
  const auto address = reinterpret_cast<std::uintptr_t>(pointer);
  return low <= address && address < high;
}

// The secrets, without any memory of the heap.
struct Secret {
  const char* name;
  std::size_t name_size;
  std::uint8_t bytes[48];
  std::size_t size;
};
constexpr std::size_t kMostSecrets = 4096;
char text[1U << 20U];
Secret secrets[kMostSecrets];
std::size_t count = 0;
bool begins[1U << 16U];  // with which two bytes a secret begins
int report = -1;

unsigned FirstTwo(const std::uint8_t* bytes) { return bytes[0] | unsigned{bytes[1]} << 8U; }

void Add(const char* name, std::size_t name_size, const std::uint8_t* bytes, std::size_t size) {
  if (count == kMostSecrets || size < 12) return;
  Secret& secret = secrets[count++];
  secret.name = name;
  secret.name_size = name_size;
  secret.size = std::min(size, sizeof secret.bytes);
  std::memcpy(secret.bytes, bytes, secret.size);
  begins[FirstTwo(secret.bytes)] = true;
}

unsigned HexDigit(char digit) {
  return static_cast<unsigned>(digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
}

// A line "NAME KIND VALUE".
void AddLine(char* line, std::size_t size) {
  const auto space = [](char c) { return c == ' '; };
  char* const end = line + size;
  char* const kind = std::find_if(line, end, space);
  if (kind == end) return;
  char* const value = std::find_if(kind + 1, end, space);
  if (value == end) return;
  const auto named = static_cast<std::size_t>(value - line);
  if (std::memcmp(kind, " text", 5) == 0) {
    Add(line, named, reinterpret_cast<std::uint8_t*>(value) + 1,
        static_cast<std::size_t>(end - value - 1));
    return;
  }
  if (std::memcmp(kind, " n ", 3) == 0) return;  // public
  // From the middle of the number 24 bytes, as they are in DER and as limbs.
  const char* const digits = value + 1 + (end - value - 1) / 4 * 2;
  if (end - digits < 48) return;
  std::uint8_t big[24], little[24];
  for (std::size_t i = 0; i < sizeof big; ++i) {
    big[i] = static_cast<std::uint8_t>(HexDigit(digits[2 * i]) << 4U | HexDigit(digits[2 * i + 1]));
  }
  std::reverse_copy(big, big + sizeof big, little);
  Add(line, named, big, sizeof big);
  Add(line, named, little, sizeof little);
}

__attribute__((constructor)) void ReadSecrets() {
  const char* const path = std::getenv("SPY_SECRETS");
  const char* const to = std::getenv("SPY_REPORT");
  if (path == nullptr || to == nullptr) return;
  const int file = ::open(path, O_RDONLY | O_CLOEXEC);
  std::size_t used = 0;
  for (ssize_t got = 1; file >= 0 && got > 0; used += static_cast<std::size_t>(got)) {
    got = ::read(file, text + used, sizeof text - used);
  }
  ::close(file);
  char* const end = text + used;
  for (char* line = text; line < end;) {
    char* const next = std::find(line, end, '\n');
    AddLine(line, static_cast<std::size_t>(next - line));
    line = next + 1;
  }
  report = ::open(to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

void Look(const void* block) {
  if (report < 0 || block == nullptr) return;
  const auto* const bytes = static_cast<const std::uint8_t*>(block);
  const std::size_t size = malloc_usable_size(const_cast<void*>(block));
  for (std::size_t i = 0; i + 2 <= size; ++i) {
    if (!begins[FirstTwo(bytes + i)]) continue;
    for (std::size_t s = 0; s < count; ++s) {
      const Secret& secret = secrets[s];
      if (i + secret.size > size || std::memcmp(bytes + i, secret.bytes, secret.size) != 0)
        continue;
      char line[256];
      const std::size_t length = std::min(secret.name_size, sizeof line - 1);
      std::memcpy(line, secret.name, length);
      line[length] = '\n';
      if (::write(report, line, length + 1) < 0) std::abort();
    }
  }
}

void StopHere() {
  static const char* const wanted = std::getenv("SPY_STOP_AFTER");
  static std::atomic<long> done{0};
  if (wanted != nullptr && ++done == std::atol(wanted)) ::raise(SIGSTOP);
}

}  // namespace

// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name)
extern "C" {

__attribute__((visibility("default"))) void free(void* block) {
  Look(block);
  __libc_free(block);
}
__attribute__((visibility("default"))) void* realloc(void* block, size_t size) {
  Look(block);
  return __libc_realloc(block, size);
}

}  // extern "C"
// NOLINTEND(readability-inconsistent-declaration-parameter-name)

namespace Botan {

__attribute__((visibility("default"))) void secure_scrub_memory(void* pointer, std::size_t size) {
  static const char* const unwiped = std::getenv("SPY_UNWIPED");
  const bool stack = IsOnStack(pointer);
  if (unwiped == nullptr || std::strcmp(unwiped, stack ? "stack" : "heap") != 0) {
    auto* volatile bytes = static_cast<volatile unsigned char*>(pointer);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = 0;
  }
  if (stack && size >= kWholeStack) StopHere();
}

}  // namespace Botan

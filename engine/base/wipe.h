// Wiping: of memory, and of the stack that a call has used.
//
// A function's frame stays on the stack after it returns, with what the compiler spilled there, and
// so do the vector registers that the dynamic linker saves when it binds a function at its first
// call. Whoever works with secrets does it in WithWipedStack: in a frame of its own, below which
// everything is overwritten on the way out.
#pragma once

#include <cstddef>

namespace fleetmint {

// Wipe overwrites memory in a way that no compiler leaves out.
void Wipe(void* data, std::size_t size);

// WipeStack overwrites the `bytes` of stack below its caller's frame, where the frames of what it
// has called were. It does not reach the caller's own frame, nor what was inlined into it.
void WipeStack(std::size_t bytes);

// kSecretStack is more stack than any work with keys uses, the kernels included: tests/memory
// measures it for key generation, the deepest of all.
inline constexpr std::size_t kSecretStack = std::size_t{128} * 1024;

// ClearRegisters zeroes the registers that a function may leave with anything in them: the general
// ones, and all vector and mask registers that this processor has. memcpy, too, leaves what it
// copied in them. Of x86-64; elsewhere it does nothing.
void ClearRegisters();

// Leave wipes where its scope is left, by whatever exit: the stack below, then the registers.
class Leave {
 public:
  explicit Leave(std::size_t stack_bytes) : stack_bytes_(stack_bytes) {}
  Leave(const Leave&) = delete;
  Leave& operator=(const Leave&) = delete;
  ~Leave() {
    WipeStack(stack_bytes_);
    ClearRegisters();
  }

 private:
  std::size_t stack_bytes_;
};

template <class Work>
__attribute__((noinline)) auto InOwnFrame(Work& work) {
  return work();
}

// WithWipedStack gives what `work` gives. On the way out, be it by an exception, it wipes the stack
// that `work` has used, up to `bytes`, and the registers. What lies on the heap is others' duty.
template <class Work>
auto WithWipedStack(std::size_t bytes, Work work) {
  const Leave leave(bytes);
  return InOwnFrame(work);
}

}  // namespace fleetmint

// PaintedStack: what a call leaves on the stack and in the registers.
//
// The call runs on a stack of its own that was painted before; afterwards each word of it, and each
// register that a function need not preserve, is looked at. So nothing depends on what the secrets
// were, nor on where a compiler puts them: a word that is neither paint nor zero nor what an
// address or a small number looks like is a residue. Digits of numbers are of 51 bits or more, and
// one in 16 or fewer looks like an address: those that are left among others are seen.
#pragma once

#include <ucontext.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace fleetmint {

class PaintedStack {
 public:
  static constexpr std::size_t kWords = std::size_t{1} << 17U;  // 1 MiB

  // Run runs `call` on the painted stack.
  void Run(std::function<void()> call) {
    std::fill(stack_.begin(), stack_.end(), kPaint);
    std::fill(registers_.begin(), registers_.end(), 0);
    call_ = std::move(call);
    ::getcontext(&there_);
    there_.uc_stack.ss_sp = stack_.data();
    there_.uc_stack.ss_size = 8 * stack_.size();
    there_.uc_link = &here_;
    current() = this;
    ::makecontext(&there_, &PaintedStack::Enter, 0);
    ::swapcontext(&here_, &there_);
  }

  // Words of the stack, and of the registers, that look like residues.
  std::size_t StackResidues() const { return Residues(stack_); }
  std::size_t RegisterResidues() const { return Residues(registers_); }

  // The lowest address that was written to.
  std::uintptr_t Lowest() const {
    const auto touched = std::find_if(stack_.begin(), stack_.end(),
                                      [](std::uint64_t word) { return word != kPaint; });
    return reinterpret_cast<std::uintptr_t>(&*touched);
  }

 private:
  static constexpr std::uint64_t kPaint = 0xA5A5A5A5A5A5A5A5U;

  static PaintedStack*& current() {
    static PaintedStack* stack = nullptr;
    return stack;
  }

  static void Enter() {
    PaintedStack* const self = current();
    self->call_();
    self->SaveRegisters();
  }

  // At once after the call: the vector registers by XSAVE, behind the general ones.
  __attribute__((always_inline)) inline void SaveRegisters() {
#if defined(__x86_64__)
    std::uint64_t* const out = registers_.data();
    __asm__ volatile(
        "movq %%rcx, 64(%0)\n\t"
        "movq %%rdx, 72(%0)\n\t"
        "movq %%rsi, 80(%0)\n\t"
        "movq %%r8, 88(%0)\n\t"
        "movq %%r9, 96(%0)\n\t"
        "movq %%r10, 104(%0)\n\t"
        "movq %%r11, 112(%0)\n\t" ::"D"(out)
        : "memory");
    if (HasXsave()) {
      auto* area = reinterpret_cast<unsigned char*>(out + 64);
      area += (64 - reinterpret_cast<std::uintptr_t>(area) % 64) % 64;
      // All states of the vector registers; the word at 24 is of MXCSR.
      __asm__ volatile("xsave64 (%0)\n\tmovq $0, 24(%0)" ::"r"(area), "a"(0xE6), "d"(0) : "memory");
    }
#endif
  }

#if defined(__x86_64__)
  static bool HasXsave() {
    unsigned a = 0, b = 0, c = 0, d = 0;
    return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_OSXSAVE) != 0;
  }
#endif

  // Not inlined: its caller would keep the bounds in registers that the next call saves on its
  // stack.
  __attribute__((noinline)) static std::size_t Residues(std::span<const std::uint64_t> words) {
    constexpr std::uint64_t kAddresses = std::uint64_t{1} << 47U;
    return static_cast<std::size_t>(
        std::count_if(words.begin(), words.end(), [](std::uint64_t word) {
          return word >> 32U != kPaint >> 32U && word >= kAddresses &&
                 word < ~std::uint64_t{0} - kAddresses;
        }));
  }

  std::vector<std::uint64_t> stack_ = std::vector<std::uint64_t>(kWords);
  std::vector<std::uint64_t> registers_ = std::vector<std::uint64_t>(2048);
  std::function<void()> call_;
  ucontext_t here_{}, there_{};
};

}  // namespace fleetmint

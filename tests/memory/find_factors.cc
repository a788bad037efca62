// find_factors: an adversary with a memory dump. What of keys is in a process's memory?
//
//   find_factors PID FILE     searches every writable mapping of a process, which should be stopped
//   find_factors --plant FILE     control: holds residues of the file's first key, and waits
//
// FILE has lines "NAME KIND VALUE": KIND is n, p, q, d, dp, dq or qinv, with VALUE in hexadecimal,
// or text. Prints a line for each finding; exit code 1 with findings, 77 without the right to read.
//
// 1. By value: each digit (64, 61, 52 and 51 bits, whole or as doubles) of the numbers, of R mod p,
//    R^2 mod p and of Montgomery's n' and N2 for the R of each kernel, at every byte, in both byte
//    orders: where a quarter of a number's digits are found, wherever they lie, it is a finding.
// 2. Without knowing a key, by its modulus: every window that could be digits, contiguous or one of
//    4 or 8 lanes, less c of {0, R, 2R, 2^1024, R^2}, or times 2^w less 1, has a common divisor
//    with some n. The windows are multiplied up and reduced by the product of all n, so that one
//    gcd serves thousands (D. Bernstein, "How to find smooth parts of integers", 2004).
// 3. Texts, as they are and as UTF-16 of both orders.
#include <fcntl.h>
#include <gmpxx.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace {

using u64 = std::uint64_t;

struct Line {
  std::string name, kind, value;
};

std::vector<Line> ReadLines(const char* path) {
  std::vector<Line> lines;
  std::ifstream file(path);
  for (Line line; file >> line.name >> line.kind >> line.value;) lines.push_back(line);
  return lines;
}

mpz_class Number(const Line& line) { return mpz_class(line.value, 16); }
mpz_class PowerOf2(unsigned bits) { return mpz_class(1) << bits; }

// How a kernel lays a number of 1024 bits out: `count` digits of `bits`.
struct Radix {
  unsigned bits, count;
  bool real;  // as doubles
};
constexpr Radix kRadices[] = {
    {64, 16, false}, {61, 17, false}, {52, 20, false}, {51, 21, false}, {51, 21, true}};

u64 Digit(const mpz_class& number, const Radix& radix, unsigned i) {
  const mpz_class digit = (number >> (mp_bitcnt_t{radix.bits} * i)) & (PowerOf2(radix.bits) - 1);
  const u64 value = mpz_get_ui(digit.get_mpz_t());
  return radix.real ? std::bit_cast<u64>(static_cast<double>(value)) : value;
}

// What a kernel makes of a prime: derived[i] with its name.
std::vector<std::pair<std::string, mpz_class>> Derived(const mpz_class& p) {
  std::vector<std::pair<std::string, mpz_class>> out;
  for (const Radix& radix : kRadices) {
    const mpz_class r = PowerOf2(radix.bits * radix.count), base = PowerOf2(radix.bits);
    const std::string name = std::to_string(radix.bits);
    mpz_class inverse;
    mpz_invert(inverse.get_mpz_t(), p.get_mpz_t(), r.get_mpz_t());
    const mpz_class k0 = (base - inverse % base) % base;
    out.emplace_back("R mod p, " + name, r % p);
    out.emplace_back("R^2 mod p, " + name, r * r % p);
    out.emplace_back("n', " + name, r - inverse);
    out.emplace_back("N2, " + name, (k0 * p + 1) / base);
  }
  return out;
}

// Values: which digit belongs to which number.
class Values {
 public:
  explicit Values(const std::vector<Line>& lines) : common_(1U << 24U) {
    for (const Line& line : lines) {
      if (line.kind == "n" || line.kind == "text") continue;
      Add(line.name + " " + line.kind, Number(line));
      if (line.kind != "p" && line.kind != "q") continue;
      for (const auto& [what, number] : Derived(Number(line))) Add(line.name + " " + what, number);
    }
  }

  void Search(std::span<const unsigned char> memory) {
    for (std::size_t i = 0; i + 8 <= memory.size(); ++i) {
      u64 word = 0;
      std::memcpy(&word, &memory[i], 8);
      if (!common_[word & 0xFFFFFFU]) continue;
      const auto [first, last] = digits_.equal_range(word);
      for (auto at = first; at != last; ++at) found_[at->second.first].insert(at->second.second);
    }
  }

  std::size_t Report() const {
    std::size_t findings = 0;
    for (const auto& [number, digits] : found_) {
      if (4 * digits.size() < sizes_[number]) continue;
      std::cout << "value " << names_[number] << ": " << digits.size() << " digits\n";
      ++findings;
    }
    return findings;
  }

 private:
  void Add(const std::string& name, const mpz_class& number) {
    const auto bits = static_cast<unsigned>(mpz_sizeinbase(number.get_mpz_t(), 2));
    for (const Radix& radix : kRadices) {
      const std::size_t id = names_.size();
      names_.push_back(name + ", " + std::to_string(radix.bits) + " bits");
      sizes_.push_back((bits + radix.bits - 1) / radix.bits);
      for (unsigned i = 0; i < sizes_[id]; ++i) {
        const u64 digit = Digit(number, radix, i);
        if (digit >> 40U == 0) continue;
        AddDigit(digit, id, i);
        if (radix.bits == 64) AddDigit(__builtin_bswap64(digit), id, i);
      }
    }
  }
  void AddDigit(u64 digit, std::size_t id, unsigned i) {
    digits_.emplace(digit, std::pair(id, i));
    common_[digit & 0xFFFFFFU] = true;
  }

  std::vector<bool> common_;  // of the low 24 bits: which deserve a look
  std::unordered_multimap<u64, std::pair<std::size_t, unsigned>> digits_;
  std::vector<std::string> names_;
  std::vector<std::size_t> sizes_;
  std::map<std::size_t, std::set<unsigned>> found_;
};

// Windows: what could be digits, against all moduli.
class Windows {
 public:
  explicit Windows(const std::vector<Line>& lines) {
    for (const Line& line : lines) {
      if (line.kind == "n") moduli_.emplace_back(line.name, Number(line));
    }
    for (const auto& [name, modulus] : moduli_) product_ *= modulus;
  }

  void Search(std::span<const u64> words, const std::string& mapping) {
    for (const Radix& radix : kRadices) {
      for (const std::size_t stride : {1U, 4U, 8U}) {
        const std::size_t span = (radix.count - 1) * stride + 1;
        for (std::size_t i = 0; i + span <= words.size(); ++i)
          Try(&words[i], stride, radix, mapping);
      }
    }
  }

  std::size_t Finish() {
    Flush();
    std::cerr << windows_ << " windows of " << moduli_.size() << " moduli\n";
    return findings_;
  }

 private:
  static constexpr std::size_t kBatch = 2048;
  struct Window {
    mpz_class values;  // the product of W - c
    std::string what;
  };

  // A digit of a random number: not one in 64 is so small that it could be something else.
  static std::optional<std::int64_t> AsDigit(u64 word, const Radix& radix) {
    if (radix.bits == 64) return static_cast<std::int64_t>(word);
    if (!radix.real) {
      if (word >> radix.bits != 0) return std::nullopt;
      return static_cast<std::int64_t>(word);
    }
    const double value = std::bit_cast<double>(word);
    if (!(std::fabs(value) < 0x1p52) || value != std::trunc(value)) return std::nullopt;
    return static_cast<std::int64_t>(value);
  }

  void Try(const u64* words, std::size_t stride, const Radix& radix, const std::string& mapping) {
    u64 digits[21], hash = radix.bits + 1000 * stride;
    bool negative[21] = {};
    unsigned large = 0;
    const unsigned floor = radix.bits == 64 ? 48 : radix.bits - 6;
    for (unsigned i = 0; i < radix.count; ++i) {
      const auto digit = AsDigit(words[i * stride], radix);
      if (!digit) return;
      negative[i] = radix.real && *digit < 0;
      digits[i] = static_cast<u64>(negative[i] ? -*digit : *digit);
      large += static_cast<unsigned>(digits[i] >> floor != 0);
      if (i + 1 - large > radix.count / 5) return;
      hash = (hash ^ words[i * stride]) * 0x9E3779B97F4A7C15U;
      hash ^= hash >> 29U;
    }
    if (!seen_.insert(hash).second) return;
    Add(digits, negative, radix,
        std::to_string(radix.bits) + (radix.real ? "-bit doubles" : " bits") + ", stride " +
            std::to_string(stride) + ", in " + mapping);
  }

  void Add(const u64* digits, const bool* negative, const Radix& radix, const std::string& what) {
    mpz_class w;
    for (unsigned i = radix.count; i-- > 0;) {
      w <<= radix.bits;
      if (negative[i]) {
        w -= mpz_class(digits[i]);
      } else {
        w += mpz_class(digits[i]);
      }
    }
    const mpz_class r = PowerOf2(radix.bits * radix.count);
    Window window{(w << radix.bits) - 1, what};
    for (const mpz_class& c :
         {mpz_class(0), r, mpz_class(2 * r), PowerOf2(1024), mpz_class(r * r)}) {
      if (w != c) window.values *= w - c;
    }
    batch_.push_back(std::move(window));
    ++windows_;
    if (batch_.size() == kBatch) Flush();
  }

  mpz_class Product(std::size_t first, std::size_t last) const {
    if (first == last) return 1;
    if (last - first == 1) return batch_[first].values;
    const std::size_t middle = first + (last - first) / 2;
    return Product(first, middle) * Product(middle, last);
  }

  // Halves a part of the batch until the window is found.
  void Locate(std::size_t first, std::size_t last) {
    const mpz_class product = Product(first, last) % product_;
    if (gcd(product, product_) == 1) return;
    if (last - first > 1) {
      const std::size_t middle = first + (last - first) / 2;
      Locate(first, middle);
      Locate(middle, last);
      return;
    }
    for (const auto& [name, modulus] : moduli_) {
      const mpz_class divisor = gcd(product, modulus);
      if (divisor == 1 || divisor == modulus) continue;
      std::cout << "factor of " << name << ": " << batch_[first].what << "\n";
      ++findings_;
    }
  }

  void Flush() {
    Locate(0, batch_.size());
    batch_.clear();
  }

  std::vector<std::pair<std::string, mpz_class>> moduli_;
  mpz_class product_ = 1;
  std::vector<Window> batch_;
  std::unordered_set<u64> seen_;
  std::size_t windows_ = 0, findings_ = 0;
};

std::size_t SearchTexts(const std::vector<Line>& lines, std::string_view memory,
                        const std::string& mapping) {
  std::size_t findings = 0;
  for (const Line& line : lines) {
    if (line.kind != "text") continue;
    std::string little, big;
    for (const char c : line.value) {
      little += {c, '\0'};
      big += {'\0', c};
    }
    for (const std::string& form : {line.value, little, big}) {
      if (memory.find(form) == std::string_view::npos) continue;
      std::cout << "text " << line.name << " in " << mapping << "\n";
      ++findings;
    }
  }
  return findings;
}

// The writable mappings of a process, one after the other.
template <class Use>
int ForMappings(const std::string& pid, Use use) {
  const int memory = ::open(("/proc/" + pid + "/mem").c_str(), O_RDONLY | O_CLOEXEC);
  if (memory < 0) {
    std::perror("find_factors");
    return errno == EACCES || errno == EPERM ? 77 : 2;
  }
  std::ifstream maps("/proc/" + pid + "/maps");
  for (std::string text; std::getline(maps, text);) {
    std::istringstream fields(text);
    std::string range, mode, skipped, name;
    fields >> range >> mode >> skipped >> skipped >> skipped >> name;
    if (mode.compare(0, 2, "rw") != 0) continue;
    const u64 low = std::stoull(range, nullptr, 16);
    const u64 high = std::stoull(range.substr(range.find('-') + 1), nullptr, 16);
    std::vector<u64> words;
    constexpr std::size_t kPage = 4096;  // one by one: not all of a mapping is there
    for (u64 at = low; at < high; at += kPage) {
      u64 page[kPage / 8];
      if (::pread(memory, page, kPage, static_cast<off_t>(at)) != kPage) continue;
      if (std::all_of(page, page + kPage / 8, [](u64 word) { return word == 0; })) continue;
      words.insert(words.end(), page, page + kPage / 8);
    }
    if (!words.empty()) use(words, name.empty() ? "anonymous" : name);
  }
  ::close(memory);
  return 0;
}

int Search(const std::string& pid, const std::vector<Line>& lines) {
  Values values(lines);
  Windows windows(lines);
  std::size_t findings = 0, bytes = 0;
  const int failed = ForMappings(pid, [&](const std::vector<u64>& words, const std::string& name) {
    const auto* const begin = reinterpret_cast<const unsigned char*>(words.data());
    bytes += 8 * words.size();
    values.Search({begin, 8 * words.size()});
    windows.Search(words, name);
    findings += SearchTexts(lines, {reinterpret_cast<const char*>(begin), 8 * words.size()}, name);
  });
  if (failed != 0) return failed;
  findings += values.Report() + windows.Finish();
  std::cerr << (bytes >> 20U) << " MiB searched\n";
  return findings == 0 ? 0 : 1;
}

// What kernels have left at one time or another: R mod p - p in lanes of 52 bits, and p itself as
// doubles; a password as a PFX takes it.
int Plant(const std::vector<Line>& lines) {
  static volatile u64 lanes[8 * 20], reals[4 * 21];  // or the compiler leaves most of it out
  static std::string text;
  for (const Line& line : lines) {
    if (line.kind == "p") {
      const Radix ifma = kRadices[2], real = kRadices[4];
      const mpz_class p = Number(line), r = PowerOf2(52 * 20);
      mpz_class residue = r + r % p - p;
      for (unsigned i = 0; i < 20; ++i) lanes[8 * i + 3] = Digit(residue, ifma, i);
      for (unsigned i = 0; i < 21; ++i) reals[4 * i + 1] = Digit(p, real, i);
    }
    if (line.kind == "text") {
      for (const char c : line.value) text += {'\0', c};
    }
  }
  std::cout << "planted" << std::endl;
  ::pause();
  return static_cast<int>(lanes[3] + reals[1]) + static_cast<int>(text.size());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::vector<Line> lines = ReadLines(argv[2]);
  return std::string(argv[1]) == "--plant" ? Plant(lines) : Search(argv[1], lines);
}

#include "engine/prime/known_numbers.h"

#include <array>

namespace fleetmint::prime {
namespace {

constexpr std::array<std::uint64_t, 16> kPrime1024{
    0xffffffffffffffff, 0x49286651ece65381, 0xae9f24117c4b1fe6, 0xee386bfb5a899fa5,
    0x0bff5cb6f406b7ed, 0xf44c42e9a637ed6b, 0xe485b576625e7ec6, 0x4fe1356d6d51c245,
    0x302b0a6df25f1437, 0xef9519b3cd3a431b, 0x514a08798e3404dd, 0x020bbea63b139b22,
    0x29024e088a67cc74, 0xc4c6628b80dc1cd1, 0xc90fdaa22168c234, 0xffffffffffffffff};
constexpr std::array<std::uint64_t, 24> kPrime1536{
    0xffffffffffffffff, 0xf1746c08ca237327, 0x670c354e4abc9804, 0x9ed529077096966d,
    0x1c62f356208552bb, 0x83655d23dca3ad96, 0x69163fa8fd24cf5f, 0x98da48361c55d39a,
    0xc2007cb8a163bf05, 0x49286651ece45b3d, 0xae9f24117c4b1fe6, 0xee386bfb5a899fa5,
    0x0bff5cb6f406b7ed, 0xf44c42e9a637ed6b, 0xe485b576625e7ec6, 0x4fe1356d6d51c245,
    0x302b0a6df25f1437, 0xef9519b3cd3a431b, 0x514a08798e3404dd, 0x020bbea63b139b22,
    0x29024e088a67cc74, 0xc4c6628b80dc1cd1, 0xc90fdaa22168c234, 0xffffffffffffffff};
constexpr std::array<std::uint64_t, 32> kPrime2048{
    0xffffffffffffffff, 0x15728e5a8aacaa68, 0x15d2261898fa0510, 0x3995497cea956ae5,
    0xde2bcbf695581718, 0xb5c55df06f4c52c9, 0x9b2783a2ec07a28f, 0xe39e772c180e8603,
    0x32905e462e36ce3b, 0xf1746c08ca18217c, 0x670c354e4abc9804, 0x9ed529077096966d,
    0x1c62f356208552bb, 0x83655d23dca3ad96, 0x69163fa8fd24cf5f, 0x98da48361c55d39a,
    0xc2007cb8a163bf05, 0x49286651ece45b3d, 0xae9f24117c4b1fe6, 0xee386bfb5a899fa5,
    0x0bff5cb6f406b7ed, 0xf44c42e9a637ed6b, 0xe485b576625e7ec6, 0x4fe1356d6d51c245,
    0x302b0a6df25f1437, 0xef9519b3cd3a431b, 0x514a08798e3404dd, 0x020bbea63b139b22,
    0x29024e088a67cc74, 0xc4c6628b80dc1cd1, 0xc90fdaa22168c234, 0xffffffffffffffff};

template <std::size_t L>
constexpr std::array<std::uint64_t, L> Less(std::array<std::uint64_t, L> prime) {
  prime[0] -= std::uint64_t{1} << 32U;  // the lowest limb is all ones: no borrow
  return prime;
}

constexpr auto kComposite1024 = Less(kPrime1024);
constexpr auto kComposite1536 = Less(kPrime1536);
constexpr auto kComposite2048 = Less(kPrime2048);

}  // namespace

const std::uint64_t* KnownPrime(std::size_t limbs) {
  return limbs == 16 ? kPrime1024.data() : limbs == 24 ? kPrime1536.data() : kPrime2048.data();
}

const std::uint64_t* KnownComposite(std::size_t limbs) {
  return limbs == 16   ? kComposite1024.data()
         : limbs == 24 ? kComposite1536.data()
                       : kComposite2048.data();
}

}  // namespace fleetmint::prime

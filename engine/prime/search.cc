#include "engine/prime/search.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <string>

#include "engine/base/error.h"

namespace fleetmint::prime {
namespace {

using u64 = std::uint64_t;

// One prime on its way.
struct Search {
  RandomStream* stream = nullptr;
  std::optional<RandomStream> bases;
  CandidateList list;
  bool has_list = false;
  std::size_t next = 0;  // candidate of the list to be tested next
  SecretLimbs found;     // the candidate that passed the screening
  unsigned rounds = 0;   // of Miller-Rabin that have been made
  bool round_failed = false;
};

// A base in [2, n - 2]: drawn again while it is outside.
SecretLimbs DrawBase(RandomStream& stream, const SecretLimbs& n) {
  SecretLimbs base(n.size());
  for (;;) {
    stream.Fill({reinterpret_cast<std::uint8_t*>(base.data()), base.size() * 8});
    u64 above_one = base[0] >> 1U;
    for (std::size_t j = 1; j < base.size(); ++j) above_one |= base[j];
    if (above_one == 0) continue;
    SecretLimbs limit = n;  // n - 1, n being odd
    limit[0] -= 1;
    if (std::lexicographical_compare(base.rbegin(), base.rend(), limit.rbegin(), limit.rend())) {
      return base;
    }
  }
}

class Searcher {
 public:
  Searcher(std::size_t limbs, PrimeStreams& streams, const SearchOptions& options,
           Canaries& canaries, const std::stop_token& stop, SearchCounters& counters)
      : limbs_(limbs),
        kernel_(options.kernel),
        canaries_(canaries),
        maker_(options.candidates, kernel_, limbs),
        streams_(streams),
        stop_(stop),
        counters_(counters),
        searches_(streams.size()) {}

  std::vector<SecretLimbs> Run() {
    for (;;) {
      if (stop_.stop_requested()) {
        throw Error(ErrorKind::kInterrupted, "key generation was interrupted");
      }
      Admit();
      if (active_.empty() && rounds_.empty()) break;
      if (!active_.empty()) Screen();
      // Rounds wait until they fill all lanes, unless nothing else is left to do.
      while (rounds_.size() >= kernel_.lanes ||
             (active_.empty() && !rounds_.empty() && Drained())) {
        Confirm();
      }
    }
    std::vector<SecretLimbs> primes;
    primes.reserve(searches_.size());
    for (Search& search : searches_) primes.push_back(std::move(search.found));
    return primes;
  }

 private:
  struct Unit {
    std::size_t search;
    std::size_t candidate;
    SecretLimbs number;
  };
  struct Round {
    std::size_t search;
    SecretLimbs base;
  };

  void Open(std::size_t i) {
    Search& search = searches_[i];
    search.stream = &streams_.Open(i);
    SecretBytes seed(kSeedBytes);
    search.stream->Fill(seed);
    search.bases.emplace(std::span<const std::uint8_t, kSeedBytes>(seed.data(), kSeedBytes));
  }

  bool Drained() const { return admitted_ == searches_.size() && ready_.empty(); }

  // Lists are made for as many primes at a time as the kernel has lanes.
  void MakeReady() {
    RandomStream* streams[kMostLanes];
    CandidateList* lists[kMostLanes];
    std::size_t count = 0;
    for (; count < kernel_.lanes && admitted_ < searches_.size(); ++count, ++admitted_) {
      Open(admitted_);
      streams[count] = searches_[admitted_].stream;
      lists[count] = &searches_[admitted_].list;
      ready_.push_back(admitted_);
    }
    maker_.Refill({streams, count}, {lists, count});
  }

  void Admit() {
    while (active_.size() < kernel_.lanes && !Drained()) {
      if (ready_.empty()) MakeReady();
      active_.push_back(ready_.front());
      ready_.pop_front();
    }
    for (const std::size_t i : active_) {
      Search& search = searches_[i];
      while (search.next == search.list.size()) {  // the list is used up, or came out empty
        CandidateList* const list = &search.list;
        maker_.Refill({&search.stream, 1}, {&list, 1});
        search.next = 0;
      }
    }
  }

  void AddUnit(std::vector<Unit>& units, std::size_t i) {
    Search& search = searches_[i];
    Unit unit{i, search.next++, SecretLimbs(limbs_)};
    search.list.Copy(unit.candidate, unit.number.data());
    units.push_back(std::move(unit));
  }

  // A candidate of each active prime, then further ones while lanes are free.
  std::vector<Unit> NextUnits() {
    std::vector<Unit> units;
    std::size_t before;
    do {
      before = units.size();
      for (const std::size_t i : active_) {
        if (units.size() == kernel_.lanes) break;
        if (searches_[i].next < searches_[i].list.size()) AddUnit(units, i);
      }
    } while (units.size() != before && units.size() < kernel_.lanes);
    return units;
  }

  void Screen() {
    const std::vector<Unit> units = NextUnits();
    std::vector<const u64*> numbers;
    for (const Unit& unit : units) numbers.push_back(unit.number.data());
    std::vector<std::uint8_t> passes(numbers.size());
    canaries_.Screen(kernel_, numbers, limbs_, passes.data());
    counters_.screen_lanes += kernel_.lanes;
    counters_.screen_idle += kernel_.lanes - units.size();
    for (std::size_t k = 0; k < units.size(); ++k) {
      if (!searches_[units[k].search].found.empty()) {
        ++counters_.screen_wasted;  // a candidate before it in the list has passed
      } else if (passes[k] != 0) {
        Pass(units[k]);
      }
    }
    std::erase_if(active_, [&](std::size_t i) { return !searches_[i].found.empty(); });
  }

  void Pass(const Unit& unit) {
    Search& search = searches_[unit.search];
    search.found = unit.number;
    search.next = unit.candidate + 1;
    search.rounds = 0;
    search.round_failed = false;
    for (unsigned i = 0; i < RoundsFor(limbs_); ++i) {
      rounds_.push_back({unit.search, DrawBase(*search.bases, search.found)});
    }
  }

  void Confirm() {
    const std::size_t count = std::min(kernel_.lanes, rounds_.size());
    std::vector<Witness> tasks;
    for (std::size_t k = 0; k < count; ++k) {
      tasks.push_back({searches_[rounds_[k].search].found.data(), rounds_[k].base.data()});
    }
    std::vector<std::uint8_t> passes(count);
    canaries_.MillerRabin(kernel_, tasks, limbs_, passes.data());
    counters_.confirm_lanes += kernel_.lanes;
    counters_.confirm_idle += kernel_.lanes - count;
    for (std::size_t k = 0; k < count; ++k) {
      const std::size_t i = rounds_[k].search;
      Search& search = searches_[i];
      search.round_failed |= passes[k] == 0;
      if (++search.rounds < RoundsFor(limbs_) || !search.round_failed) continue;
      search.found.clear();  // a pseudoprime to base 2: on with the list
      ++counters_.pseudoprimes;
      active_.push_back(i);
    }
    rounds_.erase(rounds_.begin(), rounds_.begin() + static_cast<std::ptrdiff_t>(count));
  }

  const std::size_t limbs_;
  const Kernel& kernel_;
  Canaries& canaries_;
  CandidateMaker maker_;
  PrimeStreams& streams_;
  const std::stop_token& stop_;
  SearchCounters& counters_;
  std::vector<Search> searches_;
  std::size_t admitted_ = 0;         // searches that have had a list
  std::deque<std::size_t> ready_;    // with a list, not tested yet
  std::vector<std::size_t> active_;  // being tested
  std::deque<Round> rounds_;         // Miller-Rabin rounds to be made
};

class AllOpen final : public PrimeStreams {
 public:
  explicit AllOpen(std::span<RandomStream* const> streams) : streams_(streams) {}
  std::size_t size() const override { return streams_.size(); }
  RandomStream& Open(std::size_t prime) override { return *streams_[prime]; }

 private:
  std::span<RandomStream* const> streams_;
};

}  // namespace

std::vector<SecretLimbs> FindPrimes(std::size_t limbs, PrimeStreams& streams,
                                    const SearchOptions& options, const std::stop_token& stop,
                                    SearchCounters* counters) {
  SearchCounters unused;
  Canaries of_this_call;
  Canaries& canaries = options.canaries == nullptr ? of_this_call : *options.canaries;
  return Searcher(limbs, streams, options, canaries, stop, counters == nullptr ? unused : *counters)
      .Run();
}

std::vector<SecretLimbs> FindPrimes(std::size_t limbs, std::span<RandomStream* const> streams,
                                    const SearchOptions& options, const std::stop_token& stop,
                                    SearchCounters* counters) {
  AllOpen open(streams);
  return FindPrimes(limbs, open, options, stop, counters);
}

}  // namespace fleetmint::prime

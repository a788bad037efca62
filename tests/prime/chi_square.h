// Chi-square tests of uniform distributions, for tests with fixed seeds.
#pragma once

#include <cmath>
#include <cstddef>
#include <numeric>
#include <vector>

namespace fleetmint::prime {

// Quantiles of the normal distribution: what a fixed seed's figure must stay below.
inline constexpr double kOneInAMillion = 4.7534;
inline constexpr double kOneInABillion = 5.9978;

// ChiSquareLimit is a quantile of the distribution, by Wilson and Hilferty (1931).
inline double ChiSquareLimit(std::size_t freedom, double quantile) {
  const double f = static_cast<double>(freedom), a = 2 / (9 * f);
  return f * std::pow(1 - a + quantile * std::sqrt(a), 3);
}

// HitsAreEven tells whether equally likely classes, hit so often each, may be called that.
inline bool HitsAreEven(const std::vector<double>& hits, double quantile) {
  const double all = std::accumulate(hits.begin(), hits.end(), 0.0);
  const double expected = all / static_cast<double>(hits.size());
  double sum = 0;
  for (const double hit : hits) sum += (hit - expected) * (hit - expected) / expected;
  return sum < ChiSquareLimit(hits.size() - 1, quantile);
}

}  // namespace fleetmint::prime

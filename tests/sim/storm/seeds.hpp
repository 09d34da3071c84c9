#pragma once
// A storm runs with many seeds, each of which decides everything. KAZOO_SIM_SEED=n runs one of them and shows more,
// KAZOO_SIM_SEEDS=n says how many.
#include "counts.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace kazoo::testkit {

#if defined(__SANITIZE_ADDRESS__) || !defined(NDEBUG)
inline constexpr bool with_checks = true;
#else
inline constexpr bool with_checks = false;
#endif

/// One seed of a storm.
class seeded {
  public:
    seeded() = default;
    seeded(const seeded&) = delete;
    seeded& operator=(const seeded&) = delete;
    virtual ~seeded() = default;

    /// From the first connection to the last close.
    virtual void run() = 0;
    virtual std::uint64_t trace_hash() const = 0;
    virtual std::string last_events() const = 0;
    virtual void remember_more() = 0;

    void complain(std::string what) { complaints_.push_back(std::move(what)); }
    const std::vector<std::string>& complaints() const noexcept { return complaints_; }

  private:
    std::vector<std::string> complaints_;
};

/// See run_seeds.
std::uint64_t run_each_seed(std::uint64_t usual, const std::function<std::unique_ptr<seeded>(std::uint64_t)>& make,
                            const std::function<void(const seeded&)>& take);

/// Runs a storm with each seed, every twentieth twice: it must repeat itself. Complaints fail the test; after three
/// such seeds it ends. `take` gets each storm when it is over, to add up what it has counted. Returns how many there
/// were; 0 if sums say nothing, because one was chosen or some failed.
template <class Storm, class Take> std::uint64_t run_seeds(std::uint64_t usual, Take take) {
    return run_each_seed(
        usual, [](std::uint64_t seed) { return std::make_unique<Storm>(seed); },
        [&take](const seeded& s) { take(static_cast<const Storm&>(s)); });
}

/// So many seeds have everything in them.
inline constexpr std::uint64_t seeds_with_everything = 50;

/// Shows the sums of so many seeds. What never happened fails the test.
template <class Things> void show_and_judge(const counts<Things>& sum, std::uint64_t seeds) {
    std::cout << sum;
    if (seeds < seeds_with_everything) return;
    EXPECT_EQ(sum.missing(), std::vector<std::string_view>{}) << "never happened";
}

} // namespace kazoo::testkit

// Many seeds of contention for locks.
#include "mutex_storm.hpp"
#include "seeds.hpp"

#include <iostream>
#include <string>

namespace kazoo::testkit {
namespace {

constexpr std::uint64_t usual_seeds = with_checks ? 150 : 2000;

struct sums {
    mutex_tally locks;
    tally faults;
};

bool contend(std::uint64_t seed, sums& sum, bool twice, bool at_length = false) {
    mutex_storm s(seed);
    if (at_length) s.remember_more();
    const auto& wrong = s.run();
    sum.locks += s.counted();
    sum.faults += s.faults_counted();
    EXPECT_GE(s.counted()[mutex_tally::acquisitions], mutex_storm::least_acquisitions)
        << "seed " << seed << " is too quiet";
    EXPECT_GE(s.faults_counted().faults(), 10u) << "seed " << seed << " is too quiet";
    if (!wrong.empty()) {
        std::string text;
        for (const std::string& line : wrong) text += line + '\n';
        ADD_FAILURE() << "KAZOO_SIM_SEED=" << seed << ":\n" << text << "what happened last:\n" << s.last_events();
        return false;
    }
    if (!twice) return true;
    mutex_storm again(seed);
    again.run();
    EXPECT_EQ(again.trace_hash(), s.trace_hash()) << "seed " << seed << " does not repeat itself";
    return true;
}

TEST(mutex_storm, every_promise_is_kept) {
    sums sum;
    if (const std::uint64_t only = only_seed(); only != 0) {
        contend(only, sum, true, true);
        std::cout << sum.locks;
        return;
    }
    const std::uint64_t seeds = number_of_seeds(usual_seeds);
    int failures = 0;
    for (std::uint64_t seed = 1; seed <= seeds && failures < 3; ++seed)
        if (!contend(seed, sum, seed % 20 == 0)) ++failures;
    std::cout << seeds << " seeds, " << sum.faults.faults() << " faults\n" << sum.locks;
    if (failures > 0 || seeds < 50) return;
    EXPECT_EQ(sum.locks.missing(), std::vector<std::string_view>{}) << "never happened";
}

} // namespace
} // namespace kazoo::testkit

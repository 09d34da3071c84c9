// Many seeds.
#include "seeds.hpp"
#include "storm.hpp"

#include <iostream>
#include <string>

namespace kazoo::testkit {
namespace {

constexpr std::uint64_t usual_seeds = with_checks ? 200 : 1000;

bool weather(std::uint64_t seed, tally& sum, bool twice, bool at_length = false) {
    storm s(seed);
    if (at_length) s.remember_more();
    const auto& wrong = s.run();
    sum += s.counted();
    EXPECT_GE(s.counted()[tally::operations], 200u) << "seed " << seed << " is too quiet";
    EXPECT_GE(s.counted().faults(), 10u) << "seed " << seed << " is too quiet";
    if (!wrong.empty()) {
        std::string text;
        for (const std::string& line : wrong) text += line + '\n';
        ADD_FAILURE() << "KAZOO_SIM_SEED=" << seed << ":\n" << text << "what happened last:\n" << s.last_events();
        return false;
    }
    if (!twice) return true;
    storm again(seed);
    again.run();
    EXPECT_EQ(again.trace_hash(), s.trace_hash()) << "seed " << seed << " does not repeat itself";
    return true;
}

TEST(storm, every_promise_is_kept) {
    tally sum;
    if (const std::uint64_t only = only_seed(); only != 0) {
        weather(only, sum, true, true);
        std::cout << sum;
        return;
    }
    const std::uint64_t seeds = number_of_seeds(usual_seeds);
    int failures = 0;
    for (std::uint64_t seed = 1; seed <= seeds && failures < 3; ++seed)
        if (!weather(seed, sum, seed % 20 == 0)) ++failures;
    std::cout << seeds << " seeds\n" << sum;
    if (failures > 0 || seeds < 50) return;
    EXPECT_EQ(sum.missing(), std::vector<std::string_view>{}) << "never happened";
}

} // namespace
} // namespace kazoo::testkit

// Many seeds of those who count.
#include "counter_storm.hpp"

namespace kazoo::testkit {
namespace {

constexpr std::uint64_t usual_seeds = with_checks ? 60 : 1000;

TEST(counter_storm, C73_the_number_is_the_sum_of_what_was_told) {
    counter_counts sum;
    fault_counts faults;
    const auto seeds = run_seeds<counter_storm>(usual_seeds, [&](const counter_storm& s) {
        sum += s.counted();
        faults += s.faults_counted();
    });
    show_and_judge(faults, seeds);
    show_and_judge(sum, seeds);
}

} // namespace
} // namespace kazoo::testkit

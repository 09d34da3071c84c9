// Many seeds of updates, removals of trees, and retries.
#include "helper_storm.hpp"

namespace kazoo::testkit {
namespace {

constexpr std::uint64_t helper_seeds = with_checks ? 24 : 300;

TEST(helper_storm, what_callers_were_told_is_what_happened) {
    helper_counts sum;
    fault_counts faults;
    const auto seeds = run_seeds<helper_storm>(helper_seeds, [&](const helper_storm& s) {
        sum += s.counted();
        faults += s.faults_counted();
    });
    show_and_judge(faults, seeds);
    show_and_judge(sum, seeds);
}

} // namespace
} // namespace kazoo::testkit

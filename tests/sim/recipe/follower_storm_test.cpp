// Many seeds of objects that watch.
#include "follower_storm.hpp"

namespace kazoo::testkit {
namespace {

constexpr std::uint64_t usual_seeds = with_checks ? 24 : 300;

TEST(follower_storm, what_was_told_last_is_what_is_there) {
    follower_counts sum;
    fault_counts faults;
    const auto seeds = run_seeds<follower_storm>(usual_seeds, [&](const follower_storm& s) {
        sum += s.counted();
        faults += s.faults_counted();
    });
    show_and_judge(faults, seeds);
    show_and_judge(sum, seeds);
}

} // namespace
} // namespace kazoo::testkit

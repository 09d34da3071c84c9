// Many seeds of contention for locks.
#include "mutex_storm.hpp"

namespace kazoo::testkit {
namespace {

constexpr std::uint64_t usual_seeds = with_checks ? 150 : 2000;

TEST(mutex_storm, every_promise_is_kept) {
    mutex_counts sum;
    fault_counts faults;
    const auto seeds = run_seeds<mutex_storm>(usual_seeds, [&](const mutex_storm& s) {
        sum += s.counted();
        faults += s.faults_counted();
    });
    show_and_judge(faults, seeds);
    show_and_judge(sum, seeds);
}

} // namespace
} // namespace kazoo::testkit

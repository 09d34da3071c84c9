// Many seeds of those who want permits.
#include "semaphore_storm.hpp"

namespace kazoo::testkit {
namespace {

constexpr std::uint64_t usual_seeds = with_checks ? 60 : 1000;

TEST(semaphore_storm, there_are_never_too_many_permits_and_nobody_waits_for_ever) {
    semaphore_counts sum;
    fault_counts faults;
    const auto seeds = run_seeds<semaphore_storm>(usual_seeds, [&](const semaphore_storm& s) {
        sum += s.counted();
        faults += s.faults_counted();
    });
    show_and_judge(faults, seeds);
    show_and_judge(sum, seeds);
}

} // namespace
} // namespace kazoo::testkit

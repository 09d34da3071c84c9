// Many seeds of those who want leases, by clocks that are wrong.
#include "timed_lease_storm.hpp"

namespace kazoo::testkit {
namespace {

constexpr std::uint64_t usual_seeds = with_checks ? 60 : 1000;

TEST(timed_lease_storm, C82_nobody_has_what_another_has_and_nobody_has_two_places) {
    timed_lease_counts sum;
    fault_counts faults;
    const auto seeds = run_seeds<timed_lease_storm>(usual_seeds, [&](const timed_lease_storm& s) {
        sum += s.counted();
        faults += s.faults_counted();
    });
    show_and_judge(faults, seeds);
    show_and_judge(sum, seeds);
}

} // namespace
} // namespace kazoo::testkit

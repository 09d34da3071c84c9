// Many seeds of readers and writers.
#include "shared_mutex_storm.hpp"

namespace kazoo::testkit {
namespace {

constexpr std::uint64_t usual_seeds = with_checks ? 60 : 1000;

TEST(shared_mutex_storm, writers_are_alone_and_nobody_waits_for_ever) {
    shared_mutex_counts sum;
    fault_counts faults;
    const auto seeds = run_seeds<shared_mutex_storm>(usual_seeds, [&](const shared_mutex_storm& s) {
        sum += s.counted();
        faults += s.faults_counted();
    });
    show_and_judge(faults, seeds);
    show_and_judge(sum, seeds);
}

} // namespace
} // namespace kazoo::testkit

// Many seeds.
#include "storm.hpp"

namespace kazoo::testkit {
namespace {

constexpr std::uint64_t storm_seeds = with_checks ? 200 : 2000;

TEST(storm, every_promise_is_kept) {
    client_counts sum;
    fault_counts faults;
    const auto seeds = run_seeds<storm>(storm_seeds, [&](const storm& s) {
        sum += s.counted();
        faults += s.faults_counted();
    });
    show_and_judge(faults, seeds);
    show_and_judge(sum, seeds);
}

} // namespace
} // namespace kazoo::testkit

// Many seeds of those who push and pop.
#include "queue_storm.hpp"

namespace kazoo::testkit {
namespace {

constexpr std::uint64_t usual_seeds = with_checks ? 60 : 1000;

TEST(queue_storm, C75_each_item_gets_to_one_of_them) {
    queue_counts sum;
    fault_counts faults;
    const auto seeds = run_seeds<queue_storm>(usual_seeds, [&](const queue_storm& s) {
        sum += s.counted();
        faults += s.faults_counted();
    });
    show_and_judge(faults, seeds);
    show_and_judge(sum, seeds);
}

} // namespace
} // namespace kazoo::testkit

// Many seeds of transactions with receipts.
#include "receipts_storm.hpp"

namespace kazoo::testkit {
namespace {

constexpr std::uint64_t receipts_seeds = with_checks ? 200 : 2000;

TEST(receipts_storm, each_is_told_the_truth) {
    receipts_counts sum;
    fault_counts faults;
    const auto seeds = run_seeds<receipts_storm>(receipts_seeds, [&](const receipts_storm& s) {
        sum += s.counted();
        faults += s.faults_counted();
    });
    show_and_judge(faults, seeds);
    show_and_judge(sum, seeds);
}

} // namespace
} // namespace kazoo::testkit

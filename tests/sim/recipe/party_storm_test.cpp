// Many seeds of those who join and leave.
#include "party_storm.hpp"

namespace kazoo::testkit {
namespace {

constexpr std::uint64_t usual_seeds = with_checks ? 60 : 1000;

TEST(party_storm, when_it_is_quiet_the_members_are_those_who_have_joined) {
    party_counts sum;
    fault_counts faults;
    const auto seeds = run_seeds<party_storm>(usual_seeds, [&](const party_storm& s) {
        sum += s.counted();
        faults += s.faults_counted();
    });
    show_and_judge(faults, seeds);
    show_and_judge(sum, seeds);
}

} // namespace
} // namespace kazoo::testkit

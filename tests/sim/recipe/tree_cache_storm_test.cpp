// Many seeds of caches of a tree that changes.
#include "tree_cache_storm.hpp"

namespace kazoo::testkit {
namespace {

constexpr std::uint64_t usual_seeds = with_checks ? 24 : 200;

TEST(tree_cache_storm, caches_hold_what_is_there_and_tell_it_in_order) {
    tree_counts sum;
    fault_counts faults;
    const auto seeds = run_seeds<tree_cache_storm>(usual_seeds, [&](const tree_cache_storm& s) {
        sum += s.counted();
        faults += s.faults_counted();
    });
    show_and_judge(faults, seeds);
    show_and_judge(sum, seeds);
}

} // namespace
} // namespace kazoo::testkit

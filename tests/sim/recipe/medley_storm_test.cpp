// Many seeds of all recipes at once, at the same clients. A recipe comes with an `in_the_medley` in the file of its
// storm.
#include "sim/storm/crew.hpp"

namespace kazoo::testkit {
namespace {

constexpr storm_shape shape{.length = 5s, .faults = 12, .first_passing = 300ms, .longest_passing = 3s};

/// All of it lies below one node, which caches of trees follow as a whole.
TEST(medley_storm, every_recipe_keeps_its_promises_beside_all_others) {
    run_crews(medley(), shape, "/medley", with_checks ? 60 : 1000);
}

} // namespace
} // namespace kazoo::testkit

// The names of a queue's items, and who of them is next.
#include "recipe/queue/entry.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <set>
#include <string>

namespace kazoo::recipe {
namespace {

constexpr std::int32_t most = std::numeric_limits<std::int32_t>::max(),
                       least = std::numeric_limits<std::int32_t>::min();

TEST(queue_entry, A25_names_are_those_of_pythons_kazoo) {
    for (const queue_entry e : {queue_entry{100, 0}, {0, 7}, {999, most}, {5, -1}, {50, least}})
        EXPECT_EQ(parse_entry(e.name()), e) << e.name();
    EXPECT_EQ((queue_entry{7, 42}.name()), "entry-007-0000000042");
    EXPECT_EQ((queue_entry{100, least}.name()), "entry-100--2147483648");
    EXPECT_EQ(entry_prefix(999), "entry-999-");
}

TEST(queue_entry, A25_other_names_are_none) {
    for (const char* name :
         {"", "entry-", "entry-100-", "entry-100-000000000", "entry-100-00000000000", "entry-1000-0000000001",
          "entry-10-0000000001", "entry-abc-0000000001", "Entry-100-0000000001", "entry-100_0000000001",
          "entry-100-000000000x", "entry-100-9999999999", "qn-0000000001", "xentry-100-0000000001",
          "entry--10-0000000001", "entry-100-+000000001", "entry-100--000000001x"})
        EXPECT_EQ(parse_entry(name), std::nullopt) << name;
}

TEST(queue_entry, the_least_priority_is_next_and_then_who_came_first) {
    EXPECT_EQ(first_of_entries({}), std::nullopt);
    EXPECT_EQ(first_of_entries({{100, 1}, {100, 2}, {50, 9}, {50, 10}}), (queue_entry{50, 9}));
    EXPECT_EQ(first_of_entries({{100, most}, {200, least}}), (queue_entry{100, most}));
}

TEST(queue_entry, C56_when_the_numbers_wrap_those_above_are_older) {
    EXPECT_EQ(first_of_entries({{100, most}, {100, least}, {100, most - 1}}), (queue_entry{100, most - 1}));
    EXPECT_EQ(first_of_entries({{100, least}, {100, least + 1}}), (queue_entry{100, least}));
    EXPECT_EQ(first_of_entries({{100, -2}, {100, 1}}), (queue_entry{100, -2})) << "and at their other end";
}

TEST(queue_entry, one_of_the_first_is_of_their_priority) {
    const std::set<queue_entry> all{{50, 9}, {50, 10}, {50, 11}, {100, 1}};
    const auto ones_of = [&](std::size_t first) {
        std::set<queue_entry> seen;
        for (std::uint64_t chance = 0; chance < 10; ++chance) seen.insert(*one_of_first_entries(all, first, chance));
        return seen;
    };
    EXPECT_EQ(ones_of(1), (std::set<queue_entry>{{50, 9}}));
    EXPECT_EQ(ones_of(2), (std::set<queue_entry>{{50, 9}, {50, 10}}));
    EXPECT_EQ(ones_of(8), (std::set<queue_entry>{{50, 9}, {50, 10}, {50, 11}}));
    EXPECT_EQ(one_of_first_entries({}, 8, 3), std::nullopt);
    EXPECT_EQ(one_of_first_entries({{100, most}, {100, least}}, 8, 1), (queue_entry{100, most}))
        << "those behind the wrap are no neighbours";
}

} // namespace
} // namespace kazoo::recipe

// child_names as a value: what a container of names does, and how long its views live.
#include "util/name_table.hpp"

#include <kazoo/types.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <iterator>
#include <list>
#include <memory>
#include <ranges>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

namespace kazoo {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

static_assert(std::ranges::random_access_range<const child_names>);
static_assert(std::ranges::sized_range<const child_names>);
static_assert(std::random_access_iterator<child_names::const_iterator>);
static_assert(std::is_nothrow_move_constructible_v<child_names> && std::is_nothrow_copy_constructible_v<child_names>);

std::vector<std::string> numbered(std::size_t count) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < count; ++i) names.push_back("child-" + std::to_string(count - i));
    return names;
}

TEST(child_names, are_empty_by_default) {
    const child_names none;
    EXPECT_TRUE(none.empty());
    EXPECT_EQ(none.size(), 0U);
    EXPECT_EQ(none.begin(), none.end());
    EXPECT_THAT(none, IsEmpty());
    EXPECT_FALSE(none.contains(""));
    EXPECT_EQ(none, child_names(std::vector<std::string>()));
}

TEST(child_names, are_a_container_of_views) {
    const child_names names{"b", "", "a long name that no string holds without memory"};
    EXPECT_EQ(names.size(), 3U);
    EXPECT_FALSE(names.empty());
    EXPECT_EQ(names.front(), "b");
    EXPECT_EQ(names[1], "");
    EXPECT_EQ(names.back(), "a long name that no string holds without memory");
    EXPECT_THAT(names, ElementsAre("b", "", "a long name that no string holds without memory"));
    EXPECT_THAT(names, UnorderedElementsAre("", "a long name that no string holds without memory", "b"));
    EXPECT_EQ(*(names.end() - 3), "b");
}

TEST(child_names, may_be_one) {
    child_names one{"only"};
    one.sort();
    EXPECT_THAT(one, ElementsAre("only"));
    EXPECT_EQ(one.front(), one.back());
    EXPECT_TRUE(one.contains("only"));
}

TEST(child_names, may_be_ten_thousand) {
    const std::vector<std::string> expected = numbered(10'000);
    child_names names(expected);
    EXPECT_EQ(names.size(), 10'000U);
    EXPECT_EQ(names, expected);
    EXPECT_EQ(std::vector<std::string>(names), expected);
    names.sort();
    EXPECT_TRUE(std::ranges::is_sorted(names));
    EXPECT_TRUE(names.contains("child-10000"));
    EXPECT_FALSE(names.contains("child-0"));
}

TEST(child_names, become_strings_where_strings_are_wanted) {
    const child_names names{"a", "b"};
    const std::vector<std::string> strings = names;
    EXPECT_THAT(strings, ElementsAre("a", "b"));
    const child_list list{{"x"}, {}};
    EXPECT_THAT(list.names, ElementsAre("x"));
}

TEST(child_names, are_equal_to_a_range_of_the_same_text_in_the_same_order) {
    const child_names names{"a", "b"};
    EXPECT_EQ(names, (child_names{"a", "b"}));
    EXPECT_EQ(names, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ((std::list<std::string_view>{"a", "b"}), names);
    EXPECT_NE(names, (child_names{"b", "a"}));
    EXPECT_NE(names, (std::vector<std::string>{"a"}));
    EXPECT_NE(names, (std::vector<const char*>{"a", "c"}));
}

TEST(child_names, are_sorted_by_their_bytes) {
    child_names names{"b", "\xc3\xa4", "B", "a", "", "a"};
    names.sort();
    EXPECT_THAT(names, ElementsAre("", "B", "a", "a", "b", "\xc3\xa4"));
}

TEST(child_names, a_copy_keeps_its_order) {
    child_names names{"c", "a", "b"};
    const child_names copy = names;
    EXPECT_EQ(copy.begin(), names.begin()) << "cheap: they share their memory";
    names.sort();
    EXPECT_THAT(copy, ElementsAre("c", "a", "b"));
    EXPECT_THAT(names, ElementsAre("a", "b", "c"));
    const auto* const before = names.begin();
    names.sort();
    EXPECT_EQ(names.begin(), before) << "nobody shares it now";
}

TEST(child_names, views_live_as_long_as_a_copy) {
    std::string_view view;
    child_names last;
    {
        const child_names first{"short", "a name of some length that needs memory"};
        view = first[1];
        child_names sorted = first;
        sorted.sort();
        last = sorted;
    }
    EXPECT_EQ(view, "a name of some length that needs memory");
    EXPECT_TRUE(last.contains("short"));
    const child_names& itself = last;
    last = itself;
    EXPECT_EQ(view, last[0]);
}

TEST(child_names, sorting_copies_again_and_again_piles_nothing_up) {
    const auto pool = std::make_shared<util::block_pool>();
    const std::vector<std::string> text = numbered(10'000);
    const std::vector<std::string_view> views(text.begin(), text.end());
    const util::block_share whole = pool->take(1 << 20);
    child_names names = detail::name_table::make(views, whole.get());
    for (int i = 0; i < 5; ++i) {
        child_names next = names;
        next.sort();
        names = next;
    }
    EXPECT_EQ(pool->kept(), std::size_t{256 << 10}) << "the table before the last one came back";
}

TEST(child_names, a_move_takes_them_away) {
    child_names names{"a", "b"};
    const auto* const there = names.begin();
    child_names moved = std::move(names);
    EXPECT_EQ(moved.begin(), there);
    EXPECT_TRUE(names.empty()); // NOLINT: on purpose
    EXPECT_FALSE(names.contains("a"));
    names = std::move(moved);
    EXPECT_THAT(names, ElementsAre("a", "b"));
    child_names copy{"x"};
    copy = names;
    EXPECT_THAT(copy, ElementsAre("a", "b"));
}

TEST(child_names, copies_may_be_used_on_several_threads) {
    const child_names names(numbered(1'000));
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([mine = names]() mutable {
            EXPECT_FALSE(std::ranges::is_sorted(mine));
            mine.sort();
            EXPECT_TRUE(std::ranges::is_sorted(mine));
        });
    for (auto& t : threads) t.join();
    EXPECT_EQ(names, numbered(1'000));
}

TEST(child_names, large_parts_of_a_block_stay_in_it_and_small_ones_are_copied) {
    const auto pool = std::make_shared<util::block_pool>();
    const util::block_share memory = pool->take(64 << 10);
    const std::string_view large(memory->data(), 16 << 10), small(memory->data(), 100);
    std::memset(memory->data(), 'x', large.size());
    {
        const child_names kept = detail::name_table::make(std::vector{large}, memory.get());
        EXPECT_EQ(kept.front().data(), large.data());
        EXPECT_TRUE(memory->is_shared());
    }
    EXPECT_FALSE(memory->is_shared());
    const child_names copied = detail::name_table::make(std::vector{small, std::string_view()}, memory.get());
    EXPECT_FALSE(memory->is_shared());
    EXPECT_NE(copied.front().data(), small.data());
    EXPECT_THAT(copied, ElementsAre(small, ""));
}

} // namespace
} // namespace kazoo

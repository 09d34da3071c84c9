// The order of contenders, from their names alone.
#include "recipe/parts/entry_names.hpp"
#include "recipe/parts/lock_queue.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kazoo::recipe {
namespace {

using ::testing::ElementsAre;
const std::vector<std::string> marks{"__lock__", "__rlock__"};

TEST(lock_queue, L204_contenders_are_a_mark_and_a_number_at_the_end) {
    EXPECT_EQ(sequence_of("0123456789abcdef0123456789abcdef__lock__0000000007", marks), 7);
    EXPECT_EQ(sequence_of("x__rlock__0000000008", marks), 8);
    EXPECT_EQ(sequence_of("__lock__2147483647", marks), 2147483647);
    for (const char* other : {"", "0000000001", "x__lock__", "x__lock__1", "x__lock__000000001", "x__lock__00000000001",
                              "x__lock__00000000x1", "x__lock__0000000001y", "x-lock-0000000001", "lease_holder",
                              "x__lock__+000000001", "x__lock__9999999999", "x__lock_0000000001"})
        EXPECT_EQ(sequence_of(other, marks), std::nullopt) << other;
}

// The server prints %010d: a minus takes one of the ten places as long as there is one to take.
TEST(lock_queue, C56_numbers_beyond_the_wrap_are_read) {
    EXPECT_EQ(sequence_of("x__lock__-2147483648", marks), -2147483648LL);
    EXPECT_EQ(sequence_of("x__lock__-1000000000", marks), -1000000000);
    EXPECT_EQ(sequence_of("x__lock__-999999999", marks), -999999999);
    EXPECT_EQ(sequence_of("x__lock__-000000001", marks), -1);
    EXPECT_EQ(sequence_of("x__lock__-00000001", marks), std::nullopt);
}

TEST(lock_queue, C56_the_order_survives_the_wrap) {
    constexpr std::int32_t last = 2147483647, next = -2147483647 - 1;
    EXPECT_EQ(wrapping_difference(next, last), 1);
    EXPECT_EQ(wrapping_difference(last, next), -1);
    EXPECT_EQ(wrapping_difference(-1, 0), -1);
    const lock_queue queue(
        {"c__lock__-2147483647", "a__lock__2147483646", "d__lock__-2147483640", "b__lock__2147483647"}, marks);
    EXPECT_THAT(queue.names(), ElementsAre("a__lock__2147483646", "b__lock__2147483647", "c__lock__-2147483647",
                                           "d__lock__-2147483640"));
}

TEST(lock_queue, numbers_that_no_server_gives_have_an_order_too) {
    const child_names names{"a__lock__0000000000", "b__lock__1500000000", "c__lock__-1500000000",
                            "d__lock__0000000000"};
    const auto first = lock_queue(names, marks).names();
    EXPECT_EQ(first.size(), 4U);
    EXPECT_EQ(lock_queue(names, marks).names(), first);
}

TEST(lock_queue, C58_readers_stand_in_the_same_line) {
    const lock_queue queue({"w__lock__0000000002", "other", "r__rlock__0000000001"}, marks);
    EXPECT_THAT(queue.names(), ElementsAre("r__rlock__0000000001", "w__lock__0000000002"));
    EXPECT_EQ(queue.position("w__lock__0000000002"), 1U);
    EXPECT_EQ(queue.position("other"), std::nullopt);
}

TEST(lock_queue, L205_further_marks_are_literal) {
    const std::vector<std::string> more{"__lock__", "-lock-", "a.c"};
    EXPECT_EQ(sequence_of("_c_5ad1-lock-0000000003", more), 3);
    EXPECT_EQ(sequence_of("a.c0000000003", more), 3);
    EXPECT_EQ(sequence_of("abc0000000003", more), std::nullopt);
}

TEST(lock_queue, L212_the_nearest_one_ahead_is_one_with_the_right_mark) {
    const std::vector<std::string> writers{"__lock__"};
    const lock_queue queue({"a__lock__0000000001", "b__rlock__0000000002", "c__rlock__0000000003"}, marks);
    EXPECT_EQ(queue.nearest_ahead(2, writers), "a__lock__0000000001");
    EXPECT_EQ(queue.nearest_ahead(2, marks), "b__rlock__0000000002");
    EXPECT_EQ(queue.nearest_ahead(0, marks), std::nullopt);
}

TEST(entry_names, an_id_is_32_lower_case_hexadecimal_digits) {
    EXPECT_TRUE(is_id("0123456789abcdef0123456789abcdef"));
    for (const char* other : {"", "0123456789abcdef0123456789abcde", "0123456789abcdef0123456789abcdef0",
                              "0123456789ABCDEF0123456789abcdef", "g123456789abcdef0123456789abcdef"})
        EXPECT_FALSE(is_id(other)) << other;
}

} // namespace
} // namespace kazoo::recipe

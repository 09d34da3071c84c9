// What goes to standard error: each line, but none twice in a short time.
#include "client/repeated_lines.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kazoo::detail {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> printed; // NOLINT: a plain function prints

struct repeated : testing::Test {
    repeated() { printed.clear(); }
    repeated_lines lines{[](std::string_view line) { printed.emplace_back(line); }};
    time_point begun{1h};
};

TEST_F(repeated, a_line_is_printed_with_its_level) {
    lines.write(log_level::warn, "[x] gone", begun);
    lines.write(log_level::error, "[x] refused", begun);
    EXPECT_THAT(printed, ElementsAre("kazoo warn [x] gone\n", "kazoo error [x] refused\n"));
    EXPECT_EQ(lines.due(), never);
}

TEST_F(repeated, what_comes_again_is_counted_and_told_after_ten_seconds) {
    for (int i = 0; i < 18; ++i) lines.write(log_level::warn, "gone", begun + i * 500ms);
    lines.write(log_level::warn, "another", begun + 9s);
    EXPECT_THAT(printed, ElementsAre("kazoo warn gone\n", "kazoo warn another\n"));
    EXPECT_EQ(lines.due(), begun + 10s);
    printed.clear();
    lines.summarise(lines.due());
    EXPECT_THAT(printed, ElementsAre("kazoo warn \u2026 17 more of these in 10 s: gone\n"));
    EXPECT_EQ(lines.due(), never);
    lines.write(log_level::warn, "gone", begun + 11s);
    EXPECT_EQ(printed.size(), 2U) << "it is told anew";
}

TEST_F(repeated, lines_that_take_turns_are_counted_each) {
    for (int i = 0; i < 3; ++i)
        for (const char* line : {"a", "b"}) lines.write(log_level::warn, line, begun);
    lines.summarise(begun + 10s);
    EXPECT_THAT(printed,
                ElementsAre("kazoo warn a\n", "kazoo warn b\n", "kazoo warn \u2026 2 more of these in 10 s: a\n",
                            "kazoo warn \u2026 2 more of these in 10 s: b\n"));
}

TEST_F(repeated, at_the_end_all_is_told) {
    lines.write(log_level::warn, "a", begun);
    lines.write(log_level::warn, "a", begun);
    lines.end(begun + 1500ms);
    EXPECT_THAT(printed, ElementsAre("kazoo warn a\n", "kazoo warn \u2026 1 more of these in 2 s: a\n"));
    EXPECT_EQ(lines.due(), never);
}

TEST_F(repeated, ever_new_lines_need_no_more_memory) {
    for (int i = 0; i < 1000; ++i)
        for (int j = 0; j < 2; ++j) lines.write(log_level::warn, std::to_string(i), begun);
    EXPECT_EQ(printed.size(), 1000U + 1000 - 16) << "the oldest are told when they make room";
}

} // namespace
} // namespace kazoo::detail

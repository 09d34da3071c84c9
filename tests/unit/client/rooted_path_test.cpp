#include "client/requests/rooted_path.hpp"

#include <gtest/gtest.h>

using kazoo::detail::relative_to;
using kazoo::detail::rooted_path;

namespace {

std::string full(std::string_view root, std::string_view given, bool sequential = false) {
    const rooted_path p(root, given, sequential);
    return p.defect().empty() ? std::string(p.full()) : "refused: " + std::string(p.defect());
}

TEST(rooted_path, puts_the_root_in_front) {
    EXPECT_EQ(full("", "/a"), "/a");
    EXPECT_EQ(full("/app", "/a"), "/app/a");
    EXPECT_EQ(full("/app", "/"), "/app");
    EXPECT_EQ(full("", "/"), "/");
}

TEST(rooted_path, is_as_tolerant_as_kazoo) {
    EXPECT_EQ(full("", "a"), "/a");
    EXPECT_EQ(full("/app", "a//b/"), "/app/a/b");
    EXPECT_EQ(full("/app", ""), "refused: it is empty");
    EXPECT_EQ(full("", "/a/../b"), "refused: it has a part \"..\"");
}

TEST(rooted_path, C33_a_sequential_path_keeps_its_trailing_slash) {
    EXPECT_EQ(full("", "/q/", true), "/q/");
    EXPECT_EQ(full("/app", "/q/", true), "/app/q/");
    EXPECT_EQ(full("/app", "/", true), "/app/");
    EXPECT_EQ(full("", "q//", true), "/q/");
}

TEST(rooted_path, L113_results_are_relative_again) {
    EXPECT_EQ(relative_to(4, "/app/a"), "/a");
    EXPECT_EQ(relative_to(4, "/app"), "/");
    EXPECT_EQ(relative_to(0, "/a"), "/a");
}

} // namespace

#include "client/chroot.hpp"

#include <gtest/gtest.h>

namespace kazoo::detail {
namespace {

std::string full(std::string_view root, std::string_view given, naming n = naming::whole) {
    const auto p = chroot(root).absolute(given, n);
    return p.defect().empty() ? std::string(p.view()) : "refused: " + std::string(p.defect());
}

TEST(chroot, puts_the_root_in_front) {
    EXPECT_EQ(full("", "/a"), "/a");
    EXPECT_EQ(full("/app", "/a"), "/app/a");
    EXPECT_EQ(full("/app", "/"), "/app");
    EXPECT_EQ(full("", "/"), "/");
}

TEST(chroot, is_as_tolerant_as_kazoo) {
    EXPECT_EQ(full("", "a"), "/a");
    EXPECT_EQ(full("/app", "a//b/"), "/app/a/b");
    EXPECT_EQ(full("/app", ""), "refused: it is empty");
    EXPECT_EQ(full("", "/a/../b"), "refused: it has a part \"..\"");
}

TEST(chroot, C33_a_sequential_path_keeps_its_trailing_slash) {
    EXPECT_EQ(full("", "/q/", naming::sequential), "/q/");
    EXPECT_EQ(full("/app", "/q/", naming::sequential), "/app/q/");
    EXPECT_EQ(full("/app", "/", naming::sequential), "/app/");
    EXPECT_EQ(full("", "q//", naming::sequential), "/q/");
}

TEST(chroot, L113_results_are_relative_again) {
    EXPECT_EQ(chroot("/app").relative("/app/a"), "/a");
    EXPECT_EQ(chroot("/app").relative("/app"), "/");
    EXPECT_EQ(chroot("").relative("/a"), "/a");
    EXPECT_EQ(chroot("/app").relative(""), "") << "what is not below it stays as it is";
}

} // namespace
} // namespace kazoo::detail

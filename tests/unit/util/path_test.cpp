#include <kazoo/path.hpp>

#include <gtest/gtest.h>

namespace path = kazoo::path;

namespace {

TEST(path_defect, accepts_what_the_server_accepts) {
    for (const char* good : {"/", "/a", "/a/b", "/a./b..", "/...", "/a b", "/ä", "/日本", "/a-b_c.d"})
        EXPECT_EQ(path::defect(good), "") << good;
}

TEST(path_defect, names_what_is_wrong) {
    EXPECT_EQ(path::defect(""), "it is empty");
    EXPECT_EQ(path::defect("a"), "it does not start with a slash");
    EXPECT_EQ(path::defect("/a/"), "it ends with a slash");
    EXPECT_EQ(path::defect("/a//b"), "it has an empty part");
    EXPECT_EQ(path::defect("//"), "it ends with a slash");
    EXPECT_EQ(path::defect("/a/./b"), "it has a part \".\"");
    EXPECT_EQ(path::defect("/a/.."), "it has a part \"..\"");
}

TEST(path_defect, refuses_the_characters_that_the_server_refuses) {
    // wire-protocol 4.9: NUL, 01-1f, 7f-9f, d800-f8ff, fff0-ffff; characters beyond are surrogates to the server.
    EXPECT_NE(path::defect(std::string_view("/a\0b", 4)), "");
    for (const char* bad : {"/\x01", "/\x1f", "/\x7f", "/\xc2\x80", "/\xc2\x9f", "/\xee\x80\x80", "/\xef\xa3\xbf",
                            "/\xef\xbf\xb0", "/\xef\xbf\xbf", "/\xf0\x9f\x98\x80", "/\xed\xa0\xbd\xed\xb8\x80"})
        EXPECT_EQ(path::defect(bad), "it has a character that the server refuses") << bad;
    EXPECT_EQ(path::defect("/\xc2\xa0"), "");
    EXPECT_EQ(path::defect("/\xef\xa4\x80"), "");
}

TEST(path_defect, refuses_what_is_not_utf8) {
    for (const char* bad : {"/\x80", "/\xc3", "/\xe2\x82", "/\xff", "/a\xc3/b"})
        EXPECT_EQ(path::defect(bad), "it is not UTF-8") << bad;
}

TEST(path_defect, refuses_forms_that_are_longer_than_needed) {
    // '/', '.', NUL and the euro sign; and what lies beyond the last character there is.
    for (const char* bad : {"/a\xe0\x80\xaf"
                            "b",
                            "/a\xc0\xaf"
                            "b",
                            "/\xe0\x80\xae", "/\xe0\x9f\xbf", "/a\xc0\x80", "/\xe0\x80\x80", "/\xf0\x82\x82\xac",
                            "/\xf0\x8f\xbf\xbf", "/\xf4\x90\x80\x80"})
        EXPECT_EQ(path::defect(bad), "it is not UTF-8") << bad;
    EXPECT_EQ(path::defect("/\xe0\xa0\x80"), "") << "the first that needs three bytes";
    EXPECT_EQ(path::defect("/\xe2\x82\xac"), "");
}

TEST(path_defect, L105_a_sequential_path_may_end_with_a_slash) {
    EXPECT_EQ(path::defect("/a/", true), "");
    EXPECT_EQ(path::defect("/", true), "");
    EXPECT_EQ(path::defect("/a/.", true), ""); // becomes /a/.0000000000
    EXPECT_EQ(path::defect("/a//", true), "it has an empty part");
    EXPECT_EQ(path::defect("/a/../b", true), "it has a part \"..\"");
}

TEST(path_normalize, drops_repeated_and_trailing_slashes) {
    EXPECT_EQ(path::normalize(""), "/");
    EXPECT_EQ(path::normalize("//"), "/");
    EXPECT_EQ(path::normalize("a//b/"), "/a/b");
    EXPECT_EQ(path::normalize("/a./b../c"), "/a./b../c");
    EXPECT_EQ(path::normalize("/a/b/", true), "/a/b/");
    EXPECT_EQ(path::normalize("/a//", true), "/a/");
}

TEST(path_parts, join_parent_basename) {
    EXPECT_EQ(path::join("/a", "b"), "/a/b");
    EXPECT_EQ(path::join("/a/", "/b"), "/a/b");
    EXPECT_EQ(path::join("/", "b"), "/b");
    EXPECT_EQ(path::parent("/a/b"), "/a");
    EXPECT_EQ(path::parent("/a"), "/");
    EXPECT_EQ(path::parent("/"), "/");
    EXPECT_EQ(path::basename("/a/b"), "b");
    EXPECT_EQ(path::basename("/"), "");
}

TEST(path_within, C37_stops_at_component_boundaries) {
    EXPECT_TRUE(path::is_within("/a", "/a"));
    EXPECT_TRUE(path::is_within("/a", "/a/b"));
    EXPECT_FALSE(path::is_within("/a", "/ab"));
    EXPECT_FALSE(path::is_within("/a/b", "/a"));
    EXPECT_TRUE(path::is_within("/", "/ab"));
}

} // namespace

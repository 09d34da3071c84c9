// Which paths a real server refuses: what this library refuses before it sends anything must be no less, and no more.
#include "raw_session.hpp"

#include <kazoo/path.hpp>
#include <kazoo/testkit/ensemble.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

using kazoo::testkit::raw_session;

namespace {

constexpr std::int32_t bad_arguments = -8;

struct sample {
    std::string_view what, path;
};

TEST(paths_of_a_real_server, what_is_not_utf8_or_is_longer_than_needed_is_refused_by_both) {
    using namespace std::string_view_literals;
    kazoo::testkit::real_server server;
    raw_session raw(server.port());
    for (const sample& s : {sample{"overlong slash", "/a\xe0\x80\xaf\x62"},
                            {"overlong dot", "/\xe0\x80\xae"},
                            {"overlong NUL, as Java writes it", "/a\xc0\x80"},
                            {"NUL", "/a\0b"sv},
                            {"overlong euro sign", "/\xf0\x82\x82\xac"},
                            {"a high surrogate", "/\xed\xa0\x80"},
                            {"a pair of surrogates", "/\xed\xa0\xbd\xed\xb8\x80"},
                            {"the last character", "/\xf4\x8f\xbf\xbf"},
                            {"beyond the last", "/\xf4\x90\x80\x80"},
                            {"a stray byte", "/a\x80"},
                            {"a cut one", "/a\xe2\x82"},
                            {"private use", "/\xee\x80\x80"},
                            {"a delete", "/\x7f"},
                            {"a control character", "/\x1f"}}) {
        EXPECT_EQ(raw.create(s.path, "", raw_session::persistent).error, bad_arguments) << s.what;
        EXPECT_NE(kazoo::path::defect(s.path), "") << s.what;
    }
    for (const sample& s : {sample{"euro sign", "/\xe2\x82\xac"},
                            {"the first of three bytes", "/\xe0\xa0\x80"},
                            {"the last of two bytes", "/\xdf\xbf"},
                            {"behind the private use", "/\xef\xa4\x80"},
                            {"blanks", "/ a "},
                            {"a dot with more", "/.a"}}) {
        EXPECT_EQ(raw.create(s.path, "", raw_session::persistent).error, 0) << s.what;
        EXPECT_EQ(kazoo::path::defect(s.path), "") << s.what;
    }
    raw.close();
}

} // namespace

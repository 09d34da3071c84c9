#include <kazoo/stop.hpp>

#include <gtest/gtest.h>

namespace kazoo {
namespace {

TEST(stop_when, stops_when_any_of_them_does) {
    for (int which = 0; which < 3; ++which) {
        std::stop_source sources[3];
        const stop_when any(sources[0].get_token(), sources[1].get_token(), sources[2].get_token());
        const std::stop_token token = any;
        EXPECT_FALSE(token.stop_requested());
        sources[which].request_stop();
        EXPECT_TRUE(token.stop_requested()) << which;
    }
}

TEST(stop_when, is_stopped_at_once_if_one_of_them_is) {
    std::stop_source stopped;
    stopped.request_stop();
    const stop_when any(std::stop_token(), stopped.get_token());
    EXPECT_TRUE(any.get_token().stop_requested());
}

TEST(stop_when, of_tokens_that_never_stop_never_stops) {
    const stop_when none{std::stop_token(), std::stop_token()};
    EXPECT_FALSE(none.get_token().stop_requested());
}

TEST(stop_when, requests_nothing_any_more_when_it_is_gone) {
    std::stop_source source;
    std::stop_token token;
    {
        const stop_when any(source.get_token());
        token = any.get_token();
    }
    source.request_stop();
    EXPECT_FALSE(token.stop_requested());
}

} // namespace
} // namespace kazoo

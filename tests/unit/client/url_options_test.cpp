#include "client/url_options.hpp"

#include <kazoo/error.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kazoo::detail {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

client_options options_of(std::string_view url, client_options o = {}) {
    take_url_options(session::parse_hosts(url), o);
    return o;
}

std::string refusal(std::string_view url) {
    try {
        options_of(url);
    } catch (const error& e) {
        EXPECT_EQ(e.code(), make_error_code(errc::bad_hosts));
        return std::string(e.detail());
    }
    ADD_FAILURE() << "accepted: " << url;
    return {};
}

TEST(url_options, say_what_client_options_say) {
    const client_options o =
        options_of("zk://a?session_timeout=8s&operation_timeout=1.5m&close_timeout=0s&server_tick=200ms&"
                   "randomize_hosts=0&read_only=true&max_request_bytes=1000&max_reply_bytes=2000&name=x");
    EXPECT_EQ(std::chrono::nanoseconds(o.session_timeout), 8s);
    EXPECT_EQ(std::chrono::nanoseconds(o.operation_timeout), 90s);
    EXPECT_EQ(std::chrono::nanoseconds(o.close_timeout), 0s);
    EXPECT_EQ(std::chrono::nanoseconds(o.server_tick), 200ms);
    EXPECT_FALSE(o.randomize_hosts);
    EXPECT_TRUE(o.read_only);
    EXPECT_EQ(o.max_request_bytes, 1000U);
    EXPECT_EQ(o.max_reply_bytes, 2000U);
    EXPECT_EQ(o.name, "x");
    EXPECT_FALSE(o.tls);
}

TEST(url_options, go_before_what_was_given_and_leave_the_rest) {
    client_options given;
    given.session_timeout = 3s;
    given.name = "given";
    const client_options o = options_of("zk://a?session_timeout=8s", given);
    EXPECT_EQ(std::chrono::nanoseconds(o.session_timeout), 8s);
    EXPECT_EQ(o.name, "given");
}

TEST(url_options, zk_and_tls_says_how) {
    const client_options o = options_of("zk+tls://a?tls.ca_file=/ca.pem&tls.ca_directory=/d&tls.certificate_file=/c&"
                                        "tls.key_file=/k&tls.insecure=1");
    ASSERT_TRUE(o.tls);
    EXPECT_EQ(o.tls->ca_file, "/ca.pem");
    EXPECT_EQ(o.tls->ca_directory, "/d");
    EXPECT_EQ(o.tls->certificate_file, "/c");
    EXPECT_EQ(o.tls->key_file, "/k");
    EXPECT_TRUE(o.tls->insecure);
    client_options given;
    given.tls.emplace().key_password = "secret";
    EXPECT_EQ(options_of("zk+tls://a", given).tls->key_password, "secret");
    EXPECT_THAT(refusal("zk://a?tls.insecure=1"), HasSubstr("\"tls.insecure\""));
}

TEST(url_options, C37_what_cannot_be_read_is_named) {
    EXPECT_EQ(refusal("zk://a?sesion_timeout=8s"), "unknown option in \"sesion_timeout\"");
    EXPECT_EQ(refusal("zk+tls://a?tls.key_password=hunter2"), "unknown option in \"tls.key_password\"");
    EXPECT_THAT(refusal("zk://a?tls.key_password=hunter2"), testing::Not(HasSubstr("hunter2")));
    EXPECT_THAT(refusal("zk://a?credentials=x"), HasSubstr("unknown option"));
    for (const char* bad : {"8", "", "s", "8x", "8 s", "-1s", "1e30h", "nans", "infs", "0x8s"})
        EXPECT_THAT(refusal(std::string("zk://a?session_timeout=") + bad), HasSubstr(std::string("=") + bad + "\""));
    for (const char* bad : {"", "2", "yes", "TRUE"})
        EXPECT_THAT(refusal(std::string("zk://a?read_only=") + bad), HasSubstr("1 and 0"));
    for (const char* bad : {"", "-1", "1k", "99999999999999999999"})
        EXPECT_THAT(refusal(std::string("zk://a?max_reply_bytes=") + bad), HasSubstr("a number"));
}

} // namespace
} // namespace kazoo::detail

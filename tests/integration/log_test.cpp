// What a client without a log of its own says: warnings and errors, on standard error.
#include "plain_peer.hpp"
#include "shared/backend.hpp"

#include <kazoo/client.hpp>

#include <algorithm>
#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace kazoo;
using namespace std::chrono_literals;
using kazoo::test::eventually;
using kazoo::testkit::plain_listener;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

namespace {

/// The tests' programs are quiet otherwise (tests/quiet.cpp).
struct standard_error : testing::Test {
    standard_error() { ::unsetenv("KAZOO_LOG"); }
    ~standard_error() override { ::setenv("KAZOO_LOG", "off", 1); }

    /// All that a client says which reaches nobody.
    static std::string said_in_vain(client_options o = {}) {
        testing::internal::CaptureStderr();
        {
            const std::string nobody = plain_listener().address();
            const client c(nobody, o);
            EXPECT_TRUE(eventually([&] { return !c.last_failures().empty(); }));
            c.close();
        }
        return testing::internal::GetCapturedStderr();
    }
};

TEST_F(standard_error, gets_a_warning_once_and_how_often_it_came_again) {
    const plain_listener listener;
    testing::internal::CaptureStderr();
    {
        client_options o;
        o.reconnect.initial_delay = o.reconnect.max_delay = 1ms;
        const client c(listener.address(), o);
        for (int i = 0; i < 3; ++i) listener.accept().receive(49); // the connect request
        EXPECT_TRUE(listener.waiting(30s)) << "that was the third failure";
        c.close();
    }
    const std::string said = testing::internal::GetCapturedStderr();
    const std::string line = "[" + listener.address() + "] ",
                      why = "no server can be reached: " + listener.address() +
                            ": connected, but closed without an answer to the handshake";
    EXPECT_THAT(said, StartsWith("kazoo warn " + line + why));
    EXPECT_THAT(said, HasSubstr("kazoo warn \u2026 2 more of these in "));
    EXPECT_EQ(std::ranges::count(said, '\n'), 2) << said;
}

TEST_F(standard_error, gets_nothing_when_the_threshold_says_so) {
    client_options o;
    o.log.threshold = log_level::off;
    EXPECT_THAT(said_in_vain(o), IsEmpty());
}

TEST_F(standard_error, gets_nothing_when_there_is_a_sink) {
    client_options o;
    o.log.write = [](log_level, std::string_view) {};
    EXPECT_THAT(said_in_vain(o), IsEmpty());
}

TEST_F(standard_error, gets_what_the_environment_says) {
    ::setenv("KAZOO_LOG", "off", 1);
    EXPECT_THAT(said_in_vain(), IsEmpty());
    ::setenv("KAZOO_LOG", "debug", 1);
    EXPECT_THAT(said_in_vain(), HasSubstr("kazoo debug [127.0.0.1:"));
}

TEST(silent_peer, is_named_in_the_text_of_a_time_out) {
    const plain_listener listener;
    const client c(listener.address());
    const auto peer = listener.accept();
    EXPECT_TRUE(peer.readable(30s)) << "the connect request";
    try {
        c.wait_connected(200ms);
        FAIL() << "it waits for a peer that says nothing";
    } catch (const timeout_error& e) {
        EXPECT_THAT(e.what(), HasSubstr(listener.address() + ": connected, but no answer to the handshake within "));
    }
    c.close();
}

} // namespace

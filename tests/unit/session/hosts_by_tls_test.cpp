// Hosts that are reached by TLS, of which the session knows no more than that.
#include "script.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <system_error>

namespace kazoo::test::hosts_by_tls_test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

auto says(const std::string& what) {
    return [what](world& w) { EXPECT_THAT(w.subject.last_failures(), HasSubstr("10.0.0.1:2181: " + what)); };
}

TEST(hosts_by_tls, say_why_they_fail) {
    session::config c = script::one_host();
    c.hosts.hosts.front().tls = true;
    const auto broken = make_error_code(std::errc::protocol_error);
    script(c)
        .start()
        .expect("connect 10.0.0.1:2181")
        .then([](world& w) { EXPECT_EQ(w.subject.present_attempt().what, "10.0.0.1:2181: no connection by TLS"); })
        .closed(broken, "the certificate is for b, not a")
        .then(says("the certificate is for b, not a"))
        .run();
    script shaking(c);
    shaking.start().expect("connect 10.0.0.1:2181").connected().write(sent("connect", "new_session"));
    script(shaking)
        .closed(broken, "the server wants a certificate")
        .then(says("connected, but no answer to the handshake: the server wants a certificate"))
        .run();
    script(shaking)
        .closed()
        .then([](world& w) { EXPECT_THAT(w.subject.last_failures(), EndsWith("answer to the handshake")); })
        .run();
}

/// One of them may be what its certificate is for.
TEST(hosts_by_tls, are_tried_at_one_address_for_each_name) {
    session::config c = script::one_host();
    c.hosts.hosts = {{"a", 1, true}, {"b", 1, true}, {"c", 1, false}, {"d", 1, false}};
    world w(std::move(c));
    w.start();
    w.take_orders();
    for (const char* name : {"a", "b", "c", "d"}) w.resolved(name, {"10.0.0.1"});
    int attempts = 0;
    for (w.take_orders(); w.connecting; w.take_orders()) {
        ++attempts;
        w.closed(std::make_error_code(std::errc::connection_refused));
    }
    EXPECT_EQ(attempts, 3);
}

} // namespace
} // namespace kazoo::test::hosts_by_tls_test

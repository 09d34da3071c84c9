// What a connection is asked for.
#include "script.hpp"

#include <gtest/gtest.h>

namespace kazoo::test::connect_order_test {
namespace {

TEST(connect_order, says_whom_the_user_named) {
    const auto to = [](std::string address, std::uint16_t port, std::string host) {
        return [=](world& w) {
            EXPECT_EQ(w.connecting_to.address, address);
            EXPECT_EQ(w.connecting_to.port, port);
            EXPECT_EQ(w.connecting_to.host, host);
        };
    };
    session::config c = script::one_host();
    c.hosts = session::parse_hosts("zk1.example:2181,10.0.0.3:2182,[fd00::2%eth0]:2183/app");
    script(c)
        .start()
        .expect("resolve zk1.example")
        .then([](world& w) { w.resolved("zk1.example", {"10.0.0.1", "fd00::1"}); })
        .expect("connect 10.0.0.1:2181")
        .then(to("10.0.0.1", 2181, "zk1.example"))
        .closed()
        .expect("connect [fd00::1]:2181")
        .then(to("fd00::1", 2181, "zk1.example"))
        .closed()
        .expect("connect 10.0.0.3:2182")
        .then(to("10.0.0.3", 2182, "10.0.0.3"))
        .closed()
        .expect("connect [fd00::2%eth0]:2183")
        .then(to("fd00::2%eth0", 2183, "fd00::2%eth0"))
        .run();
}

} // namespace
} // namespace kazoo::test::connect_order_test

// A server that listens on all addresses of its machine, IPv4 and IPv6 on one socket.
#include <kazoo/client.hpp>
#include <kazoo/testkit/ensemble.hpp>

#include <gtest/gtest.h>
#include <vector>

using namespace kazoo;

namespace {

TEST(all_addresses, an_ipv4_client_has_its_ipv4_address_to_an_acl) {
    kazoo::testkit::real_server_options o;
    o.config = {"clientPortAddress=::"};
    const kazoo::testkit::real_server zk(o);
    const client c(zk.address());
    const std::vector<acl> ours{{perms::all, "ip", "127.0.0.1"}};
    c.create("/ours", "secret", {.acl = ours});
    EXPECT_EQ(c.get("/ours").data, "secret");
    const std::vector<acl> theirs{{perms::all, "ip", "127.0.0.2"}};
    c.create("/theirs", "secret", {.acl = theirs});
    EXPECT_THROW(c.get("/theirs"), error);
}

} // namespace

#include "client/config_follower.hpp"

#include <gtest/gtest.h>

namespace kazoo::detail {
namespace {

using session::host_port;

TEST(client_address, is_where_a_member_says_that_clients_connect) {
    const auto expect = [](std::string_view member, const std::optional<host_port>& address) {
        EXPECT_EQ(client_address(member), address) << member;
    };
    expect("10.0.0.1:2888:3888:participant;0.0.0.0:2181", host_port{"10.0.0.1", 2181});
    expect("10.0.0.1:2888:3888:observer;10.1.0.1:2182", host_port{"10.1.0.1", 2182});
    expect("zk1.example:2888:3888;2181", host_port{"zk1.example", 2181});
    expect("[fd00::1]:2888:3888:participant;[::]:2181", host_port{"fd00::1", 2181});
    expect("[fd00::1]:2888:3888:participant;[fd00::2]:2181", host_port{"fd00::2", 2181});
    expect("[fd00::1]:2888:3888:participant;[0:0:0:0:0:0:0:0]:2181", host_port{"fd00::1", 2181});
    expect("10.0.0.1:2888:3888|10.0.0.2:2889:3889:participant;0.0.0.0:2181", host_port{"10.0.0.1", 2181});
    for (const char* none : {"10.0.0.1:2888:3888:participant", "10.0.0.1:2888:3888;", "10.0.0.1:2888:3888;0.0.0.0:x",
                             "10.0.0.1:2888:3888;0", "10.0.0.1:2888:3888;70000", ":2888:3888;2181", ""})
        expect(none, std::nullopt);
}

TEST(client_addresses, are_those_of_all_members_or_none) {
    const auto member = [](std::string address) { return ensemble_member{1, std::move(address)}; };
    EXPECT_EQ(client_addresses({.text = "", .members = {member("a:1:2;3"), member("b:1:2;4")}}),
              (std::vector<host_port>{{"a", 3}, {"b", 4}}));
    EXPECT_EQ(client_addresses({.text = "", .members = {member("a:1:2;3"), member("b:1:2")}}), std::nullopt);
    EXPECT_EQ(client_addresses({}), std::nullopt) << "of a standalone server";
}

} // namespace
} // namespace kazoo::detail

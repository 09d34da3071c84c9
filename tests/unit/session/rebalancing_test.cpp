// Expected values by the rules of ZooKeeper's own client, as its documentation gives them (ZOOKEEPER-1355).
#include "session/rebalancing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

namespace kazoo::session {
namespace {

/// `hosts(2, 5)` are h2, h3 and h4.
std::vector<host_port> hosts(int from, int to) {
    std::vector<host_port> list;
    for (int i = from; i < to; ++i) list.push_back({"h" + std::to_string(i), 2181});
    return list;
}
util::endpoint at(const std::string& host) { return {.address = "10.0.0.1", .port = 2181, .host = host}; }

/// Where 30,000 clients are that were spread evenly before, in thousandths.
std::map<std::string, double> spread(const std::vector<host_port>& before, const std::vector<host_port>& after) {
    constexpr int clients = 30'000;
    util::random_source random(7);
    std::map<std::string, double> result;
    for (int i = 0; i < clients; ++i) {
        const std::string& here = before[static_cast<std::size_t>(i) % before.size()].host;
        const migration m = decide_migration(before, after, at(here), random);
        result[m.moves ? m.order.front().host : here] += 1000.0 / clients;
    }
    return result;
}
void expect_even(const std::vector<host_port>& before, const std::vector<host_port>& after) {
    const auto found = spread(before, after);
    EXPECT_EQ(found.size(), after.size());
    const double share = 1000.0 / static_cast<double>(after.size());
    for (const auto& [host, clients] : found) EXPECT_NEAR(clients, share, share / 20) << host;
}

TEST(rebalancing, where_servers_are_added_the_excess_moves_to_these) {
    const migration_odds o = odds_of_migration(hosts(0, 3), hosts(0, 5), true);
    EXPECT_DOUBLE_EQ(o.moves, 1 - 3.0 / 5);
    EXPECT_DOUBLE_EQ(o.to_new, 1);
    EXPECT_DOUBLE_EQ(odds_of_migration(hosts(0, 3), hosts(2, 7), true).moves, 1 - 3.0 / 5) << "two of three are gone";
}

TEST(rebalancing, where_servers_are_removed_only_their_clients_move) {
    EXPECT_DOUBLE_EQ(odds_of_migration(hosts(0, 5), hosts(0, 3), true).moves, 0);
    const migration_odds o = odds_of_migration(hosts(0, 5), hosts(0, 3), false);
    EXPECT_DOUBLE_EQ(o.moves, 1);
    EXPECT_DOUBLE_EQ(o.to_new, 0) << "3 * (5 - 3) / (3 * (5 - 3)) go to old ones";
}

TEST(rebalancing, where_servers_are_exchanged_the_new_ones_get_their_share_first) {
    // h0..h5 become h4..h8: two old ones, three new ones. pOld = 2 * (6 - 5) / (5 * (6 - 2)).
    EXPECT_DOUBLE_EQ(odds_of_migration(hosts(0, 6), hosts(4, 9), false).to_new, 1 - 2.0 / 20);
    EXPECT_DOUBLE_EQ(odds_of_migration(hosts(0, 6), hosts(4, 9), true).moves, 0);
    // As many as before: all who move go to new ones.
    EXPECT_DOUBLE_EQ(odds_of_migration(hosts(0, 3), hosts(1, 4), false).to_new, 1);
    EXPECT_DOUBLE_EQ(odds_of_migration(hosts(0, 3), hosts(2, 7), false).to_new, 1);
    EXPECT_DOUBLE_EQ(odds_of_migration(hosts(0, 3), hosts(5, 7), false).to_new, 1) << "no old one is left";
}

TEST(rebalancing, the_same_list_moves_nobody_who_is_in_it) {
    EXPECT_DOUBLE_EQ(odds_of_migration(hosts(0, 3), hosts(0, 3), true).moves, 0);
    const migration_odds stranger = odds_of_migration(hosts(0, 3), hosts(0, 3), false);
    EXPECT_DOUBLE_EQ(stranger.moves, 1);
    EXPECT_DOUBLE_EQ(stranger.to_new, 0);
}

TEST(rebalancing, each_server_has_its_share_of_the_clients_then) {
    expect_even(hosts(0, 3), hosts(0, 5));
    expect_even(hosts(0, 3), hosts(2, 7));
    expect_even(hosts(0, 5), hosts(0, 3));
    expect_even(hosts(0, 6), hosts(4, 9));
    expect_even(hosts(0, 3), hosts(1, 4));
    expect_even(hosts(0, 3), hosts(5, 8));
    expect_even(hosts(0, 1), hosts(0, 2));
}

TEST(rebalancing, all_hosts_are_tried_each_once) {
    util::random_source random(1);
    for (int i = 0; i < 50; ++i) {
        const migration m = decide_migration(hosts(0, 6), hosts(4, 9), at("h0"), random);
        ASSERT_TRUE(m.moves);
        EXPECT_THAT(m.order, testing::UnorderedElementsAreArray(hosts(4, 9)));
    }
}

TEST(rebalancing, a_server_is_known_by_name_or_address_and_its_port) {
    EXPECT_TRUE(is_at({"h1", 2181}, at("h1")));
    EXPECT_TRUE(is_at({"10.0.0.1", 2181}, at("h1")));
    EXPECT_FALSE(is_at({"h1", 2182}, at("h1")));
    EXPECT_FALSE(is_at({"h2", 2181}, at("h1")));
}

} // namespace
} // namespace kazoo::session

// Another list of hosts while the client runs.
#include "backend.hpp"

#include <kazoo/client.hpp>
#include <kazoo/testkit/fault_gate.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

namespace kazoo::test {
namespace {

using testkit::fault_gate;

TEST(hosts, a_session_moves_away_from_a_server_that_is_taken_out_and_is_kept) {
    const fault_gate one(server().address()), two(server().address());
    const client c(one.address(), {.session_timeout = 10s});
    c.wait_connected(20s);
    const session_id id = c.session_id();
    const std::string path = c.create("/hosts_", "mine", {.mode = create_mode::ephemeral_sequential});
    EXPECT_EQ(c.hosts(), one.address());
    std::vector<future<node>> reads;
    for (int i = 0; i < 100; ++i) reads.push_back(c.async_get(path));
    c.set_hosts(two.address());
    EXPECT_EQ(c.hosts(), two.address());
    EXPECT_TRUE(eventually([&] { return c.server() == two.address(); }));
    for (future<node>& r : reads) EXPECT_EQ(std::move(r).get().data, "mine");
    EXPECT_EQ(c.session_id(), id);
    EXPECT_EQ(c.get(path).stat.owner, id);
    c.set_hosts("zk://" + one.address() + "," + two.address());
    c.sync("/");
    EXPECT_EQ(c.hosts(), one.address() + "," + two.address());
}

TEST(hosts, a_client_that_finds_no_server_takes_the_new_list_at_once) {
    client_options o{.session_timeout = 10s};
    o.reconnect = {.initial_delay = 60s, .max_delay = 60s};
    o.log.threshold = log_level::off;
    const client c("127.0.0.1:1", o);
    EXPECT_THROW(c.async_try_connect().get_for(20s), error);
    c.set_hosts(server().address());
    c.wait_connected(20s);
    EXPECT_EQ(c.server(), server().address());
}

/// Both take connections, and say nothing.
TEST(hosts, a_server_beside_two_that_hang_is_found) {
    fault_gate one(server().address()), two(server().address());
    one.pause(to_client, true);
    two.pause(to_client, true);
    const client c(one.address() + "," + two.address() + "," + server().address(),
                   {.session_timeout = 10s, .randomize_hosts = false});
    c.wait_connected(60s);
    EXPECT_EQ(c.server(), server().address());
}

TEST(hosts, several_may_change_them_at_once) {
    const fault_gate one(server().address()), two(server().address());
    const std::vector<std::string> lists{one.address(), two.address(), one.address() + "," + two.address()};
    const client c(lists[0], {.session_timeout = 20s});
    c.wait_connected(20s);
    const session_id id = c.session_id();
    std::vector<std::thread> callers;
    for (std::size_t t = 0; t < 4; ++t)
        callers.emplace_back([&, t] {
            for (std::size_t i = 0; i < 25; ++i) {
                c.set_hosts(lists[(t + i) % lists.size()]);
                c.exists("/");
            }
        });
    for (std::thread& t : callers) t.join();
    EXPECT_NE(std::ranges::find(lists, c.hosts()), lists.end()) << c.hosts();
    c.set_hosts(lists[0]);
    EXPECT_TRUE(eventually([&] { return c.server() == one.address(); }));
    EXPECT_EQ(c.session_id(), id);
}

TEST(hosts, C37_what_cannot_be_is_refused_and_changes_nothing) {
    const client c(server().address() + "/app");
    EXPECT_EQ(error_of_call([&] { c.set_hosts("a:b"); }), errc::bad_hosts);
    EXPECT_EQ(error_of_call([&] { c.set_hosts(""); }), errc::bad_hosts);
    EXPECT_EQ(error_of_call([&] { c.set_hosts("a:1/other"); }), errc::bad_hosts);
    EXPECT_EQ(error_of_call([&] { c.set_hosts("zk://a:1?read_only=1"); }), errc::bad_hosts);
    EXPECT_EQ(c.hosts(), server().address());
    c.set_hosts(server().address() + "/app/");
    c.set_hosts(server().address());
    c.close();
    c.set_hosts("127.0.0.1:1");
    EXPECT_EQ(c.state(), session_state::closed);
    EXPECT_EQ(c.hosts(), server().address());
}

} // namespace
} // namespace kazoo::test

// Another list of hosts while the session runs.
#include "script.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kazoo::test::hosts_change_test {
namespace {

using list = std::vector<session::host_port>;

const std::string new_session = sent("connect", "new_session");
const std::string granted = got("connect", "new_session");

session::config two_hosts() {
    session::config c = script::one_host(); // nothing is left to chance
    c.hosts.hosts = {{"10.0.0.1", 1}, {"10.0.0.2", 2}};
    return c;
}
auto set_hosts(list hosts) {
    return [hosts](world& w) { w.subject.set_hosts(hosts, w.now); };
}
script on_the_first(session::config c = two_hosts()) {
    script s(std::move(c));
    s.start().expect("connect 10.0.0.1:1").connected().write(new_session).feed(granted).expect("state connected");
    return s;
}

TEST(hosts_change, a_session_stays_where_its_server_stays_in_the_list) {
    on_the_first()
        .then(set_hosts({{"10.0.0.1", 1}, {"10.0.0.3", 3}}))
        .expect_nothing()
        .closed()
        .expect("state suspended")
        .expect("connect 10.0.0.3:3") // the one that dropped it comes last
        .closed()
        .expect("connect 10.0.0.1:1")
        .run();
}

TEST(hosts_change, a_drop_later_on_is_a_drop_like_others) {
    session::config c = two_hosts();
    c.reconnect = {.initial_delay = 100ms, .max_delay = 100ms, .factor = 1.0, .jitter = 0};
    script s(c);
    s.start().expect("connect 10.0.0.1:1").connected().write(new_session).feed(granted).expect("state connected");
    s.then(set_hosts({{"10.0.0.1", 1}, {"10.0.0.3", 3}}))
        .submit({reference("get_data")})
        .write(reference("get_data"))
        .feed(hex("00000010000000040000000000000005ffffff9b"))
        .expect("reply 4 err -101")
        .closed()
        .expect("state suspended")
        .expect_nothing()
        .advance(99ms)
        .expect_nothing()
        .advance(1ms)
        .expect("connect 10.0.0.3:3")
        .run();
}

TEST(hosts_change, the_same_hosts_change_nothing) {
    script(two_hosts())
        .start()
        .expect("connect 10.0.0.1:1")
        .then(set_hosts({{"10.0.0.2", 2}, {"10.0.0.1", 1}}))
        .expect_nothing()
        .closed()
        .expect("connect 10.0.0.2:2")
        .closed()
        .then(set_hosts({{"10.0.0.2", 2}, {"10.0.0.1", 1}}))
        .expect_nothing() // the pause goes on
        .run();
}

TEST(hosts_change, what_is_being_opened_to_a_server_of_both_lists_goes_on) {
    script(two_hosts())
        .start()
        .expect("connect 10.0.0.1:1")
        .advance(250ms)
        .expect("connect 10.0.0.2:2")
        .then(set_hosts({{"10.0.0.2", 2}, {"10.0.0.3", 3}}))
        .expect("give up 10.0.0.1:1")
        .expect("connect 10.0.0.3:3")
        .then(set_hosts({{"10.0.0.2", 2}, {"zk4", 4}}))
        .expect("give up 10.0.0.3:3")
        .expect("resolve zk4")
        .connected("10.0.0.2:2")
        .then([](world& w) { w.resolved("zk4", {"10.0.0.4"}); })
        .write(new_session)
        .feed(granted)
        .expect("state connected")
        .run();
}

TEST(hosts_change, an_opening_runs_out_of_time_while_names_are_looked_up) {
    script(two_hosts())
        .start()
        .expect("connect 10.0.0.1:1")
        .advance(250ms)
        .expect("connect 10.0.0.2:2")
        .then(set_hosts({{"10.0.0.1", 1}, {"zk4", 4}}))
        .expect("give up 10.0.0.2:2")
        .expect("resolve zk4")
        .then([](world& w) {
            w.now = w.subject.deadline();
            w.subject.on_time(w.now);
            EXPECT_GT(w.subject.deadline(), w.now);
        })
        .expect("give up 10.0.0.1:1")
        .expect_nothing()
        .run();
}

TEST(hosts_change, one_by_tls_is_another_server) {
    on_the_first()
        .then(set_hosts({{"10.0.0.1", 1, true}, {"10.0.0.2", 2}}))
        .expect("state suspended")
        .expect("disconnect")
        .expect("connect 10.0.0.2:2")
        .run();
}

TEST(hosts_change, a_move_is_no_failure) {
    on_the_first()
        .then(set_hosts({{"10.0.0.2", 2}}))
        .expect("state suspended")
        .expect("disconnect")
        .expect("connect 10.0.0.2:2")
        .then([](world& w) { EXPECT_EQ(w.subject.last_failures(), ""); })
        .run();
}

TEST(hosts_change, a_session_leaves_a_server_that_is_not_in_the_list_when_all_is_answered) {
    on_the_first()
        .submit({reference("get_data")})
        .write(reference("get_data"))
        .then(set_hosts({{"10.0.0.2", 2}, {"10.0.0.3", 3}}))
        .expect_nothing()
        .then([](world& w) { EXPECT_FALSE(w.subject.accepts_requests()); })
        .feed(hex("00000010000000040000000000000005ffffff9b"))
        .expect("reply 4 err -101")
        .expect("state suspended")
        .expect("disconnect")
        .expect("connect 10.0.0.2:2")
        .connected()
        .write(resume_frame(5))
        .feed(got("connect", "resume"))
        .expect("state connected")
        .run();
}

TEST(hosts_change, attempts_at_the_old_list_are_given_up) {
    script(two_hosts())
        .start()
        .expect("connect 10.0.0.1:1")
        .advance(250ms)
        .expect("connect 10.0.0.2:2")
        .then(set_hosts({{"10.0.0.3", 3}}))
        .expect("give up 10.0.0.1:1")
        .expect("give up 10.0.0.2:2")
        .expect("connect 10.0.0.3:3")
        .connected()
        .write(new_session)
        .feed(granted)
        .expect("state connected")
        .run();
}

TEST(hosts_change, a_handshake_with_a_server_of_both_lists_goes_on) {
    script(two_hosts())
        .start()
        .expect("connect 10.0.0.1:1")
        .connected()
        .write(new_session)
        .then(set_hosts({{"10.0.0.3", 3}, {"10.0.0.1", 1}}))
        .expect_nothing()
        .closed()
        .expect("connect 10.0.0.3:3")
        .run();
    script(two_hosts())
        .start()
        .expect("connect 10.0.0.1:1")
        .connected()
        .write(new_session)
        .then(set_hosts({{"10.0.0.3", 3}}))
        .expect("disconnect")
        .expect("connect 10.0.0.3:3")
        .run();
}

TEST(hosts_change, a_pause_ends) {
    script(two_hosts())
        .start()
        .expect("connect 10.0.0.1:1")
        .closed()
        .expect("connect 10.0.0.2:2")
        .closed()
        .expect_nothing()
        .then(set_hosts({{"10.0.0.3", 3}}))
        .expect("connect 10.0.0.3:3")
        .run();
}

TEST(hosts_change, a_name_that_is_being_looked_up_is_not_looked_up_again) {
    session::config c = two_hosts();
    c.hosts.hosts = {{"zk1", 1}};
    script(c)
        .start()
        .expect("resolve zk1")
        .then(set_hosts({{"zk1", 1}, {"zk2", 2}}))
        .expect("resolve zk2")
        .expect_nothing()
        .then([](world& w) {
            w.resolved("zk1", {"10.0.0.1"});
            w.resolved("zk2", {"10.0.0.2"});
        })
        .expect("connect 10.0.0.1:1")
        .run();
}

TEST(hosts_change, closing_goes_on_where_it_is) {
    on_the_first()
        .close()
        .then(set_hosts({{"10.0.0.3", 3}}))
        .write(with_xid(reference("close"), 2147483647))
        .feed(with_xid(got("close", "close_without_ephemerals"), 2147483647))
        .expect("state closed")
        .expect("disconnect")
        .run();
    script(two_hosts()).abort().expect("state closed").then(set_hosts({{"10.0.0.3", 3}})).expect_nothing().run();
}

TEST(hosts_change, servers_keep_the_names_that_lead_to_them) {
    session::config c = two_hosts();
    c.hosts.hosts = {{"zk1", 1}, {"10.0.0.2", 2}, {"zk3", 3}};
    script(c)
        .start()
        .expect("resolve zk1")
        .expect("resolve zk3")
        .then([](world& w) {
            w.resolved("zk1", {"fd00::1", "10.0.0.1"});
            w.resolve_failed("zk3");
            const list servers{{"10.0.0.1", 1}, {"10.0.0.2", 2}, {"10.0.0.3", 3}, {"10.0.0.1", 9}};
            EXPECT_EQ(w.subject.named(servers), (list{{"zk1", 1}, {"10.0.0.2", 2}, {"10.0.0.3", 3}, {"10.0.0.1", 9}}));
            const list both{{"10.0.0.1", 1}, {"fd00::1", 1}}; // zk1 would count for one
            EXPECT_EQ(w.subject.named(both), both);
        })
        .expect("connect [fd00::1]:1")
        .run();
}

TEST(hosts_change, servers_by_tls_have_the_port_of_the_hosts) {
    const auto named = [](list hosts) {
        session::config c = two_hosts();
        c.hosts.hosts = std::move(hosts);
        return world(c).subject.named({{"a", 2181}, {"b", 2181}});
    };
    EXPECT_EQ(named({{"a", 2281, true}}), (list{{"a", 2281, true}, {"b", 2281, true}}));
    EXPECT_EQ(named({{"a", 2281, true}, {"c", 2282, true}}), std::nullopt);
    EXPECT_EQ(named({{"/run/zk", 0}}), std::nullopt);
    EXPECT_EQ(named({{"a", 2182}}), (list{{"a", 2181}, {"b", 2181}}));
}

TEST(hosts_change, by_chance_two_of_five_move_to_the_new_ones_where_three_become_five) {
    constexpr int clients = 2'000;
    int moved = 0;
    for (std::uint64_t seed = 0; seed < clients; ++seed) {
        session::config c = two_hosts();
        c.hosts.hosts.push_back({"10.0.0.3", 3});
        c.randomize_hosts = true;
        c.seed = seed;
        world w(c);
        w.start();
        w.take_orders();
        w.connected();
        w.write_all();
        w.feed(granted);
        ASSERT_EQ(w.subject.state(), session_state::connected);
        w.said.clear();
        set_hosts({{"10.0.0.1", 1}, {"10.0.0.2", 2}, {"10.0.0.3", 3}, {"10.0.0.4", 4}, {"10.0.0.5", 5}})(w);
        w.take_orders();
        if (w.said.empty()) continue;
        ++moved;
        EXPECT_TRUE(w.said.back() == "connect 10.0.0.4:4" || w.said.back() == "connect 10.0.0.5:5") << w.said.back();
    }
    EXPECT_NEAR(moved, clients * 2 / 5, clients / 25);
}

} // namespace
} // namespace kazoo::test::hosts_change_test

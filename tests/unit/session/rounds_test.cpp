// Which address is tried when.
#include "script.hpp"

#include "proto/jute.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kazoo::test::rounds_test {
namespace {

using testing::HasSubstr;

/// The request for a new session with another timeout.
std::string sent_with_timeout(std::uint32_t ms) {
    std::string frame = sent("connect", "new_session");
    proto::store_be32(frame.data() + 16, ms);
    return frame;
}

script opened_on_first_of(session::config c) {
    script s(std::move(c));
    s.start()
        .expect("connect 10.0.0.1:1")
        .connected()
        .write(sent("connect", "new_session"))
        .feed(got("connect", "new_session"))
        .expect("state connected");
    return s;
}

TEST(rounds, L162_every_address_of_every_host_is_tried_in_order) {
    script(with_hosts({{"zk1", 2181}, {"10.0.0.3", 2182}, {"zk2", 2183}}))
        .start()
        .expect("resolve zk1")
        .expect("resolve zk2")
        .expect_nothing()
        .then([](world& w) { w.resolved("zk2", {"fd00::2"}); })
        .expect_nothing()
        .then([](world& w) { w.resolved("zk1", {"10.0.0.1", "10.0.0.2"}); })
        .expect("connect 10.0.0.1:2181")
        .closed(std::make_error_code(std::errc::connection_refused))
        .expect("connect 10.0.0.2:2181")
        .closed(std::make_error_code(std::errc::connection_refused))
        .expect("connect 10.0.0.3:2182")
        .closed(std::make_error_code(std::errc::connection_refused))
        .expect("connect [fd00::2]:2183")
        .run();
}

TEST(rounds, L115_ipv6_addresses_need_no_resolver) {
    script(with_hosts({{"::1", 2181}})).start().expect("connect [::1]:2181").run();
}

TEST(rounds, L232_a_host_that_does_not_resolve_is_skipped_with_a_warning) {
    session::config c = with_hosts({{"zk1", 2181}, {"10.0.0.3", 2181}});
    c.log_threshold = log_level::warn;
    script(c)
        .start()
        .expect("resolve zk1")
        .then([](world& w) {
            w.resolve_failed("zk1");
            EXPECT_THAT(w.logged, HasSubstr("cannot resolve zk1"));
            EXPECT_THAT(w.subject.last_failures(), HasSubstr("zk1: cannot be resolved"));
        })
        .expect("connect 10.0.0.3:2181")
        .run();
}

TEST(rounds, C19_a_resolver_that_hangs_delays_a_round_by_its_share_only) {
    script(with_hosts({{"zk1", 2181}, {"10.0.0.3", 2181}}))
        .start()
        .expect("resolve zk1")
        .advance(3'333ms)
        .expect_nothing()
        .advance(1ms)
        .expect("connect 10.0.0.3:2181")
        .run();
}

TEST(rounds, a_late_answer_of_the_resolver_serves_the_next_round) {
    script(with_hosts({{"zk1", 2181}, {"10.0.0.3", 2181}}))
        .start()
        .expect("resolve zk1")
        .advance(5s)
        .expect("connect 10.0.0.3:2181")
        .then([](world& w) { w.resolved("zk1", {"10.0.0.1"}); }) // too late
        .closed()
        .advance(50ms)
        .expect("connect 10.0.0.1:2181") // with no new look-up
        .closed()
        .expect("connect 10.0.0.3:2181")
        .closed()
        .advance(100ms)
        .expect("resolve zk1") // addresses change: it serves one round only
        .run();
}

TEST(rounds, one_lookup_of_a_name_at_a_time_however_long_it_takes) {
    session::config c = with_hosts({{"zk1", 2181}, {"zk1", 2182}});
    c.reconnect = {.initial_delay = 50ms, .max_delay = 50ms, .factor = 1, .jitter = 0};
    script(c)
        .start()
        .expect("resolve zk1")
        .advance(5s)
        .expect_nothing()
        .advance(30s) // several rounds
        .expect_nothing()
        .then([](world& w) { w.resolve_failed("zk1"); })
        .advance(30s)
        .expect("resolve zk1")
        .expect_nothing()
        .then([](world& w) { w.resolved("zk1", {"10.0.0.1"}); })
        .advance(50ms)
        .expect("connect 10.0.0.1:2181")
        .run();
}

TEST(rounds, budgets_grow_from_round_to_round_while_no_session_is_at_stake) {
    session::config c = with_hosts({{"10.0.0.1", 1}, {"10.0.0.2", 2}, {"10.0.0.3", 3}, {"10.0.0.4", 4}});
    c.reconnect = {.initial_delay = 1ms, .max_delay = 1ms, .factor = 1, .jitter = 0};
    script s(c);
    s.start();
    for (const duration budget : {2500ms, 5000ms, 6666ms, 6666ms}) { // a quarter of T, up to two thirds
        for (int i = 1; i <= 4; ++i) {
            const std::string address = std::to_string(i);
            s.expect("connect 10.0.0." + address + ":" + address).connected().write(sent("connect", "new_session"));
            s.advance(budget).advance(budget == 6666ms ? 1ms : 0ms).expect("disconnect");
        }
        s.advance(1ms);
    }
    s.expect("connect 10.0.0.1:1").run();
}

TEST(rounds, a_resolver_that_takes_longer_than_its_share_gets_there) {
    script(with_hosts({{"zk1", 1}, {"zk2", 2}, {"zk3", 3}, {"zk4", 4}}))
        .start()
        .then([](world& w) {
            w.take_orders();
            w.said.clear();
            w.advance(4s); // more than a quarter of T
            for (const char* name : {"zk1", "zk2", "zk3", "zk4"}) w.resolved(name, {"10.0.0.1"});
        })
        .expect("connect 10.0.0.1:1")
        .run();
}

TEST(rounds, a_new_session_that_was_asked_for_in_vain_is_closed) {
    const std::string close_session = with_xid(reference("close"), 2147483647);
    script(with_hosts({{"10.0.0.1", 1}, {"10.0.0.2", 2}}))
        .start()
        .expect("connect 10.0.0.1:1")
        .connected()
        .write(sent("connect", "new_session"))
        .advance(5s)
        .expect("disconnect")
        .expect("connect 10.0.0.2:2")
        .then([=](world& w) { EXPECT_EQ(to_hex(w.last_words), to_hex(close_session)); })
        .connected()
        .then([](world& w) { w.subject.abort(w.now); }) // nothing was asked yet
        .expect("state closed")
        .expect("disconnect")
        .then([](world& w) { EXPECT_EQ(w.last_words, ""); })
        .run();
}

TEST(rounds, a_session_of_ours_is_not_closed_where_resuming_takes_too_long) {
    opened_on_first_of(with_hosts({{"10.0.0.1", 1}, {"10.0.0.2", 2}}))
        .closed()
        .expect("state suspended")
        .expect("connect 10.0.0.2:2")
        .connected()
        .write(resume_frame(0))
        .advance(3'334ms)
        .expect("disconnect")
        .then([](world& w) { EXPECT_EQ(w.last_words, ""); })
        .run();
}

TEST(rounds, L209_nothing_resolvable_is_a_failed_round_and_not_the_end) {
    script(with_hosts({{"zk1", 2181}}))
        .start()
        .expect("resolve zk1")
        .then([](world& w) {
            w.resolve_failed("zk1");
            EXPECT_THAT(w.subject.last_failures(), HasSubstr(make_error_code(errc::no_hosts).message()));
        })
        .expect_nothing()
        .advance(50ms)
        .expect("resolve zk1")
        .then([](world& w) { w.resolved("zk1", {}); })
        .expect_nothing()
        .advance(100ms)
        .expect("resolve zk1")
        .then([](world& w) { w.resolved("zk1", {"10.0.0.1"}); })
        .expect("connect 10.0.0.1:2181")
        .run();
}

TEST(rounds, C18_connecting_and_shaking_hands_share_one_budget) {
    session::config c = script::one_host();
    c.timeout = 9s;
    script(c)
        .start()
        .expect("connect 10.0.0.1:2181")
        .advance(2'999ms)
        .expect_nothing()
        .advance(1ms)
        .expect("give up 10.0.0.1:2181")
        .then([](world& w) { EXPECT_EQ(w.subject.last_failures(), "10.0.0.1:2181: no connection within 3.0 s"); })
        .advance(50ms)
        .expect("connect 10.0.0.1:2181") // for 6 s
        .advance(5s)
        .connected()
        .write(sent_with_timeout(9'000))
        .advance(999ms)
        .expect_nothing()
        .advance(1ms)
        .expect("disconnect")
        .then([](world& w) {
            EXPECT_EQ(w.subject.last_failures(),
                      "10.0.0.1:2181: connected, but no answer to the handshake within 1.0 s");
        })
        .run();
}

TEST(rounds, refused_is_what_each_address_of_a_round_said) {
    const auto expect = [](bool refused) { return [refused](world& w) { EXPECT_EQ(w.subject.refused(), refused); }; };
    script(with_hosts({{"10.0.0.1", 1}, {"10.0.0.2", 2}}))
        .start()
        .expect("connect 10.0.0.1:1")
        .closed(std::make_error_code(std::errc::connection_refused))
        .expect("connect 10.0.0.2:2")
        .then(expect(false))
        .closed(std::make_error_code(std::errc::connection_refused))
        .then(expect(true))
        .advance(50ms)
        .expect("connect 10.0.0.1:1")
        .advance(250ms)
        .expect("connect 10.0.0.2:2")
        .closed(std::make_error_code(std::errc::connection_refused))
        .advance(6'417ms) // the first one says nothing
        .expect("give up 10.0.0.1:1")
        .then(expect(false))
        .run();
}

TEST(rounds, a_name_that_is_not_looked_up_in_time_has_not_refused) {
    script(with_hosts({{"zk1", 2181}}))
        .start()
        .expect("resolve zk1")
        .advance(3'334ms)
        .then([](world& w) { EXPECT_FALSE(w.subject.refused()); })
        .advance(50ms)
        .then([](world& w) {
            w.resolve_failed("zk1"); // late, in the next round
            EXPECT_TRUE(w.subject.refused());
        })
        .run();
}

TEST(rounds, L190_a_frozen_server_gets_no_more_than_its_share_and_at_least_200_ms) {
    session::config c = with_hosts({});
    for (std::uint16_t port = 1; port <= 20; ++port) c.hosts.hosts.push_back({"10.0.0.1", port});
    c.timeout = 1s;
    script(c)
        .start()
        .expect("connect 10.0.0.1:1")
        .advance(199ms)
        .expect_nothing()
        .advance(1ms)
        .expect("give up 10.0.0.1:1")
        .expect("connect 10.0.0.1:2")
        .run();
}

TEST(rounds, C18_a_lone_server_that_never_answers_is_asked_again_in_time_for_the_session) {
    opened_on_first_of(with_hosts({{"10.0.0.1", 1}}))
        .closed()
        .expect("state suspended")
        .advance(50ms)
        .expect("connect 10.0.0.1:1")
        .connected()
        .write(resume_frame(0))
        .advance(3'333ms)
        .expect_nothing()
        .advance(1ms)
        .expect("disconnect")
        .advance(100ms)
        .expect("connect 10.0.0.1:1")
        .run();
}

TEST(rounds, C18_the_negotiated_timeout_counts_while_a_session_lives) {
    script(with_hosts({{"10.0.0.1", 1}, {"10.0.0.2", 2}}))
        .start()
        .expect("connect 10.0.0.1:1")
        .connected()
        .write(sent("connect", "new_session"))
        .feed(got("connect", "timeout_below_the_minimum")) // 2 s
        .expect("state connected")
        .closed()
        .expect("state suspended")
        .expect("connect 10.0.0.2:2")
        .advance(667ms)
        .expect("give up 10.0.0.2:2")
        .advance(50ms)
        .expect("connect 10.0.0.1:1")
        .run();
}

std::vector<std::string> order_of_first_round(std::uint64_t seed) {
    session::config c = with_hosts({{"10.0.0.1", 1}, {"10.0.0.2", 2}, {"10.0.0.3", 3}});
    c.randomize_hosts = true;
    c.seed = seed;
    world w(c);
    w.start();
    for (int i = 0; i < 3; ++i) {
        w.take_orders();
        w.closed();
    }
    return {w.said.begin(), w.said.end()};
}

TEST(rounds, L232_the_order_is_shuffled_by_the_seed) {
    std::map<std::vector<std::string>, int> seen;
    for (std::uint64_t seed = 0; seed < 600; ++seed) ++seen[order_of_first_round(seed)];
    EXPECT_EQ(seen.size(), 6U);
    for (const auto& [order, times] : seen) EXPECT_GT(times, 50);
    EXPECT_EQ(order_of_first_round(7), order_of_first_round(7));
}

TEST(rounds, a_fact_about_an_older_connection_changes_nothing) {
    script(with_hosts({{"10.0.0.1", 1}, {"10.0.0.2", 2}}))
        .start()
        .expect("connect 10.0.0.1:1")
        .then([](world& w) {
            w.now += 5s; // the attempt's time is over, but nobody has rung the bell yet
            w.subject.on_connected(w.lines.front().number, w.now);
            EXPECT_EQ(w.subject.output(), "");
        })
        .expect("give up 10.0.0.1:1")
        .expect("connect 10.0.0.2:2")
        .run();
}

} // namespace
} // namespace kazoo::test::rounds_test

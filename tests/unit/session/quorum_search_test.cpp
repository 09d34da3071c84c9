// On a server without a quorum: the others are asked, and the session moves to one that has it.
#include "script.hpp"

#include "proto/framing.hpp"
#include "proto/records.hpp"
#include "session/quorum_search.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kazoo::test::quorum_search_test {
namespace {

session::config read_only_hosts() {
    session::config c = script::one_host();
    c.hosts.hosts = {{"10.0.0.1", 1}, {"10.0.0.2", 2}, {"10.0.0.3", 3}};
    c.read_only = true;
    c.timeout = 9s;
    c.reconnect = {.initial_delay = 100ms, .max_delay = 400ms, .factor = 2.0, .jitter = 0};
    return c;
}

std::string granted(std::int64_t id, bool read_only) {
    proto::connect_response answer;
    answer.timeout_ms = 9'000;
    answer.session_id = id;
    answer.password = "0123456789abcdef";
    std::string bytes;
    proto::put_connect_response(bytes, answer, read_only);
    return bytes;
}

/// What was asked for: the id of a session, or 0.
std::int64_t asked_session(world& w) {
    const std::string frame = w.write_all();
    proto::connect_request request;
    std::optional<bool> read_only;
    EXPECT_TRUE(proto::get_connect_request(std::string_view(frame).substr(4), request, read_only));
    return request.session_id;
}
auto asks_for(std::int64_t session) {
    return [session](world& w) { EXPECT_EQ(asked_session(w), session); };
}

script on_a_read_only_server(session::config c = read_only_hosts()) {
    script s(std::move(c));
    s.start()
        .expect("connect 10.0.0.1:1")
        .connected()
        .then(asks_for(0))
        .feed(granted(7, true))
        .expect("state connected_read_only");
    return s;
}

auto answers(std::string address, std::string text) {
    return [address, text](world& w) { w.answered(address, text); };
}

/// The second host has a quorum.
script with_an_answer_while_a_request_is_under_way() {
    script s = on_a_read_only_server();
    s.submit({reference("get_data")})
        .write(reference("get_data"))
        .advance(100ms)
        .expect("connect 10.0.0.2:2")
        .connected()
        .expect("ask 10.0.0.2:2 isro")
        .then(answers("10.0.0.2:2", "rw"))
        .expect("give up 10.0.0.2:2");
    return s;
}

TEST(quorum_search, C15_all_hosts_are_asked_in_turn_with_pauses_that_grow) {
    on_a_read_only_server()
        .expect_nothing()
        .advance(100ms)
        .expect("connect 10.0.0.2:2")
        .connected()
        .expect("ask 10.0.0.2:2 isro")
        .then(answers("10.0.0.2:2", "ro"))
        .expect("give up 10.0.0.2:2")
        .expect("connect 10.0.0.3:3")
        .refused("10.0.0.3:3")
        .expect_nothing()
        .advance(199ms)
        .expect_nothing()
        .advance(1ms)
        .expect("connect 10.0.0.2:2")
        .refused("10.0.0.2:2")
        .expect("connect 10.0.0.3:3")
        .refused("10.0.0.3:3")
        .advance(399ms)
        .expect_nothing()
        .advance(1ms)
        .expect("connect 10.0.0.2:2")
        .run();
}

TEST(quorum_search, C15_the_session_moves_to_the_address_that_was_asked) {
    on_a_read_only_server()
        .advance(100ms)
        .expect("connect 10.0.0.2:2")
        .refused("10.0.0.2:2")
        .expect("connect 10.0.0.3:3")
        .connected()
        .expect("ask 10.0.0.3:3 isro")
        .then(answers("10.0.0.3:3", "rw"))
        .expect("state suspended")
        .expect("session lost session_expired") // nobody else has ever known it
        .expect("state lost")
        .expect("state connecting")
        .expect("give up 10.0.0.3:3")
        .expect("disconnect")
        .expect("connect 10.0.0.3:3")
        .connected()
        .then(asks_for(0))
        .feed(granted(8, false))
        .expect("state connected")
        .advance(2s)
        .expect_nothing()
        .run();
}

TEST(quorum_search, a_session_that_servers_with_a_quorum_know_is_kept) {
    session::config c = read_only_hosts();
    c.resume = session::identity{.id = session_id{7}, .negotiated_timeout = 9s};
    script(c)
        .start()
        .expect("connect 10.0.0.1:1")
        .connected()
        .then(asks_for(7))
        .feed(granted(7, true))
        .expect("state connected_read_only")
        .advance(100ms)
        .expect("connect 10.0.0.2:2")
        .connected()
        .expect("ask 10.0.0.2:2 isro")
        .then(answers("10.0.0.2:2", "rw"))
        .expect("state suspended")
        .expect("give up 10.0.0.2:2")
        .expect("disconnect")
        .expect("connect 10.0.0.2:2")
        .connected()
        .then(asks_for(7))
        .feed(granted(7, false))
        .expect("state connected")
        .run();
}

TEST(quorum_search, what_was_sent_is_answered_before_it_moves) {
    with_an_answer_while_a_request_is_under_way()
        .expect_nothing()
        .feed(hex("00000010000000040000000000000005ffffff9b"))
        .expect("reply 4 err -101")
        .expect("state suspended")
        .expect("session lost session_expired")
        .expect("state lost")
        .expect("state connecting")
        .expect("disconnect")
        .expect("connect 10.0.0.2:2")
        .run();
}

TEST(quorum_search, where_isro_is_not_allowed_the_mode_is_asked_for) {
    on_a_read_only_server()
        .advance(100ms)
        .expect("connect 10.0.0.2:2")
        .connected()
        .expect("ask 10.0.0.2:2 isro")
        .then(answers("10.0.0.2:2", "isro is not executed because it is not in the whitelist.\n"))
        .expect("give up 10.0.0.2:2")
        .expect("connect 10.0.0.2:2")
        .connected()
        .expect("ask 10.0.0.2:2 srvr")
        .then(answers("10.0.0.2:2", "Zookeeper version: 3.8.0\nMode: read-only\n"))
        .expect("give up 10.0.0.2:2")
        .expect("connect 10.0.0.3:3")
        .connected()
        .expect("ask 10.0.0.3:3 isro")
        .then(answers("10.0.0.3:3", "This ZooKeeper instance is not currently serving requests\n"))
        .expect("give up 10.0.0.3:3")
        .advance(200ms)
        .expect("connect 10.0.0.2:2")
        .connected()
        .expect("ask 10.0.0.2:2 srvr")
        .then(answers("10.0.0.2:2", "Zookeeper version: 3.8.0\nMode: follower\n"))
        .expect("state suspended")
        .expect("session lost session_expired")
        .expect("state lost")
        .expect("state connecting")
        .expect("give up 10.0.0.2:2")
        .expect("disconnect")
        .expect("connect 10.0.0.2:2")
        .run();
}

TEST(quorum_search, one_that_says_nothing_is_given_up) {
    on_a_read_only_server()
        .advance(100ms)
        .expect("connect 10.0.0.2:2")
        .connected()
        .expect("ask 10.0.0.2:2 isro")
        .advance(2'899ms)
        .then([](world& w) { w.write_all(); }) // pings, perhaps
        .advance(101ms)
        .expect("give up 10.0.0.2:2")
        .expect("connect 10.0.0.3:3")
        .run();
}

TEST(quorum_search, ends_with_the_connection_and_with_the_client) {
    on_a_read_only_server()
        .advance(100ms)
        .expect("connect 10.0.0.2:2")
        .connected()
        .expect("ask 10.0.0.2:2 isro")
        .closed()
        .expect("state suspended")
        .expect("session lost session_expired")
        .expect("state lost")
        .expect("state connecting")
        .expect("give up 10.0.0.2:2")
        .expect("connect 10.0.0.2:2")
        .abort()
        .expect("state closed")
        .expect("give up 10.0.0.2:2")
        .run();
    on_a_read_only_server()
        .advance(100ms)
        .expect("connect 10.0.0.2:2")
        .abort()
        .expect("state closed")
        .expect("disconnect")
        .expect("give up 10.0.0.2:2")
        .run();
}

TEST(quorum_search, names_are_looked_up_again) {
    session::config c = read_only_hosts();
    c.hosts.hosts = {{"10.0.0.1", 1}, {"zk2", 2}};
    script(c)
        .start()
        .expect("resolve zk2")
        .then([](world& w) { w.resolve_failed("zk2"); })
        .expect("connect 10.0.0.1:1")
        .connected()
        .then(asks_for(0))
        .feed(granted(7, true))
        .expect("state connected_read_only")
        .advance(100ms)
        .expect("resolve zk2")
        .then([](world& w) { w.resolved("zk2", {"10.0.0.2"}); })
        .expect_nothing()
        .advance(200ms)
        .expect("resolve zk2")
        .expect("connect 10.0.0.2:2")
        .run();
}

TEST(quorum_search, goes_by_tls_where_the_host_does) {
    session::config c = read_only_hosts();
    c.hosts.hosts[1] = {"10.0.0.2", 2, true};
    on_a_read_only_server(c)
        .advance(100ms)
        .expect("connect 10.0.0.2:2")
        .then([](world& w) { EXPECT_TRUE(w.connecting_to.tls); })
        .refused("10.0.0.2:2")
        .expect("connect 10.0.0.3:3")
        .then([](world& w) { EXPECT_FALSE(w.connecting_to.tls); })
        .run();
}

auto set_hosts(std::vector<session::host_port> hosts) {
    return [hosts](world& w) { w.subject.set_hosts(hosts, w.now); };
}

TEST(quorum_search, goes_where_it_was_answered_after_the_hosts_have_changed) {
    on_a_read_only_server()
        .then(set_hosts({{"10.0.0.1", 1}, {"10.0.0.4", 4}, {"10.0.0.5", 5}}))
        .advance(100ms)
        .expect("connect 10.0.0.4:4")
        .refused("10.0.0.4:4")
        .expect("connect 10.0.0.5:5")
        .connected()
        .expect("ask 10.0.0.5:5 isro")
        .then(answers("10.0.0.5:5", "rw"))
        .expect("state suspended")
        .expect("session lost session_expired")
        .expect("state lost")
        .expect("state connecting")
        .expect("give up 10.0.0.5:5")
        .expect("disconnect")
        .expect("connect 10.0.0.5:5")
        .run();
}

TEST(quorum_search, begins_again_with_other_hosts) {
    on_a_read_only_server()
        .advance(100ms)
        .expect("connect 10.0.0.2:2")
        .then(set_hosts({{"10.0.0.1", 1}, {"10.0.0.4", 4}}))
        .expect("give up 10.0.0.2:2")
        .advance(100ms)
        .expect("connect 10.0.0.4:4")
        .run();
}

TEST(quorum_search, a_server_that_is_taken_out_while_the_session_is_leaving_for_it_is_not_gone_to) {
    with_an_answer_while_a_request_is_under_way()
        .then(set_hosts({{"10.0.0.1", 1}, {"10.0.0.3", 3}}))
        .feed(hex("00000010000000040000000000000005ffffff9b"))
        .expect("reply 4 err -101")
        .expect("state suspended")
        .expect("session lost session_expired")
        .expect("state lost")
        .expect("state connecting")
        .expect("disconnect")
        .expect("connect 10.0.0.3:3")
        .run();
}

TEST(quorum_search, what_is_looked_up_for_it_is_looked_up_again_when_the_connection_is_gone) {
    session::config c = read_only_hosts();
    c.hosts.hosts = {{"10.0.0.1", 1}, {"zk2", 2}};
    script(c)
        .start()
        .expect("resolve zk2")
        .then([](world& w) { w.resolved("zk2", {"10.0.0.2"}); })
        .expect("connect 10.0.0.1:1")
        .connected()
        .then(asks_for(0))
        .feed(granted(7, true))
        .expect("state connected_read_only")
        .advance(100ms)
        .expect("resolve zk2")
        .expect("connect 10.0.0.2:2")
        .then([](world& w) { w.resolved("zk2", {"10.0.0.2"}); })
        .advance(100ms)
        .submit({reference("get_data")})
        .write(reference("get_data"))
        .feed(hex("00000010000000040000000000000005ffffff9b"))
        .expect("reply 4 err -101")
        .closed()
        .expect("state suspended")
        .expect("session lost session_expired")
        .expect("state lost")
        .expect("state connecting")
        .expect("give up 10.0.0.2:2")
        .expect("resolve zk2")
        .run();
}

TEST(quorum_search, a_cut_answer_says_nothing) {
    using session::says_quorum;
    EXPECT_TRUE(says_quorum("rw"));
    EXPECT_TRUE(says_quorum("Latency: 0\nMode: leader\nNode count: 4\n"));
    for (const char* no : {"", "r", "ro", "Mode:", "Mode: ", "Mode: read-", "Mode: foll", "Mode: \n",
                           "Mode: read-only\nNode count: 4\n"})
        EXPECT_FALSE(says_quorum(no)) << no;
}

TEST(quorum_search, is_not_done_where_there_is_a_quorum) {
    script(read_only_hosts())
        .start()
        .expect("connect 10.0.0.1:1")
        .connected()
        .then(asks_for(0))
        .feed(granted(7, false))
        .expect("state connected")
        .advance(2s)
        .expect_nothing()
        .run();
}

} // namespace
} // namespace kazoo::test::quorum_search_test

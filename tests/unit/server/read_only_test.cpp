// A server without its quorum, which serves reads; and a session that somebody else claims. What is expected was seen
// on three Apache ZooKeeper 3.8.0 servers of which two were killed.
#include "support.hpp"

namespace kazoo::server::test {
namespace {

/// The last byte of the answer to a handshake that allows servers without a quorum, behind its session.
std::optional<bool> greet(world& w, client& c, std::int64_t session = 0, std::string password = std::string(16, '\0')) {
    std::string bytes;
    proto::put_connect_request(bytes, {0, 0, 2000, session, password}, true);
    c.send(bytes);
    const auto payload = c.read();
    if (!payload) return std::nullopt;
    proto::connect_response response;
    std::optional<bool> read_only;
    EXPECT_TRUE(proto::get_connect_response(*payload, response, read_only));
    c.session = response.session_id;
    c.password = response.password;
    c.timeout_ms = response.timeout_ms;
    EXPECT_EQ(w.subject.finished(c.id()), response.session_id == 0);
    return read_only;
}

struct without_quorum : world {
    without_quorum() {
        EXPECT_TRUE(before.connect());
        before.create("/n");
        before.create("/e", proto::create_flags::ephemeral);
        subject.set_read_only(true, now);
    }
    client before{*this};
};

TEST(read_only_server, serves_reads_to_those_who_ask_for_that) {
    without_quorum w;
    EXPECT_TRUE(w.before.finished());
    client c(w);
    EXPECT_EQ(greet(w, c), true);
    EXPECT_NE(c.session, 0);
    const std::int64_t zxid = w.subject.zxid();
    EXPECT_EQ(c.exists("/n").error, errc{});
    EXPECT_EQ(c.exists("/n", true).error, errc{});
    for (const answer& a : {c.create("/m"), c.remove("/n"), c.call(opcode::sync, proto::path_request{"/n"})})
        EXPECT_EQ(a.error, errc::not_read_only);
    EXPECT_EQ(w.subject.zxid(), zxid) << "no session was opened, nothing was written";
}

TEST(read_only_server, refuses_the_others_without_an_answer) {
    without_quorum w;
    client usual(w);
    EXPECT_FALSE(usual.connect());
    EXPECT_TRUE(usual.finished());
    client resuming(w);
    EXPECT_EQ(greet(w, resuming, w.before.session, w.before.password), std::nullopt);
    EXPECT_TRUE(resuming.finished());
}

TEST(read_only_server, does_not_know_other_sessions) {
    without_quorum w;
    client c(w);
    EXPECT_EQ(greet(w, c, 0x77), true);
    EXPECT_EQ(c.session, 0);
    EXPECT_EQ(c.timeout_ms, 0);
}

TEST(read_only_server, its_sessions_can_be_resumed_and_end) {
    without_quorum w;
    client c(w);
    greet(w, c);
    c.leave();
    client again(w);
    EXPECT_EQ(greet(w, again, c.session, c.password), true);
    EXPECT_EQ(again.session, c.session);
    w.pass(10s);
    EXPECT_TRUE(again.finished()) << "it has said nothing";
    client closing(w);
    greet(w, closing);
    EXPECT_EQ(closing.call(opcode::close_session).error, errc{});
    EXPECT_TRUE(closing.finished());
}

TEST(read_only_server, other_sessions_go_on_with_the_quorum_and_its_own_are_unknown_then) {
    without_quorum w;
    client c(w);
    greet(w, c);
    w.pass(1h);
    EXPECT_EQ(w.subject.sessions(), std::vector{w.before.session});
    client late(w);
    greet(w, late);
    w.subject.set_read_only(false, w.now);
    EXPECT_TRUE(late.finished());
    client again(w);
    EXPECT_EQ(greet(w, again, w.before.session, w.before.password), false);
    EXPECT_EQ(again.session, w.before.session);
    EXPECT_EQ(w.subject.ephemerals(again.session), std::vector<std::string>{"/e"});
    client lost(w);
    EXPECT_EQ(greet(w, lost, late.session, late.password), false);
    EXPECT_EQ(lost.session, 0);
    EXPECT_EQ(again.create("/m").error, errc{});
}

TEST(sessions, that_are_taken_over_live_on_without_their_connection) {
    world w;
    client c(w);
    ASSERT_TRUE(c.connect());
    EXPECT_FALSE(w.subject.take_over(0x77, w.now));
    EXPECT_TRUE(w.subject.take_over(c.session, w.now));
    EXPECT_TRUE(c.finished());
    client again(w);
    ASSERT_TRUE(again.resume(c));
    EXPECT_EQ(again.session, c.session);
}

} // namespace
} // namespace kazoo::server::test

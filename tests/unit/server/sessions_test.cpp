// Sessions in virtual time: buckets, resuming, moving, expiring, restarts.
#include "support.hpp"

namespace kazoo::server::test {
namespace {

TEST(sessions, expire_at_the_end_of_the_tick_in_which_their_timeout_ends) {
    world w;
    w.pass(400ms);
    client c(w);
    ASSERT_TRUE(c.connect({.timeout_ms = 2000}));
    EXPECT_EQ(w.subject.deadline(), time_point(1h + 3s)) << "0.4 s + 2 s, rounded up to a whole tick";
    w.pass(2599ms);
    EXPECT_EQ(w.subject.sessions(), std::vector{c.session});
    w.pass(1ms);
    EXPECT_TRUE(w.subject.sessions().empty());
    EXPECT_TRUE(c.finished());
}

TEST(sessions, a_timeout_that_ends_with_a_tick_gets_the_whole_next_one) {
    world w;
    client c(w);
    ASSERT_TRUE(c.connect({.timeout_ms = 2000}));
    EXPECT_EQ(w.subject.deadline(), time_point(1h + 3s));
}

TEST(sessions, every_request_keeps_them_alive_authentication_does_not) {
    world w;
    client c(w);
    ASSERT_TRUE(c.connect());
    w.pass(1500ms);
    EXPECT_EQ(c.exists("/").error, errc{});
    EXPECT_EQ(w.subject.deadline(), time_point(1h + 4s));
    w.pass(1500ms);
    EXPECT_EQ(c.ping().xid, -2);
    EXPECT_EQ(w.subject.deadline(), time_point(1h + 6s));
    w.pass(1500ms);
    EXPECT_EQ(c.login("u:p").error, errc{});
    EXPECT_EQ(w.subject.deadline(), time_point(1h + 6s));
}

TEST(sessions, timeouts_are_clamped_to_2_and_20_ticks) {
    world w;
    for (const auto& [asked, agreed] : {std::pair{1, 2000}, {2001, 2001}, {100'000, 20'000}, {-5, 2000}}) {
        client c(w);
        ASSERT_TRUE(c.connect({.timeout_ms = asked}));
        EXPECT_EQ(c.timeout_ms, agreed);
    }
}

TEST(sessions, expiry_deletes_ephemerals_in_one_transaction_and_tells_watchers) {
    world w;
    client owner(w), watcher(w);
    ASSERT_TRUE(owner.connect({.timeout_ms = 2000}));
    ASSERT_TRUE(watcher.connect({.timeout_ms = 10'000}));
    owner.create("/e", ephemeral);
    owner.create("/f", ephemeral);
    EXPECT_EQ(w.subject.ephemerals(owner.session), (std::vector<std::string>{"/e", "/f"}));
    watcher.exists("/e", true);
    const std::int64_t before = w.subject.zxid();
    w.pass(3s);
    EXPECT_EQ(w.subject.zxid(), before + 1);
    EXPECT_EQ(watcher.take_events(), (std::vector<event>{{change_kind::deleted, "/e"}}));
    EXPECT_EQ(watcher.exists("/f").error, errc::no_node);
    EXPECT_TRUE(owner.finished());
}

TEST(sessions, survive_the_loss_of_their_connection_until_they_expire) {
    world w;
    client first(w);
    ASSERT_TRUE(first.connect({.timeout_ms = 4000}));
    first.create("/e", ephemeral);
    first.leave();
    w.pass(3s);
    client second(w);
    ASSERT_TRUE(second.resume(first, 4000));
    EXPECT_EQ(second.session, first.session);
    EXPECT_EQ(second.password, first.password);
    EXPECT_EQ(second.exists("/e").stat().ephemeral_owner, first.session);
    second.leave();
    w.pass(10s);
    client third(w);
    ASSERT_TRUE(third.resume(first));
    EXPECT_EQ(third.session, 0);
    EXPECT_EQ(third.timeout_ms, 0);
    EXPECT_EQ(third.password, std::string(16, '\0'));
    EXPECT_TRUE(third.finished());
    EXPECT_EQ(w.subject.nodes().find("/e"), nullptr);
}

TEST(sessions, a_resumed_session_takes_the_newly_negotiated_timeout) {
    world w;
    client first(w), second(w);
    ASSERT_TRUE(first.connect({.timeout_ms = 2000}));
    ASSERT_TRUE(second.resume(first, 10'000));
    EXPECT_EQ(second.timeout_ms, 10'000);
    EXPECT_EQ(w.subject.deadline(), time_point(1h + 11s));
}

TEST(sessions, a_move_closes_the_older_connection_and_drops_its_watches) {
    world w;
    client first(w), second(w);
    ASSERT_TRUE(first.connect());
    first.exists("/a", true);
    first.children("/", true);
    EXPECT_EQ(w.subject.watches(first.id()), (watch_counts{1, 1}));
    ASSERT_TRUE(second.resume(first));
    EXPECT_TRUE(first.finished());
    EXPECT_EQ(w.subject.watches(), watch_counts{});
    EXPECT_EQ(second.create("/a").error, errc{});
    EXPECT_EQ(w.subject.session_of(second.id()), first.session);
}

TEST(sessions, a_wrong_password_cuts_the_live_connection_and_leaves_the_session) {
    world w;
    client owner(w), thief(w), again(w);
    ASSERT_TRUE(owner.connect());
    ASSERT_TRUE(thief.connect({.session = owner.session, .password = std::string(16, 'x')}));
    EXPECT_EQ(thief.session, 0);
    EXPECT_TRUE(thief.finished());
    EXPECT_TRUE(owner.finished());
    ASSERT_TRUE(again.resume(owner));
    EXPECT_EQ(again.session, owner.session);
}

TEST(sessions, a_client_that_has_seen_more_is_closed_without_an_answer) {
    world w;
    client ahead(w), level(w);
    EXPECT_FALSE(ahead.connect({.last_zxid = 1}));
    EXPECT_TRUE(ahead.finished());
    EXPECT_EQ(w.subject.zxid(), 0);
    EXPECT_TRUE(level.connect({.last_zxid = 0}));
    EXPECT_EQ(w.subject.zxid(), 1) << "opening a session is a transaction";
}

TEST(sessions, closing_answers_last_and_ignores_what_comes_behind) {
    world w;
    client c(w), other(w);
    ASSERT_TRUE(c.connect());
    ASSERT_TRUE(other.connect());
    c.create("/e", ephemeral);
    c.exists("/e", true);
    c.send(c.encoded(8, opcode::close_session) +
           c.encoded(9, opcode::create, proto::create_request{"/late", "", open_to_all(), 0}));
    const auto reply = c.receive();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->xid, 8);
    EXPECT_EQ(reply->error, errc{});
    EXPECT_EQ(c.events, (std::vector<event>{{change_kind::deleted, "/e"}}));
    EXPECT_TRUE(c.finished());
    EXPECT_EQ(other.exists("/late").error, errc::no_node);
    EXPECT_EQ(w.subject.sessions(), std::vector{other.session});
}

TEST(sessions, expiry_on_demand) {
    world w;
    client c(w);
    ASSERT_TRUE(c.connect());
    c.create("/e", ephemeral);
    EXPECT_TRUE(w.subject.expire_session(c.session, w.now));
    EXPECT_FALSE(w.subject.expire_session(c.session, w.now));
    EXPECT_TRUE(c.finished());
    EXPECT_EQ(w.subject.nodes().find("/e"), nullptr);
}

TEST(sessions, a_restart_keeps_nodes_and_sessions_and_gives_them_their_whole_timeout) {
    world w;
    client c(w);
    ASSERT_TRUE(c.connect({.timeout_ms = 2000}));
    c.create("/e", ephemeral, "kept");
    c.exists("/e", true);
    const std::int64_t zxid = w.subject.zxid();
    w.now.at += 1h; // down for longer than any session lives
    w.subject.restart(w.now);
    EXPECT_TRUE(c.finished());
    EXPECT_EQ(w.subject.watches(), watch_counts{});
    EXPECT_EQ(w.subject.zxid(), zxid);
    EXPECT_EQ(w.subject.deadline(), w.now.at + 3s);
    client back(w);
    ASSERT_TRUE(back.connect({.session = c.session, .password = c.password, .last_zxid = zxid}));
    EXPECT_EQ(back.session, c.session);
    EXPECT_EQ(back.get("/e").as<proto::data_reply>().data, "kept");
}

TEST(sessions, ids_and_passwords_come_from_the_seed) {
    const auto first_session = [](std::uint64_t seed) {
        config c = test_config();
        c.seed = seed;
        world w(c);
        client one(w), two(w);
        EXPECT_TRUE(one.connect());
        EXPECT_TRUE(two.connect());
        EXPECT_NE(one.session, two.session);
        EXPECT_NE(one.password, two.password);
        return std::pair(one.session, one.password);
    };
    EXPECT_EQ(first_session(1), first_session(1));
    EXPECT_NE(first_session(1).first, first_session(2).first);
    EXPECT_NE(first_session(1).second, first_session(2).second);
}

TEST(sessions, a_connection_that_says_nothing_is_closed_after_10_seconds_rounded_up) {
    world w;
    w.pass(1s);
    client mute(w);
    w.pass(18s);
    EXPECT_FALSE(mute.finished());
    w.pass(1s);
    EXPECT_TRUE(mute.finished());
}

TEST(sessions, opening_and_closing_are_transactions) {
    world w;
    client c(w);
    ASSERT_TRUE(c.connect());
    EXPECT_EQ(w.subject.zxid(), 1);
    EXPECT_EQ(c.call(opcode::close_session).zxid, 2);
    EXPECT_EQ(w.subject.zxid(), 2);
}

} // namespace
} // namespace kazoo::server::test

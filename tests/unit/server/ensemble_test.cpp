// Servers with a quorum: where sessions are touched, who ends them, and what a member says that is cut off.
#include "server/ensemble.hpp"
#include "support.hpp"

namespace kazoo::server::test {
namespace {

constexpr member_id first = 2, other = 0, third = 1; // the leader is the one with the highest number

ensemble_config three_members() {
    ensemble_config c;
    c.general.tick = 1s;
    c.general.min_session_timeout_ms = 2000;
    c.general.max_session_timeout_ms = 20'000;
    return c;
}

/// Messages arrive at once, unless they are held.
struct members {
    void settle() {
        for (auto sent = subject.take_messages(); !sent.empty(); sent = subject.take_messages())
            for (sent_message& m : sent) subject.deliver(std::move(m), now);
    }
    void pass(duration time) {
        const time_point end = now.at + time;
        do {
            const time_point next = std::min(std::max(subject.deadline(), now.at), end);
            now.wall_ms += std::chrono::duration_cast<std::chrono::milliseconds>(next - now.at).count();
            now.at = next;
            subject.on_time(now);
            settle();
        } while (now.at < end);
    }
    void hold(member_id from, member_id to, bool on = true) {
        subject.hold(from, to, on, now);
        settle();
    }
    void stop(member_id m) {
        subject.stop(m, now);
        settle();
    }
    void cut_off(member_id m, bool on = true) {
        for (const member_id each : {first, other, third}) {
            if (each == m) continue;
            hold(m, each, on);
            hold(each, m, on);
        }
    }

    moment now{time_point(1h), 1'700'000'000'000};
    ensemble subject{three_members(), now};
};

using member_client = client_of<members>;

struct quorum : testing::Test {
    members w;
    member_client at(member_id m) { return member_client(w, "127.0.0.1", m); }
    /// Keeps a session alive, all the time.
    void ping_for(member_client& c, duration time) {
        for (duration passed{0}; passed < time; passed += 250ms) {
            c.send(c.encoded(proto::xid::ping, opcode::ping));
            w.pass(250ms);
        }
        while (c.read()) {
        }
    }
    bool lives(const member_client& c) const { return !w.subject.end_of(c.session); }
};

TEST_F(quorum, has_one_leader_and_the_same_nodes_everywhere) {
    EXPECT_EQ(w.subject.leader(), first);
    auto a = at(first), b = at(other), c = at(third);
    for (auto* each : {&a, &b, &c}) ASSERT_TRUE(each->connect());
    EXPECT_EQ(b.create("/n", 0, "x").error, errc{});
    EXPECT_EQ(a.get("/n").body, b.get("/n").body);
    EXPECT_EQ(c.get("/n").body, b.get("/n").body);
    EXPECT_EQ(c.remove("/none").error, errc::no_node);
    EXPECT_EQ(a.ping().zxid, c.ping().zxid);
}

TEST_F(quorum, ends_a_session_at_the_leader_and_deletes_its_nodes_everywhere) {
    auto gone = at(other), stays = at(third);
    ASSERT_TRUE(gone.connect());
    ASSERT_TRUE(stays.connect({.timeout_ms = 20'000}));
    gone.create("/e", ephemeral);
    stays.exists("/e", true);
    w.pass(1900ms);
    EXPECT_TRUE(lives(gone));
    w.pass(1100ms);
    EXPECT_EQ(w.subject.end_of(gone.session), time_point(1h + 3s)) << "2 s, rounded up to a tick";
    EXPECT_TRUE(gone.finished());
    EXPECT_EQ(stays.take_events(), (std::vector<event>{{change_kind::deleted, "/e"}}));
    EXPECT_EQ(w.subject.sessions(), std::vector{stays.session});
}

TEST_F(quorum, touches_travel_with_the_answers_to_the_leader_s_pings) {
    auto c = at(other);
    ASSERT_TRUE(c.connect());
    w.pass(1200ms);
    c.ping(); // after the leader's pings at 0.5 s and 1 s, before the one at 1.5 s
    w.pass(1700ms);
    EXPECT_TRUE(lives(c)) << "the leader had it at 1.5 s: 3.5 s, rounded up to 4 s";
    w.pass(1s);
    EXPECT_TRUE(lives(c));
    w.pass(200ms);
    EXPECT_EQ(w.subject.end_of(c.session), time_point(1h + 4s));
}

TEST_F(quorum, a_member_that_is_cut_off_goes_on_answering_while_the_leader_ends_the_session) {
    auto c = at(other);
    ASSERT_TRUE(c.connect());
    c.create("/e", ephemeral);
    w.cut_off(other);
    ping_for(c, 4s);
    EXPECT_FALSE(lives(c));
    EXPECT_EQ(c.ping().error, errc{});
    EXPECT_EQ(c.exists("/e").error, errc{});
    EXPECT_FALSE(c.finished());
    w.pass(1100ms); // sync_limit is 5 ticks
    EXPECT_TRUE(c.finished());
    w.cut_off(other, false);
    w.pass(1s);
    auto again = at(other);
    ASSERT_TRUE(again.resume(c));
    EXPECT_EQ(again.session, 0);
}

TEST_F(quorum, its_own_touches_count_when_the_cut_was_short) {
    auto c = at(other);
    ASSERT_TRUE(c.connect({.timeout_ms = 4000}));
    w.cut_off(other);
    ping_for(c, 2s);
    w.cut_off(other, false);
    ping_for(c, 6s);
    EXPECT_TRUE(lives(c));
    EXPECT_FALSE(c.finished());
}

TEST_F(quorum, sync_and_writes_wait_at_a_member_that_is_cut_off_and_so_does_what_comes_behind_them) {
    auto c = at(other);
    ASSERT_TRUE(c.connect({.timeout_ms = 10'000}));
    w.hold(first, other);
    c.send(c.encoded(1, opcode::sync, proto::path_request{"/"}));
    c.send(c.encoded(2, opcode::create, proto::create_request{"/a", "", open_to_all(), 0}));
    c.send(c.encoded(3, opcode::exists, proto::path_watch_request{"/a", false}));
    c.send(c.encoded(proto::xid::ping, opcode::ping));
    EXPECT_FALSE(c.receive());
    w.pass(1s);
    EXPECT_FALSE(c.receive());
    w.hold(first, other, false);
    for (const std::int32_t xid : {1, 2, 3, proto::xid::ping}) {
        const auto reply = c.receive();
        ASSERT_TRUE(reply);
        EXPECT_EQ(reply->xid, xid);
        EXPECT_EQ(reply->error, errc{});
    }
}

TEST_F(quorum, a_sync_is_answered_behind_what_was_changed_before) {
    auto writer = at(third), reader = at(other);
    ASSERT_TRUE(writer.connect());
    ASSERT_TRUE(reader.connect());
    w.hold(first, other);
    EXPECT_EQ(writer.create("/a").error, errc{});
    EXPECT_EQ(reader.exists("/a").error, errc::no_node);
    reader.send(reader.encoded(1, opcode::sync, proto::path_request{"/"}));
    reader.send(reader.encoded(2, opcode::exists, proto::path_watch_request{"/a", false}));
    EXPECT_FALSE(reader.receive());
    w.hold(first, other, false);
    EXPECT_EQ(reader.receive()->xid, 1);
    EXPECT_EQ(reader.receive()->error, errc{});
}

TEST_F(quorum, a_sync_is_answered_even_for_a_session_that_is_over) {
    auto c = at(other);
    ASSERT_TRUE(c.connect());
    w.hold(first, other); // this member does not hear of the end
    w.pass(3s);
    ASSERT_FALSE(lives(c));
    c.send(c.encoded(1, opcode::sync, proto::path_request{"/"}));
    EXPECT_FALSE(c.receive());
    EXPECT_FALSE(c.finished());
}

TEST_F(quorum, a_leader_without_a_majority_answers_reads_and_syncs_but_decides_nothing) {
    auto holder = at(first), writer = at(first);
    ASSERT_TRUE(holder.connect());
    ASSERT_TRUE(writer.connect({.timeout_ms = 20'000}));
    w.cut_off(first);
    writer.send(writer.encoded(1, opcode::create, proto::create_request{"/a", "", open_to_all(), 0}));
    ping_for(holder, 4s);
    EXPECT_EQ(holder.ping().error, errc{});
    EXPECT_EQ(holder.exists("/").error, errc{});
    EXPECT_EQ(holder.call(opcode::sync, proto::path_request{"/"}).error, errc{});
    EXPECT_FALSE(writer.receive());
    w.pass(3s);
    EXPECT_TRUE(lives(holder)) << "what it would end by itself is not decided";
    EXPECT_TRUE(holder.finished()) << "and it has noticed by now";
    EXPECT_NE(w.subject.leader(), first);
}

TEST_F(quorum, a_new_leader_gives_every_session_its_whole_timeout) {
    auto c = at(first);
    ASSERT_TRUE(c.connect({.timeout_ms = 4000}));
    w.pass(3900ms);
    w.stop(first);
    w.pass(1s); // the others notice at once, and elect
    ASSERT_TRUE(w.subject.leader());
    EXPECT_TRUE(c.finished());
    w.pass(3s);
    EXPECT_TRUE(lives(c));
    w.pass(2500ms);
    EXPECT_FALSE(lives(c));
}

TEST_F(quorum, a_successor_can_reign_while_the_old_leader_still_answers) {
    auto c = at(first);
    ASSERT_TRUE(c.connect({.timeout_ms = 4000}));
    w.cut_off(first);
    for (const member_id m : {other, third}) {
        w.stop(m);
        w.subject.start(m, w.now);
    }
    ping_for(c, 1s);
    ASSERT_TRUE(w.subject.leader());
    EXPECT_NE(w.subject.leader(), first);
    EXPECT_EQ(c.call(opcode::sync, proto::path_request{"/"}).error, errc{});
    ping_for(c, 4s);
    EXPECT_FALSE(c.finished());
    EXPECT_EQ(c.call(opcode::sync, proto::path_request{"/"}).error, errc{});
    ping_for(c, 1s);
    EXPECT_FALSE(lives(c));
}

TEST_F(quorum, what_an_old_leader_alone_has_is_forgotten) {
    auto c = at(first);
    ASSERT_TRUE(c.connect({.timeout_ms = 20'000}));
    w.cut_off(first);
    c.send(c.encoded(1, opcode::create, proto::create_request{"/lost", "", open_to_all(), 0}));
    w.pass(8s);
    ASSERT_NE(w.subject.leader(), first);
    auto newer = at(*w.subject.leader());
    ASSERT_TRUE(newer.connect());
    EXPECT_EQ(newer.create("/kept").error, errc{});
    w.cut_off(first, false);
    w.pass(2s);
    auto back = at(first);
    ASSERT_TRUE(back.resume(c, 20'000));
    EXPECT_EQ(back.session, c.session);
    EXPECT_EQ(back.exists("/lost").error, errc::no_node);
    EXPECT_EQ(back.exists("/kept").error, errc{});
}

TEST_F(quorum, what_a_majority_has_survives_its_leader) {
    auto writer = at(first);
    ASSERT_TRUE(writer.connect({.timeout_ms = 20'000}));
    w.hold(other, first); // this one has the proposal, but the leader does not know
    w.hold(first, third);
    writer.send(writer.encoded(1, opcode::create, proto::create_request{"/a", "", open_to_all(), 0}));
    w.stop(first);
    w.pass(7s);
    ASSERT_TRUE(w.subject.leader());
    EXPECT_FALSE(writer.receive());
    for (const member_id m : {other, third}) EXPECT_NE(w.subject.at(m).data().nodes().find("/a"), nullptr);
}

TEST_F(quorum, a_client_that_is_back_touches_its_session_at_the_leader) {
    auto c = at(other);
    ASSERT_TRUE(c.connect());
    w.pass(1900ms);
    auto back = at(third);
    ASSERT_TRUE(back.resume(c));
    EXPECT_EQ(back.session, c.session);
    w.pass(1900ms);
    EXPECT_TRUE(lives(c));
    w.pass(1100ms);
    EXPECT_FALSE(lives(c));
}

TEST_F(quorum, a_session_writes_only_where_it_was_last) {
    auto c = at(other);
    ASSERT_TRUE(c.connect());
    auto moved = at(third);
    ASSERT_TRUE(moved.resume(c));
    c.send(c.encoded(1, opcode::create, proto::create_request{"/a", "", open_to_all(), 0}));
    EXPECT_FALSE(c.receive());
    EXPECT_TRUE(c.finished());
    EXPECT_EQ(moved.create("/a").error, errc{});
}

TEST_F(quorum, a_member_that_was_paused_finds_what_came_meanwhile) {
    auto c = at(other);
    ASSERT_TRUE(c.connect({.timeout_ms = 10'000}));
    w.subject.pause(other, true, w.now);
    c.send(c.encoded(1, opcode::exists, proto::path_watch_request{"/", false}));
    w.pass(2s);
    EXPECT_FALSE(c.receive());
    w.subject.pause(other, false, w.now);
    w.settle();
    EXPECT_EQ(c.receive()->xid, 1);
}

TEST_F(quorum, a_leader_that_was_paused_ends_sessions_before_it_reads_of_their_touches) {
    auto c = at(other);
    ASSERT_TRUE(c.connect());
    w.subject.pause(first, true, w.now);
    ping_for(c, 4s);
    EXPECT_TRUE(lives(c));
    w.subject.pause(first, false, w.now);
    w.settle();
    EXPECT_FALSE(lives(c));
}

TEST_F(quorum, closing_a_session_is_decided_like_a_write_and_answered_last) {
    auto c = at(other);
    ASSERT_TRUE(c.connect());
    c.create("/e", ephemeral);
    EXPECT_EQ(c.call(opcode::close_session).error, errc{});
    EXPECT_TRUE(c.finished());
    EXPECT_FALSE(lives(c));
    EXPECT_EQ(w.subject.newest().data().nodes().find("/e"), nullptr);
}

TEST_F(quorum, a_broken_connection_between_members_costs_the_follower_its_clients) {
    auto c = at(other);
    ASSERT_TRUE(c.connect());
    w.subject.lose(first, other, w.now);
    EXPECT_TRUE(c.finished());
    w.pass(1s);
    auto back = at(other);
    ASSERT_TRUE(back.resume(c));
    EXPECT_EQ(back.session, c.session);
}

TEST_F(quorum, nobody_serves_without_a_majority) {
    w.stop(other);
    w.stop(third);
    w.settle();
    w.pass(3s);
    auto c = at(first);
    EXPECT_FALSE(c.connect());
    EXPECT_TRUE(c.finished());
    w.subject.start(third, w.now);
    w.pass(1s);
    auto later = at(first);
    EXPECT_TRUE(later.connect());
}

} // namespace
} // namespace kazoo::server::test

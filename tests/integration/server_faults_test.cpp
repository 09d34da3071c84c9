// Faults that a test orders from the embedded server, as a client sees them.
#include "shared/backend.hpp"

#include <kazoo/kazoo.hpp>
#include <kazoo/testkit/server.hpp>

#include <gmock/gmock.h>

#include <stdexcept>

using namespace kazoo;
using namespace std::chrono_literals;
using test::error_of_call;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testkit::fault;
using testkit::request_kind;
using testkit::watch_facts;

namespace {

struct server_faults : testing::Test {
    testkit::server server{{.tick = 100ms, .max_session_timeout = 60s}}; // no session ends of a slow machine
    client zk{server.address(), {.session_timeout = 30s}};

    server_faults() { zk.wait_connected(20s); }

    testkit::session_facts mine() const {
        for (auto& facts : server.dump())
            if (facts.id == zk.session_id()) return facts;
        return {};
    }
};

TEST_F(server_faults, a_lost_reply_leaves_the_caller_in_the_dark) {
    const auto id = server.order(fault::cut_after(), {.what = request_kind::create, .path = "/a"});
    try {
        zk.create("/a", "");
        ADD_FAILURE() << "nobody can know that it was made";
    } catch (const error& e) {
        EXPECT_EQ(e.code(), errc::connection_loss);
        EXPECT_EQ(e.outcome(), outcome::unknown);
    }
    EXPECT_EQ(server.hits(id), 1u);
    EXPECT_TRUE(zk.exists("/a"));
}

TEST_F(server_faults, a_lost_request_looks_the_same) {
    server.order(fault::cut_before(), {.what = request_kind::create, .path = "/a"});
    EXPECT_EQ(error_of_call([&] { zk.create("/a", ""); }), errc::connection_loss);
    EXPECT_FALSE(zk.exists("/a"));
}

TEST_F(server_faults, reads_are_asked_again) {
    const auto id = server.order(fault::cut_after(), {.what = request_kind::exists, .times = 3});
    EXPECT_FALSE(zk.exists("/none"));
    EXPECT_EQ(server.hits(id), 3u);
}

TEST_F(server_faults, what_is_done_once_is_done_once_although_replies_are_lost) {
    counter hits(zk, "/hits");
    server.order(fault::cut_after(), {.path = "/hits", .skip = 3, .times = 2});
    for (int i = 0; i < 10; ++i) ++hits;
    EXPECT_EQ(hits.load(), 10);
}

TEST_F(server_faults, a_held_request_is_seen_to_wait_and_goes_on) {
    const auto id = server.order(fault::hold_before(), {.what = request_kind::set, .path = "/a"});
    zk.create("/a", "old");
    auto setting = zk.async_set("/a", "new");
    ASSERT_TRUE(server.await_hits(id, 1, 20s));
    const client other(server.address());
    EXPECT_EQ(other.get("/a").data, "old");
    server.release();
    std::move(setting).get();
    EXPECT_EQ(other.get("/a").data, "new");
}

TEST_F(server_faults, a_held_answer_comes_late) {
    const auto id = server.order(fault::hold_after(), {.what = request_kind::set, .path = "/a"});
    zk.create("/a", "old");
    auto setting = zk.async_set("/a", "new");
    ASSERT_TRUE(server.await_hits(id, 1, 20s));
    const client other(server.address());
    EXPECT_EQ(other.get("/a").data, "new");
    EXPECT_FALSE(setting.ready());
    server.release();
    std::move(setting).get();
}

TEST_F(server_faults, waits_for_hits_have_an_end) {
    const auto id = server.order(fault::cut_before());
    EXPECT_FALSE(server.await_hits(id, 1, 10ms));
}

TEST_F(server_faults, a_session_expires_at_the_worst_moment) {
    zk.create("/mine", "", create_mode::ephemeral);
    server.order(fault::expire(), {.what = request_kind::set});
    EXPECT_NE(error_of_call([&] { zk.set("/mine", ""); }), errc{});
    EXPECT_FALSE(zk.exists("/mine"));
}

TEST_F(server_faults, a_moved_session_lives) {
    zk.create("/mine", "", create_mode::ephemeral);
    const session_id before = zk.session_id();
    server.order(fault::move(), {.what = request_kind::get});
    EXPECT_EQ(zk.get("/mine").data, "");
    EXPECT_EQ(zk.session_id(), before);
}

TEST_F(server_faults, an_error_is_answered_by_script) {
    server.order(fault::answer(errc::no_auth), {.what = request_kind::create, .path = "/a/*", .times = 1});
    server.order(fault::answer(errc::bad_version), {.what = request_kind::set, .times = 0});
    zk.create("/a", "");
    EXPECT_EQ(error_of_call([&] { zk.create("/a/b", ""); }), errc::no_auth);
    zk.create("/a/b", "");
    EXPECT_EQ(error_of_call([&] { zk.set("/a", ""); }), errc::bad_version);
}

TEST_F(server_faults, a_server_does_not_know_an_operation) {
    server.order(fault::unknown(), {.what = request_kind::add_watch, .times = 0});
    EXPECT_EQ(error_of_call([&] { (void)zk.add_watch("/"); }), errc::unimplemented);
    EXPECT_FALSE(zk.exists("/none")) << "everything else works";
}

TEST_F(server_faults, a_session_is_granted_and_nobody_hears_of_it) {
    const auto id = server.order(fault::cut_after(), {.what = request_kind::connect});
    const client other(server.address());
    other.wait_connected(20s);
    EXPECT_EQ(server.hits(id), 1u);
    EXPECT_EQ(server.sessions().size(), 3u) << "ours, the lost one, the other's";
}

TEST_F(server_faults, orders_are_for_one_session_and_can_be_taken_back) {
    const client other(server.address());
    other.wait_connected(20s);
    const auto id = server.order(fault::answer(errc::no_auth), {.session = other.session_id(), .times = 0});
    EXPECT_FALSE(zk.exists("/none"));
    EXPECT_EQ(error_of_call([&] { (void)other.exists("/none"); }), errc::no_auth);
    EXPECT_TRUE(server.take_back(id));
    EXPECT_FALSE(server.take_back(id));
    EXPECT_FALSE(other.exists("/none"));
}

TEST_F(server_faults, time_goes_forward_for_sessions_and_for_nodes) {
    client other(server.address(), {.session_timeout = 5s});
    other.create("/theirs", "", create_mode::ephemeral);
    const auto before = zk.exists("/theirs")->ctime;
    const session_id gone = other.session_id();
    server.drop_connections();
    server.refuse(true);
    server.advance(1h);
    server.refuse(false);
    EXPECT_THAT(server.sessions(), ::testing::Not(::testing::Contains(gone)));
    EXPECT_FALSE(zk.exists("/theirs"));
    zk.create("/later", "");
    EXPECT_GE(zk.exists("/later")->ctime - before, 1h);
}

TEST_F(server_faults, sessions_of_a_stopped_server_do_not_age_when_its_clocks_go_forward) {
    const session_id before = zk.session_id();
    server.stop();
    server.advance(1h);
    server.start();
    EXPECT_FALSE(zk.exists("/none"));
    EXPECT_EQ(zk.session_id(), before);
}

TEST_F(server_faults, everything_a_session_has_is_told) {
    zk.create("/mine", "", create_mode::ephemeral);
    const auto data = zk.watch("/mine");
    const auto facts = mine();
    EXPECT_TRUE(facts.connected);
    EXPECT_EQ(facts.timeout, zk.negotiated_timeout());
    EXPECT_THAT(facts.ephemerals, ElementsAre("/mine"));
    EXPECT_THAT(facts.watches, ElementsAre(watch_facts{"/mine", watch_facts::kind::data}));
    zk.remove("/mine");
    EXPECT_THAT(mine().ephemerals, IsEmpty());
    EXPECT_THAT(mine().watches, IsEmpty()) << "no watch is left";
}

TEST_F(server_faults, chance_hits_many_and_what_was_told_is_true) {
    counter hits(zk, "/hits");
    server.order_at_random(7, {.cut_before = 0.1, .cut_after = 0.1, .hold = 0.1, .longest_hold = 5ms});
    int done = 0, unknown = 0;
    for (int i = 0; i < 50; ++i) {
        try {
            ++hits;
            ++done;
        } catch (const error& e) {
            unknown += e.outcome() == outcome::unknown;
        }
    }
    const auto accepted = server.accepted();
    EXPECT_GT(accepted, 5u);
    server.take_back_faults();
    EXPECT_GE(hits.load(), done);
    EXPECT_LE(hits.load(), done + unknown);
    EXPECT_GE(done, 25) << "most are certain";
    EXPECT_EQ(server.accepted(), accepted);
}

TEST_F(server_faults, odds_that_are_none_are_refused) {
    EXPECT_THROW(server.order_at_random(1, {.cut_before = 1.1}), std::invalid_argument);
    EXPECT_THROW(server.order_at_random(1, {.hold = -0.1}), std::invalid_argument);
    EXPECT_THROW(server.order_at_random(1, {.cut_before = 0.6, .cut_after = 0.6}), std::invalid_argument);
}

} // namespace

// Receipts, one lost reply at a time.
#include "scene.hpp"

#include <kazoo/receipts.hpp>

#include <algorithm>

namespace kazoo::testkit {
namespace {

/// A client whose transaction is on its way, or applied, when the connection breaks.
struct lost_reply_scene : scene {
    explicit lost_reply_scene(receipts_options o = {}, std::uint64_t seed = 1)
        : scene(simulation_options{.seed = seed}), r(c, "/receipts", o) {
        c.create("/n");
        c.create("/q");
        r.commit(c.transaction().check("/n", version::any)); // the node is there from here on
        inside().on_write = [this](const sim_write& w) {
            if (w.write.type == proto::opcode::multi && w.write.error == errc{}) ++applied;
            if (w.write.type == proto::opcode::multi) ++multis;
            if (w.write.type == proto::opcode::set_data && w.write.path.starts_with("/receipts/")) ++fences;
        };
    }
    /// The server gets it; its answer never arrives.
    future<committed_transaction> lose_answer(transaction t, std::stop_token stop = {}) {
        here.silence(flow::to_client, true);
        auto asked = r.async_commit(std::move(t), std::move(stop));
        EXPECT_TRUE(world.run_until([&] { return multis > 0; }, 1s));
        here.cut();
        here.silence(flow::to_client, false);
        return asked;
    }
    /// It is lost on its way.
    future<committed_transaction> lose_request(transaction t) {
        here.silence(flow::to_server, true);
        auto asked = r.async_commit(std::move(t));
        world.run_for(50ms);
        here.cut();
        here.silence(flow::to_server, false);
        return asked;
    }
    transaction pushes() const {
        transaction t = c.transaction();
        t.set("/n", "x");
        for (const char* path : {"/q/a-", "/q/b-", "/q/a-"})
            t.create(path, "", {.mode = create_mode::persistent_sequential});
        t.create("/q/plain");
        return t;
    }
    std::vector<std::string> receipt_nodes() const { return c.get_children("/receipts"); }

    receipts r;
    int applied = 0, multis = 0, fences = 0;
};

TEST(receipts, a_transaction_whose_reply_was_lost_is_sent_again_and_applied_once) {
    lost_reply_scene s;
    auto asked = s.lose_answer(s.pushes());
    const committed_transaction done = std::move(asked).get();
    EXPECT_TRUE(done.recovered);
    EXPECT_EQ(s.applied, 1);
    EXPECT_EQ(s.multis, 2);
    EXPECT_EQ(s.fences, 0) << "the receipt was changed: that is an answer";
    EXPECT_EQ(s.c.exists("/n")->modified, done.id);
}

TEST(receipts, what_was_created_is_found_again_by_its_transaction) {
    lost_reply_scene s;
    s.c.create("/q/a-", "", {.mode = create_mode::persistent_sequential});
    s.here.refuse(true);
    auto asked = s.lose_answer(s.pushes());
    const client other(simulation::addresses(), options_on(s.world.add_machine()));
    other.create("/q/a-", "", {.mode = create_mode::persistent_sequential});
    s.here.refuse(false);
    const committed_transaction done = std::move(asked).get();
    std::vector<std::string> paths;
    for (const transaction_result& result : done.results) paths.push_back(result.path);
    EXPECT_EQ(paths,
              (std::vector<std::string>{"/n", "/q/a-0000000001", "/q/b-0000000002", "/q/a-0000000003", "/q/plain"}));
}

TEST(receipts, what_is_gone_again_has_no_path) {
    lost_reply_scene s;
    auto t = s.c.transaction();
    t.create("/q/a-", "", {.mode = create_mode::persistent_sequential});
    s.here.refuse(true);
    auto asked = s.lose_answer(std::move(t));
    const machine other = s.world.add_machine();
    const client helper(simulation::addresses(), options_on(other));
    helper.remove("/q/a-0000000000");
    s.here.refuse(false);
    const committed_transaction done = std::move(asked).get();
    EXPECT_TRUE(done.recovered);
    EXPECT_EQ(done.results.at(0).path, "");
}

TEST(receipts, a_transaction_that_was_lost_on_its_way_is_applied_by_the_next_connection) {
    lost_reply_scene s;
    auto asked = s.lose_request(s.pushes());
    EXPECT_FALSE(std::move(asked).get().recovered);
    EXPECT_EQ(s.applied, 1);
}

TEST(receipts, what_was_not_sent_yet_goes_out_on_the_next_connection_whatever_the_options_say) {
    lost_reply_scene s({.when_lost = lost_reply::ask});
    s.here.refuse(true);
    s.here.cut();
    ASSERT_TRUE(s.reaches(session_state::suspended));
    auto asked = s.r.async_commit(s.pushes());
    s.world.run_for(100ms);
    s.here.refuse(false);
    EXPECT_FALSE(std::move(asked).get().recovered);
    EXPECT_EQ(s.applied, 1);
    EXPECT_EQ(s.fences, 0);
}

TEST(receipts, a_transaction_does_not_go_on_in_the_next_session) {
    for (const receipt_lifetime lifetime : {receipt_lifetime::ephemeral, receipt_lifetime::persistent}) {
        lost_reply_scene s({.lifetime = lifetime});
        s.here.refuse(true);
        s.here.cut();
        ASSERT_TRUE(s.reaches(session_state::suspended));
        auto asked = s.r.async_commit(s.pushes());
        s.world.run_for(10s);
        s.here.refuse(false);
        EXPECT_EQ(verdict_of(std::move(asked)), failed(errc::session_expired, outcome::not_applied));
        s.r.commit(s.pushes());
        EXPECT_EQ(s.applied, 1);
    }
}

TEST(receipts, asking_tells_that_it_was_not_applied_and_never_will_be) {
    lost_reply_scene s({.when_lost = lost_reply::ask});
    auto asked = s.lose_request(s.pushes());
    EXPECT_EQ(verdict_of(std::move(asked)), failed(errc::connection_loss, outcome::not_applied));
    EXPECT_EQ(s.fences, 1);
    EXPECT_EQ(s.multis, 0);
    s.r.commit(s.pushes());
    EXPECT_EQ(s.receipt_nodes().size(), 1u) << "the node is used again";
}

TEST(receipts, asking_tells_that_it_was_applied) {
    lost_reply_scene s({.when_lost = lost_reply::ask});
    auto asked = s.lose_answer(s.pushes());
    EXPECT_TRUE(std::move(asked).get().recovered);
    EXPECT_EQ(s.multis, 1);
    EXPECT_EQ(s.fences, 1);
}

TEST(receipts, what_lands_late_is_refused_behind_the_fence_or_applied_ahead_of_it) {
    std::uint64_t landed = 0;
    for (const lost_reply how : {lost_reply::ask, lost_reply::resend})
        for (std::uint64_t seed = 1; seed <= 60; ++seed) {
            lost_reply_scene s({.when_lost = how}, seed);
            s.here.late(true);
            auto asked = s.lose_request(s.pushes());
            const auto told = std::move(asked).result();
            s.world.run_for(4s);
            EXPECT_EQ(s.applied, told ? 1 : 0) << "seed " << seed;
            EXPECT_EQ(told.outcome(), outcome::not_applied);
            landed += s.inside().machines().front()->faults.late;
        }
    EXPECT_GE(landed, 30u);
}

TEST(receipts, a_refusal_behind_a_lost_reply_is_made_certain) {
    lost_reply_scene s;
    auto t = s.c.transaction();
    t.set("/n", "x", version{0});
    s.here.refuse(true);
    auto asked = s.lose_request(std::move(t));
    const machine other = s.world.add_machine();
    const client faster(simulation::addresses(), options_on(other));
    faster.set("/n", "faster");
    s.here.refuse(false);
    try {
        std::move(asked).get();
        ADD_FAILURE();
    } catch (const transaction_error& e) {
        EXPECT_EQ(e.code(), errc::bad_version);
        EXPECT_EQ(e.failed_index(), 0u);
        EXPECT_EQ(e.path(), "/n");
    }
    EXPECT_EQ(s.fences, 1);
    EXPECT_EQ(s.c.get("/n").data, "faster");
}

TEST(receipts, what_was_refused_when_it_was_sent_again_does_not_land_later) {
    std::uint64_t landed = 0;
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        lost_reply_scene s({}, seed);
        s.here.late(true);
        auto t = s.c.transaction();
        t.set("/n", "x").remove("/not-yet");
        auto asked = s.lose_request(std::move(t));
        const auto told = std::move(asked).result();
        EXPECT_EQ(told.error(), errc::no_node);
        EXPECT_EQ(told.outcome(), outcome::not_applied);
        s.c.create("/not-yet"); // now it would go through
        s.world.run_for(4s);
        EXPECT_EQ(s.applied, 0) << "seed " << seed;
        landed += s.inside().machines().front()->faults.late;
    }
    EXPECT_GE(landed, 20u);
}

TEST(receipts, with_the_session_an_ephemeral_receipt_is_lost_and_the_error_says_so) {
    lost_reply_scene s;
    s.here.refuse(true);
    auto asked = s.lose_answer(s.pushes());
    s.world.run_for(10s);
    s.here.refuse(false);
    const auto told = std::move(asked).result();
    EXPECT_EQ(told.error(), errc::session_expired);
    EXPECT_EQ(told.outcome(), outcome::unknown);
    try {
        told.rethrow();
    } catch (const error& e) {
        EXPECT_NE(e.detail().find("receipt"), std::string_view::npos) << e.what();
    }
}

TEST(receipts, a_persistent_receipt_tells_the_next_session) {
    for (const bool reached : {true, false}) {
        lost_reply_scene s({.lifetime = receipt_lifetime::persistent});
        const session_id before = s.c.session_id();
        s.here.refuse(true);
        auto asked = reached ? s.lose_answer(s.pushes()) : s.lose_request(s.pushes());
        s.world.run_for(10s);
        s.here.refuse(false);
        const auto told = std::move(asked).result();
        EXPECT_NE(s.c.session_id(), before);
        if (reached) {
            ASSERT_TRUE(told) << told.error();
            EXPECT_TRUE(told->recovered);
            EXPECT_EQ(told->results.at(1).path, "/q/a-0000000000");
        } else {
            EXPECT_EQ(told.error(), errc::session_expired);
            EXPECT_EQ(told.outcome(), outcome::not_applied);
        }
        EXPECT_EQ(s.applied, reached ? 1 : 0);
    }
}

TEST(receipts, a_stop_in_the_middle_leaves_it_unknown_and_its_node_is_not_used_again) {
    lost_reply_scene s;
    const auto first = s.receipt_nodes();
    std::stop_source stop;
    s.here.silence(flow::to_client, true);
    auto asked = s.r.async_commit(s.pushes(), stop.get_token());
    ASSERT_TRUE(s.world.run_until([&] { return s.multis == 1; }, 1s));
    stop.request_stop();
    EXPECT_EQ(verdict_of(std::move(asked)), failed(errc::cancelled, outcome::unknown));
    s.here.silence(flow::to_client, false);
    s.r.commit(s.c.transaction().check("/n", version::any));
    ASSERT_TRUE(s.world.run_until([&] { return !s.c.exists("/receipts/" + first.front()); }));
    EXPECT_EQ(s.receipt_nodes().size(), 1u);
    EXPECT_EQ(s.fences, 0) << "nobody asks any more";
}

TEST(receipts, a_stop_before_it_was_sent_says_that_nothing_was_applied) {
    lost_reply_scene s;
    s.here.refuse(true);
    s.here.cut();
    ASSERT_TRUE(s.reaches(session_state::suspended));
    std::stop_source stop;
    auto asked = s.r.async_commit(s.pushes(), stop.get_token());
    s.world.run_for(50ms);
    stop.request_stop();
    EXPECT_EQ(verdict_of(std::move(asked)), failed(errc::cancelled, outcome::not_applied));
    s.here.refuse(false);
    s.world.run_for(3s);
    EXPECT_EQ(s.applied, 0);
}

TEST(receipts, a_passed_deadline_says_what_is_known) {
    for (const bool sent : {true, false}) {
        scene s;
        s.c.create("/n");
        client_options o = options_on(s.here);
        o.operation_timeout = 1s;
        const client c(simulation::addresses(), o);
        receipts r(c, "/receipts");
        r.commit(c.transaction().check("/n", version::any));
        if (sent) {
            s.here.silence(flow::to_client, true);
        } else {
            s.here.refuse(true);
            s.here.cut();
            ASSERT_TRUE(s.world.run_until([&] { return c.state() == session_state::suspended; }));
        }
        try {
            r.commit(c.transaction().set("/n", "x"));
            ADD_FAILURE();
        } catch (const timeout_error& e) {
            EXPECT_EQ(e.outcome(), sent ? outcome::unknown : outcome::not_applied);
        }
        s.here.silence(flow::to_client, false);
        s.here.refuse(false);
    }
}

TEST(receipts, closed_in_the_middle_is_unknown) {
    lost_reply_scene s;
    s.here.silence(flow::to_client, true);
    auto asked = s.r.async_commit(s.pushes());
    ASSERT_TRUE(s.world.run_until([&] { return s.multis == 1; }, 1s));
    s.c.async_close().detach();
    EXPECT_EQ(verdict_of(std::move(asked)), failed(errc::closed, outcome::unknown));
}

TEST(receipts, when_all_nodes_are_busy_transactions_wait_in_line) {
    lost_reply_scene s({.most_nodes = 2});
    std::vector<future<committed_transaction>> all;
    for (int i = 0; i < 20; ++i) all.push_back(s.r.async_commit(s.c.transaction().set("/n", std::to_string(i))));
    for (auto& f : all) EXPECT_FALSE(std::move(f).get().recovered);
    EXPECT_EQ(s.c.get("/n").data, "19");
    EXPECT_EQ(s.receipt_nodes().size(), 2u);
    EXPECT_EQ(s.applied, 20);
}

TEST(receipts, a_node_that_somebody_deleted_or_wrote_to_is_replaced) {
    lost_reply_scene s;
    const auto path = [&] { return "/receipts/" + s.receipt_nodes().front(); };
    s.c.remove(path());
    s.r.commit(s.pushes());
    s.c.set(path(), "nonsense");
    s.r.commit(s.c.transaction().set("/n", "y"));
    EXPECT_EQ(s.c.get("/n").data, "y");
    EXPECT_EQ(s.applied, 2);
}

TEST(receipts, a_node_spoiled_behind_a_lost_reply_leaves_it_unknown) {
    for (const bool deletes : {true, false}) {
        lost_reply_scene s;
        const std::string path = "/receipts/" + s.receipt_nodes().front();
        s.here.refuse(true);
        auto asked = s.lose_request(s.pushes());
        const machine other = s.world.add_machine();
        const client vandal(simulation::addresses(), options_on(other));
        if (deletes)
            vandal.remove(path);
        else
            vandal.set(path, "nonsense");
        s.here.refuse(false);
        EXPECT_EQ(verdict_of(std::move(asked)), failed(deletes ? errc::no_node : errc::bad_version, outcome::unknown));
    }
}

TEST(receipts, nodes_go_with_the_object_and_what_was_begun_goes_on) {
    for (const receipt_lifetime lifetime : {receipt_lifetime::ephemeral, receipt_lifetime::persistent}) {
        scene s;
        s.c.create("/n");
        auto r = std::make_unique<receipts>(s.c, "/receipts", receipts_options{.lifetime = lifetime});
        r->commit(s.c.transaction().set("/n", "x"));
        auto last = r->async_commit(s.c.transaction().set("/n", "last"));
        r.reset();
        std::move(last).get();
        EXPECT_EQ(s.c.get("/n").data, "last");
        EXPECT_TRUE(s.world.run_until([&] { return s.c.get_children("/receipts").empty(); }));
    }
}

} // namespace
} // namespace kazoo::testkit

// kazoo::counter in exact situations: what becomes of the write.
#include "sim/scene.hpp"

#include <kazoo/recipe/counter.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

namespace kazoo::testkit {
namespace {

enum class how : bool {
    plain,
    with_receipts
};
constexpr how both[]{how::plain, how::with_receipts};

/// A counter that is 5, and somebody who sees what the server does with it.
struct counter_scene : scene {
    static constexpr auto one_way = 500us;
    explicit counter_scene(how h)
        : scene({.shortest_delay = one_way, .longest_delay = one_way}),
          n(c, "/n", {.initial = 4, .receipts = h == how::with_receipts}) {
        ++n; // its node, and a receipt's, are there from now on
        inside().on_write = [this](const sim_write& w) {
            const bool ours = w.write.type == proto::opcode::set_data || w.write.type == proto::opcode::multi;
            if (!ours || w.write.error == errc::no_node) return;
            ++(w.write.error == errc{} ? applied : refused);
            if (w.late) ++late;
            if (w.write.error == errc{} && on_applied) std::exchange(on_applied, nullptr)();
        };
    }
    std::string text() const {
        const auto* node = inside().server().nodes().find("/n");
        return node == nullptr ? std::string() : node->data;
    }
    /// It is applied, and its answer never arrives.
    future<std::int64_t> lose_the_answer(std::stop_token stop = {}) {
        on_applied = [this] { here.silence(flow::to_client, true); };
        auto adding = n.async_fetch_add(1, std::move(stop));
        EXPECT_TRUE(world.run_until([&] { return applied > 0; }, 10s));
        return adding;
    }
    void cut_and_go_on() {
        here.cut();
        here.silence(flow::to_client, false);
        here.silence(flow::to_server, false);
    }
    /// The write is sent, and lost on its way. No connection can be made then.
    future<std::int64_t> lose_the_write() {
        auto adding = n.async_fetch_add(1);
        world.run_for(2 * one_way + one_way / 2); // its read was answered, and the write is under way
        here.refuse(true);
        here.cut();
        world.run_for(100ms);
        EXPECT_EQ(applied, 0);
        return adding;
    }

    counter n;
    int applied = 0, refused = 0, late = 0;
    std::function<void()> on_applied; ///< at the next one
};

TEST(counter, C73_a_write_whose_reply_was_lost_is_not_done_again) {
    counter_scene s(how::plain);
    auto adding = s.lose_the_answer();
    s.cut_and_go_on();
    ASSERT_TRUE(s.finish(adding));
    EXPECT_EQ(verdict_of(std::move(adding)), failed(errc::connection_loss, outcome::unknown));
    EXPECT_EQ(s.text(), "6");
    EXPECT_EQ(s.applied, 1);
    EXPECT_EQ(s.refused, 1) << "the same one";
}

TEST(counter, C73_with_receipts_a_write_whose_reply_was_lost_is_known_to_be_ours) {
    counter_scene s(how::with_receipts);
    auto adding = s.lose_the_answer();
    s.cut_and_go_on();
    ASSERT_TRUE(s.finish(adding));
    EXPECT_EQ(std::move(adding).get(), 5);
    EXPECT_EQ(s.text(), "6");
    EXPECT_EQ(s.applied, 1);
}

TEST(counter, C73_an_equal_change_of_somebody_else_is_not_taken_for_ours) {
    for (const how h : both) {
        counter_scene s(h);
        const client other(simulation::addresses(), options_on(s.world.add_machine()));
        counter theirs(other, "/n");
        auto adding = s.lose_the_write();
        EXPECT_EQ(theirs.fetch_add(1), 5);
        s.here.refuse(false);
        ASSERT_TRUE(s.finish(adding));
        const auto told = std::move(adding).result();
        if (h == how::with_receipts) {
            ASSERT_TRUE(told) << "it is known";
            EXPECT_EQ(*told, 6);
            EXPECT_EQ(s.text(), "7") << "both count";
        } else {
            EXPECT_EQ(told.error(), errc::connection_loss);
            EXPECT_EQ(told.outcome(), outcome::unknown);
            EXPECT_EQ(s.text(), "6");
        }
    }
}

TEST(counter, another_change_of_somebody_else_is_known_to_be_no_other) {
    for (const how h : both) {
        counter_scene s(h);
        const client other(simulation::addresses(), options_on(s.world.add_machine()));
        counter theirs(other, "/n");
        auto adding = s.lose_the_write();
        EXPECT_EQ(theirs.fetch_add(2), 5);
        s.here.refuse(false);
        ASSERT_TRUE(s.finish(adding));
        EXPECT_EQ(std::move(adding).get(), 7);
        EXPECT_EQ(s.text(), "8");
    }
}

TEST(counter, a_write_that_was_lost_on_its_way_is_sent_again) {
    for (const how h : both) {
        counter_scene s(h);
        auto adding = s.lose_the_write();
        s.here.refuse(false);
        ASSERT_TRUE(s.finish(adding));
        EXPECT_EQ(std::move(adding).get(), 5);
        EXPECT_EQ(s.text(), "6");
        EXPECT_EQ(s.applied, 1);
    }
}

/// A request of a lost connection is carried out when we have come back, beside newer ones.
TEST(counter, C73_a_write_that_is_applied_late_counts_once) {
    for (const how h : both) {
        int late = 0;
        for (std::uint64_t delay = 0; delay < 40; ++delay) {
            counter_scene s(h);
            s.here.late(true);
            auto adding = s.n.async_fetch_add(1);
            s.world.run_for(std::chrono::microseconds(150 * delay));
            s.here.cut();
            ASSERT_TRUE(s.finish(adding)) << delay;
            const auto told = std::move(adding).result();
            s.world.run_for(10s);
            EXPECT_LE(s.applied, 1) << delay;
            EXPECT_EQ(s.text(), std::to_string(5 + s.applied)) << delay;
            if (told) {
                EXPECT_EQ(s.applied, 1) << delay;
            }
            if (!told) {
                EXPECT_EQ(told.outcome(), outcome::unknown) << delay;
            }
            if (h == how::with_receipts) {
                EXPECT_TRUE(told) << delay;
            }
            late += s.late;
        }
        EXPECT_GT(late, 0) << "some came late";
    }
}

TEST(counter, a_cut_at_any_moment_costs_nothing_that_was_told) {
    for (const how h : both) {
        int lost = 0;
        for (std::uint64_t delay = 0; delay < 60; ++delay) {
            counter_scene s(h);
            auto adding = s.n.async_fetch_add(1);
            s.world.run_for(std::chrono::microseconds(100 * delay));
            s.here.cut();
            ASSERT_TRUE(s.finish(adding)) << delay;
            const auto told = std::move(adding).result();
            if (told) {
                EXPECT_EQ(s.text(), "6") << delay;
            }
            if (!told) {
                EXPECT_EQ(told.outcome(), outcome::unknown) << delay;
            }
            if (!told) ++lost;
            EXPECT_LE(s.applied, 1) << delay;
        }
        if (h == how::plain) {
            EXPECT_GT(lost, 0) << "some answers were lost";
        }
        if (h == how::with_receipts) {
            EXPECT_EQ(lost, 0);
        }
    }
}

TEST(counter, with_a_session_goes_the_receipt_and_what_it_would_tell) {
    for (const how h : both) {
        counter_scene s(h);
        auto adding = s.lose_the_answer();
        s.here.refuse(true);
        s.cut_and_go_on();
        s.world.expire_session(s.c.session_id());
        s.here.refuse(false);
        ASSERT_TRUE(s.finish(adding));
        const auto told = std::move(adding).result();
        EXPECT_FALSE(told);
        EXPECT_EQ(told.outcome(), outcome::unknown);
        EXPECT_EQ(s.text(), "6");
        s.n.async_fetch_add(1).get();
        EXPECT_EQ(s.text(), "7");
    }
}

TEST(counter, who_stops_it_is_told_whether_a_write_was_sent) {
    for (const how h : both) {
        counter_scene s(h);
        std::stop_source before, behind;
        s.here.silence(flow::to_client, true); // not even the read is answered
        auto not_sent = s.n.async_fetch_add(1, before.get_token());
        s.world.run_for(100ms);
        before.request_stop();
        ASSERT_TRUE(s.finish(not_sent));
        EXPECT_EQ(verdict_of(std::move(not_sent)), failed(errc::cancelled));
        s.here.silence(flow::to_client, false);
        auto sent = s.lose_the_answer(behind.get_token());
        behind.request_stop();
        ASSERT_TRUE(s.finish(sent));
        EXPECT_EQ(verdict_of(std::move(sent)), failed(errc::cancelled, outcome::unknown));
        s.here.silence(flow::to_client, false);
        s.world.run_for(5s);
        EXPECT_EQ(s.text(), "6");
    }
}

TEST(counter, a_closed_client_ends_it) {
    for (const how h : both) {
        counter_scene s(h);
        auto adding = s.lose_the_answer();
        auto closing = s.c.async_close();
        ASSERT_TRUE(s.finish(adding, closing));
        EXPECT_EQ(verdict_of(std::move(adding)).outcome, outcome::unknown);
        EXPECT_EQ(verdict_of(s.n.async_fetch_add(1)), failed(errc::closed));
        EXPECT_EQ(s.text(), "6");
    }
}

TEST(counter, a_server_that_lags_makes_it_look_again) {
    scene s({.followers = 1, .shortest_lag = 300ms, .longest_lag = 300ms});
    const client other(simulation::addresses(), options_on(s.world.add_machine()));
    s.here.lead_to(1);
    s.c.wait_connected();
    counter ours(s.c, "/n"), theirs(other, "/n");
    EXPECT_EQ(theirs.fetch_add(1), 0);
    EXPECT_EQ(ours.load(), 1) << "behind a sync";
    theirs.fetch_add(1);
    std::int64_t expected = 2;
    EXPECT_TRUE(ours.compare_exchange(expected, 7)) << "the follower knows no 2 yet";
    theirs.fetch_add(1);
    EXPECT_EQ(ours.fetch_add(1), 8);
    other.set("/n", "9223372036854775807");
    s.world.run_for(1s);
    other.set("/n", "1");
    EXPECT_EQ(ours.fetch_add(1), 1) << "what is too much was there before";
}

} // namespace
} // namespace kazoo::testkit

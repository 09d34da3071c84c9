// kazoo::locking_queue in exact situations: what becomes of the transactions that claim, consume and release an item.
#include "sim/scene.hpp"

#include <kazoo/recipe/locking_queue.hpp>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kazoo::testkit {
namespace {

using items = std::vector<std::string>;

/// A queue with three items that two clients share, and somebody who sees what the server does with it.
struct locking_scene : scene {
    static constexpr auto one_way = 500us;
    explicit locking_scene(const items& wait = {"1", "2", "3"}, std::uint64_t seed = 1)
        : scene({.seed = seed, .shortest_delay = one_way, .longest_delay = one_way}) {
        other.wait_connected();
        q.push("0");
        q.push_all(wait);
        EXPECT_TRUE(q.get().consume()); // its watch and the names are there from now on
        EXPECT_TRUE(theirs.try_get()) << "theirs, too";
        EXPECT_TRUE(world.run_until([&] { return claims() == 0; }, 10s));
        world.run_for(10ms); // all have been told
        inside().on_write = [this](const sim_write& w) {
            const auto now = changes();
            if (std::exchange(seen, now) == now || w.from != inside().machines().front().get()) return;
            if (w.late) ++late;
            ++applied;
            if (on_applied) std::exchange(on_applied, nullptr)();
        };
    }
    /// Grows with each change of items and claims.
    std::int64_t changes() const {
        std::int64_t latest = 0;
        for (const char* folder : {"/q/entries", "/q/taken"})
            if (const auto* n = inside().server().nodes().find(folder)) latest = std::max(latest, n->pzxid);
        return latest;
    }
    std::vector<std::string> names_in(const std::string& folder) const {
        std::vector<std::string> all;
        if (const auto* n = inside().server().nodes().find("/q/" + folder))
            n->children.for_each([&](const kazoo::server::znode& each) { all.emplace_back(each.name()); });
        std::ranges::sort(all);
        return all;
    }
    items there() const {
        items all;
        if (const auto* folder = inside().server().nodes().find("/q/entries"))
            folder->children.for_each([&](const kazoo::server::znode& n) { all.push_back(n.data); });
        std::ranges::sort(all);
        return all;
    }
    /// How many claims and marks there are: two for each item that somebody has.
    std::size_t claims() const { return names_in("taken").size(); }
    /// Whose claim there is on an item.
    session_id holder(const std::string& name) const {
        const auto* n = inside().server().nodes().find("/q/taken/" + name);
        return n != nullptr ? session_id{n->owner.value} : session_id::none;
    }
    /// What begin() sends last is applied, and its answer never arrives.
    template <class Begin> auto lose_the_answer(Begin begin) {
        const int before = applied;
        on_applied = [this] { here.silence(flow::to_client, true); };
        auto asked = begin();
        EXPECT_TRUE(world.run_until([&] { return applied > before; }, 10s));
        return asked;
    }
    void cut_and_go_on() {
        here.cut();
        here.silence(flow::to_client, false);
    }
    /// The session is over, and nothing that was sent has been answered.
    void lose_the_session() {
        here.refuse(true);
        cut_and_go_on();
        world.expire_session(c.session_id());
        here.refuse(false);
    }

    machine there_ = world.add_machine();
    client other{simulation::addresses(), options_on(there_)};
    locking_queue q{c, "/q"}, theirs{other, "/q"};
    std::int64_t seen = 0;     ///< changes
    int applied = 0, late = 0; ///< those of c
    std::function<void()> on_applied;
};

TEST(locking_queue, C76_a_claim_that_got_no_answer_is_ours_once) {
    locking_scene s;
    auto getting = s.lose_the_answer([&] { return s.q.async_get(); });
    s.cut_and_go_on();
    ASSERT_TRUE(s.finish(getting));
    claimed_item item = std::move(getting).get();
    EXPECT_EQ(item.data(), "1");
    EXPECT_TRUE(item.holds());
    EXPECT_EQ(s.claims(), 2u);
    EXPECT_TRUE(item.consume());
    EXPECT_EQ(s.there(), (items{"2", "3"}));
}

TEST(locking_queue, C76_a_consumption_that_got_no_answer_is_known) {
    locking_scene s;
    claimed_item item = s.q.get();
    auto consuming = s.lose_the_answer([&] { return item.async_consume(); });
    EXPECT_EQ(s.there(), (items{"2", "3"}));
    s.cut_and_go_on();
    ASSERT_TRUE(s.finish(consuming));
    EXPECT_TRUE(std::move(consuming).get());
    EXPECT_EQ(s.claims(), 0u);
}

TEST(locking_queue, C76_a_cut_at_any_moment_of_a_turn_leaves_one_truth) {
    for (const bool late : {false, true}) {
        int came_late = 0;
        for (std::uint64_t seed = 1; seed < 120; ++seed) {
            const std::uint64_t delay = seed % 30;
            locking_scene s({"1", "2", "3"}, seed);
            s.here.late(late);
            auto getting = s.q.async_get();
            s.inside().after(std::chrono::microseconds(50 * delay), [&] { s.here.cut(); });
            ASSERT_TRUE(s.finish(getting)) << delay;
            claimed_item item = std::move(getting).get();
            EXPECT_EQ(item.data(), "1") << delay;
            s.world.run_for(1ms);
            s.inside().after(std::chrono::microseconds(50 * delay), [&] { s.here.cut(); });
            EXPECT_TRUE(item.consume()) << "the session lives";
            s.world.run_for(10s);
            EXPECT_EQ(s.there(), (items{"2", "3"})) << delay;
            EXPECT_EQ(s.claims(), 0u) << delay;
            came_late += s.late;
        }
        EXPECT_EQ(came_late > 0, late) << "some came late";
    }
}

/// Their claim has the same name as ours had.
TEST(locking_queue, C76_what_of_ours_is_carried_out_late_does_nothing_to_a_claim_of_others) {
    int late = 0;
    for (std::uint64_t seed = 1; seed < 100; ++seed) {
        const std::uint64_t delay = seed % 20;
        locking_scene s({"1"}, seed);
        claimed_item mine = s.q.get();
        s.here.late(true);
        auto releasing = mine.async_release();
        s.inside().after(std::chrono::microseconds(50 * delay), [&] { s.here.cut(); });
        std::optional<claimed_item> next = s.theirs.get();
        ASSERT_EQ(next->name(), mine.name()) << delay;
        ASSERT_TRUE(s.finish(releasing)) << delay;
        EXPECT_TRUE(std::move(releasing).get()) << delay;
        for (int i = 0; i < 100; ++i) {
            s.world.run_for(100ms);
            ASSERT_EQ(s.holder(next->name()), s.other.session_id()) << delay;
        }
        EXPECT_TRUE(next->holds()) << delay;
        EXPECT_TRUE(next->consume()) << delay;
        late += s.late;
    }
    EXPECT_GT(late, 0) << "some came late";
}

TEST(locking_queue, C76_a_claim_that_comes_late_is_removed) {
    int late = 0;
    for (std::uint64_t seed = 1; seed < 100; ++seed) {
        const std::uint64_t delay = seed % 20;
        locking_scene s({"1", "2", "3"}, seed);
        s.here.late(true);
        auto getting = s.q.async_get();
        s.world.run_for(std::chrono::microseconds(50 * delay));
        s.here.cut();
        getting.cancel();
        {
            const auto gone = std::move(getting).result();
        } // if it was ours already, it is released
        s.world.run_for(10s);
        EXPECT_EQ(s.claims(), 0u) << delay;
        for (const char* item : {"1", "2", "3"}) {
            auto next = s.theirs.try_get();
            ASSERT_TRUE(next) << delay;
            EXPECT_EQ(next->data(), item) << delay;
            EXPECT_TRUE(next->consume());
        }
        late += s.late;
    }
    EXPECT_GT(late, 0) << "some came late";
}

TEST(locking_queue, whoever_gives_up_at_any_moment_leaves_no_claim) {
    int claimed = 0;
    for (std::uint64_t delay = 0; delay < 40; ++delay) {
        locking_scene s;
        std::stop_source stop;
        auto cancelled = s.q.async_get();
        auto stopped = s.q.async_get(stop.get_token());
        auto limited = s.q.async_try_get_for(std::chrono::microseconds(100 * delay + 50));
        s.world.run_for(std::chrono::microseconds(100 * delay));
        cancelled.cancel();
        stop.request_stop();
        ASSERT_TRUE(s.finish(cancelled, stopped, limited)) << delay;
        std::size_t got = 0;
        {
            const auto first = std::move(cancelled).result();
            const auto second = std::move(stopped).get(), third = std::move(limited).get();
            got = static_cast<std::size_t>(first.has_value()) + static_cast<std::size_t>(second.has_value()) +
                  static_cast<std::size_t>(third.has_value());
            s.world.run_for(1s);
            EXPECT_EQ(s.claims(), 2 * got) << delay;
        }
        s.world.run_for(1s);
        EXPECT_EQ(s.claims(), 0u) << delay;
        claimed += s.applied > 2 * static_cast<int>(got);
    }
    EXPECT_GT(claimed, 0) << "some had claimed one";
}

TEST(locking_queue, C76_a_session_that_is_lost_while_it_consumes_says_so) {
    locking_scene s;
    claimed_item item = s.q.get(), second = s.q.get();
    auto consuming = s.lose_the_answer([&] { return item.async_consume(); });
    s.lose_the_session();
    ASSERT_TRUE(s.finish(consuming));
    EXPECT_EQ(verdict_of(std::move(consuming)), failed(errc::session_expired, outcome::unknown));
    EXPECT_EQ(s.there(), (items{"2", "3"}));
    auto behind_the_loss = second.async_consume();
    ASSERT_TRUE(s.finish(behind_the_loss));
    EXPECT_FALSE(std::move(behind_the_loss).get());
    EXPECT_EQ(s.theirs.get().data(), "2");
    s.world.run_for(1s);
    EXPECT_EQ(s.q.get().data(), "2") << "nothing stale";
}

/// Never true when it was not done, and never false when it was.
TEST(locking_queue, C76_a_session_that_is_lost_at_any_moment_of_a_consumption) {
    int yes = 0, no = 0, unknown = 0;
    for (std::uint64_t delay = 0; delay < 40; ++delay) {
        locking_scene s;
        claimed_item item = s.q.get();
        auto consuming = item.async_consume();
        s.world.run_for(std::chrono::microseconds(50 * delay));
        s.lose_the_session();
        ASSERT_TRUE(s.finish(consuming)) << delay;
        const auto end = std::move(consuming).result();
        s.world.run_for(10s);
        const bool gone = s.there() == items{"2", "3"};
        EXPECT_TRUE(gone || s.there() == (items{"1", "2", "3"}));
        if (end)
            EXPECT_EQ(*end, gone) << delay;
        else
            EXPECT_EQ(end.outcome(), outcome::unknown) << delay;
        yes += end && *end;
        no += end && !*end;
        unknown += !end;
        EXPECT_EQ(s.claims(), 0u) << delay;
    }
    EXPECT_GT(yes, 0);
    EXPECT_GT(no, 0);
    EXPECT_GT(unknown, 0);
}

TEST(locking_queue, C76_an_item_that_is_gone_meanwhile_is_not_claimed) {
    locking_scene s;
    s.other.async_remove("/q/entries/" + s.names_in("entries").front()).detach();
    s.world.run_for(100us);
    const int before = s.applied;
    auto getting = s.q.async_get(); // nobody has told it yet
    ASSERT_TRUE(s.finish(getting));
    EXPECT_EQ(std::move(getting).get().data(), "2");
    s.world.run_for(1s);
    EXPECT_EQ(s.applied, before + 2) << "one claim, and its release";
    EXPECT_EQ(s.claims(), 0u);
}

TEST(locking_queue, certainty_ends_and_the_item_goes_to_the_next_one) {
    locking_scene s(items{"1"});
    claimed_item mine = s.q.get();
    s.world.run_for(100ms);
    s.here.silence(flow::to_client, true);
    ASSERT_TRUE(s.world.run_until([&] { return !mine.holds(); }, 10s));
    EXPECT_TRUE(s.world.run_until([&] { return mine.lost().stop_requested(); }, 1s));
    auto waiting = s.theirs.async_get();
    s.here.silence(flow::to_client, false);
    ASSERT_TRUE(s.finish(waiting));
    claimed_item next = std::move(waiting).get();
    EXPECT_EQ(next.name(), mine.name());
    EXPECT_FALSE(mine.consume());
    s.world.run_for(10s);
    EXPECT_TRUE(next.consume());
}

/// Of an old session nobody has asked for long whether the servers keep it: that takes two pairs of requests.
TEST(locking_queue, the_first_item_of_an_old_session_comes_a_third_of_its_timeout_later) {
    constexpr auto round_trip = 20ms;
    scene s({.shortest_delay = round_trip / 2, .longest_delay = round_trip / 2}); // a timeout of 3 s
    s.c.wait_connected();
    s.c.create("/q");
    s.world.run_for(10s);
    const auto began = s.world.now();
    locking_queue q(s.c, "/q");
    q.push_all(items{"1", "2", "3"});
    auto impatient = q.async_try_get_for(900ms);
    ASSERT_TRUE(s.finish(impatient));
    EXPECT_FALSE(std::move(impatient).get());
    EXPECT_EQ(q.size(), 3u) << "they are there all the time";
    auto getting = q.async_get();
    ASSERT_TRUE(s.finish(getting));
    EXPECT_GT(s.world.now() - began, 1s + 3 * round_trip);
    EXPECT_LT(s.world.now() - began, 1s + 6 * round_trip);
    EXPECT_EQ(std::move(getting).get().data(), "1");
    const auto then = s.world.now();
    auto again = q.async_try_get();
    ASSERT_TRUE(s.finish(again));
    EXPECT_TRUE(std::move(again).get());
    EXPECT_LE(s.world.now() - then, 2 * round_trip) << "once";
}

/// Of what one may not read nobody is told.
TEST(locking_queue, C76_a_release_that_nobody_tells_of_is_found) {
    locking_scene s;
    while (auto item = s.q.try_get()) EXPECT_TRUE(item->consume());
    s.other.add_auth("digest", "user:secret");
    const acl_view own = acls::creator_all();
    const std::string name = "entry-100-0000000099";
    s.other.create("/q/taken/" + name, "somebody", {.mode = create_mode::ephemeral, .acl = own});
    s.other.create("/q/entries/" + name, "4");
    s.world.run_for(100ms);
    const auto before = s.c.metrics();
    auto getting = s.q.async_get();
    s.world.run_for(1s);
    EXPECT_FALSE(getting.ready());
    std::uint64_t requests = 0;
    for (const operation_metrics& o : s.c.metrics().operations) requests += o.succeeded + o.failed;
    for (const operation_metrics& o : before.operations) requests -= o.succeeded + o.failed;
    EXPECT_LT(requests, 30u) << "it does not try without end";
    s.other.remove("/q/taken/" + name);
    ASSERT_TRUE(s.world.run_until([&] { return getting.ready(); }, 5s)) << "a session's timeout later at the latest";
    EXPECT_EQ(std::move(getting).get().data(), "4");
}

TEST(locking_queue, C76_a_release_that_nobody_tells_of_is_found_where_others_come_and_go) {
    locking_scene s;
    while (auto item = s.q.try_get()) EXPECT_TRUE(item->consume());
    s.other.add_auth("digest", "user:secret");
    const acl_view own = acls::creator_all();
    const std::string name = "entry-100-0000000099";
    s.other.create("/q/taken/" + name, "somebody", {.mode = create_mode::ephemeral, .acl = own});
    s.other.create("/q/entries/" + name, "hidden");
    s.world.run_for(100ms);
    auto getting = s.q.async_get();
    s.world.run_for(100ms); // it has met that claim
    s.other.remove("/q/taken/" + name);
    // There is always news, so that nobody waits for long without.
    bool found = false;
    for (int turn = 0; turn < 100 && !found; ++turn) {
        s.world.run_for(50ms);
        if (!getting.ready()) s.theirs.push("told");
        ASSERT_TRUE(s.world.run_until([&] { return getting.ready(); }, 5s));
        auto item = std::move(getting).get();
        found = item.data() == "hidden";
        EXPECT_TRUE(item.consume());
        getting = s.q.async_get();
    }
    EXPECT_TRUE(found);
}

TEST(locking_queue, an_item_that_others_have_claimed_first_costs_a_look_at_the_next) {
    locking_scene s;
    auto ours = s.q.async_get();
    auto others = s.theirs.async_get();
    ASSERT_TRUE(s.finish(ours, others));
    const claimed_item mine = std::move(ours).get(), their = std::move(others).get();
    EXPECT_NE(mine.name(), their.name());
    EXPECT_EQ(s.claims(), 4u);
}

TEST(locking_queue, try_get_knows_of_all_that_was_pushed_and_released_before) {
    scene s({.followers = 1, .shortest_lag = 300ms, .longest_lag = 300ms});
    const client other(simulation::addresses(), options_on(s.world.add_machine()));
    s.here.lead_to(1);
    s.c.wait_connected();
    locking_queue ours(s.c, "/q"), theirs(other, "/q");
    EXPECT_FALSE(ours.try_get());
    theirs.push("1");
    EXPECT_EQ(ours.size(), 1u);
    auto taken = theirs.try_get();
    ASSERT_TRUE(taken);
    EXPECT_FALSE(ours.try_get());
    EXPECT_TRUE(taken->async_release().get());
    auto item = ours.try_get();
    ASSERT_TRUE(item);
    EXPECT_EQ(item->data(), "1");
    EXPECT_TRUE(item->consume());
    theirs.push("2");
    EXPECT_EQ(ours.try_get()->data(), "2");
}

TEST(locking_queue, threads_that_share_an_object_get_one_each) {
    locking_scene s;
    auto a = s.q.async_get(), b = s.q.async_get(), c = s.q.async_get(), d = s.q.async_get();
    ASSERT_TRUE(s.finish(a, b, c));
    const claimed_item one = std::move(a).get(), two = std::move(b).get();
    std::optional<claimed_item> three = std::move(c).get();
    EXPECT_EQ(one.data().str() + two.data().str() + three->data().str(), "123");
    s.world.run_for(1s);
    EXPECT_FALSE(d.ready());
    three.reset();
    ASSERT_TRUE(s.finish(d));
    EXPECT_EQ(std::move(d).get().data(), "3");
}

} // namespace
} // namespace kazoo::testkit

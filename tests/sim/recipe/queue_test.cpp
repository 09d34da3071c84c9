// kazoo::queue in exact situations: what becomes of the write that pushes or takes an item.
#include "sim/scene.hpp"

#include <kazoo/recipe/queue.hpp>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kazoo::testkit {
namespace {

/// A queue with three items, and somebody who sees what the server does with it.
struct queue_scene : scene {
    static constexpr auto one_way = 500us;
    explicit queue_scene(bool with_receipts = true, std::uint64_t seed = 1)
        : scene({.seed = seed, .shortest_delay = one_way, .longest_delay = one_way}),
          q(c, "/q", {.receipts = with_receipts}) {
        q.push("0");
        q.push_all(std::vector<std::string>{"1", "2", "3"});
        EXPECT_EQ(q.pop(), "0"); // its receipt, its watch and the names are there from now on
        inside().on_write = [this](const sim_write& w) {
            if (w.write.type != proto::opcode::multi && w.write.type != proto::opcode::remove) return;
            if (w.write.path.starts_with("/q-")) return;
            if (w.late) ++late;
            if (w.write.error != errc{}) return;
            ++applied;
            if (on_applied) std::exchange(on_applied, nullptr)();
        };
    }
    std::vector<std::string> waiting() const {
        std::vector<std::string> all;
        if (const auto* folder = inside().server().nodes().find("/q"))
            folder->children.for_each([&](const kazoo::server::znode& n) { all.push_back(n.data); });
        std::ranges::sort(all);
        return all;
    }
    /// What begin() sends last is applied, and its answer never arrives.
    template <class Begin> auto lose_the_answer(Begin begin) {
        on_applied = [this] { here.silence(flow::to_client, true); };
        auto asked = begin();
        EXPECT_TRUE(world.run_until([&] { return applied > 0; }, 10s));
        return asked;
    }
    void cut_and_go_on() {
        here.cut();
        here.silence(flow::to_client, false);
    }

    queue q;
    int applied = 0, late = 0;
    std::function<void()> on_applied; ///< at the next one
};

using items = std::vector<std::string>;

TEST(queue, C75_an_item_whose_removal_got_no_answer_is_handed_out) {
    queue_scene s;
    auto popping = s.lose_the_answer([&] { return s.q.async_pop(); });
    EXPECT_EQ(s.waiting(), (items{"2", "3"}));
    s.cut_and_go_on();
    ASSERT_TRUE(s.finish(popping));
    EXPECT_EQ(std::move(popping).get(), "1");
    EXPECT_EQ(s.applied, 1);
    EXPECT_EQ(s.q.pop(), "2");
}

TEST(queue, C75_without_receipts_it_is_told_as_unknown) {
    queue_scene s(false);
    auto popping = s.lose_the_answer([&] { return s.q.async_pop(); });
    s.cut_and_go_on();
    ASSERT_TRUE(s.finish(popping));
    EXPECT_EQ(verdict_of(std::move(popping)), failed(errc::connection_loss, outcome::unknown));
    EXPECT_EQ(s.q.pop(), "2");
}

TEST(queue, an_item_whose_push_got_no_answer_is_there_once) {
    queue_scene s;
    auto pushing = s.lose_the_answer([&] { return s.q.async_push("4"); });
    s.cut_and_go_on();
    ASSERT_TRUE(s.finish(pushing));
    std::move(pushing).get();
    EXPECT_EQ(s.waiting(), (items{"1", "2", "3", "4"}));

    queue_scene without(false);
    auto unknown = without.lose_the_answer([&] { return without.q.async_push("4"); });
    without.cut_and_go_on();
    ASSERT_TRUE(without.finish(unknown));
    EXPECT_EQ(verdict_of(std::move(unknown)).outcome, outcome::unknown);
    EXPECT_EQ(without.waiting(), (items{"1", "2", "3", "4"}));
}

TEST(queue, C75_a_cut_at_any_moment_costs_no_item) {
    for (std::uint64_t delay = 0; delay < 60; ++delay) {
        queue_scene s;
        auto popping = s.q.async_pop();
        auto pushing = s.q.async_push("4");
        s.world.run_for(std::chrono::microseconds(100 * delay));
        s.here.cut();
        ASSERT_TRUE(s.finish(popping, pushing)) << delay;
        EXPECT_EQ(std::move(popping).get(), "1") << delay;
        std::move(pushing).get();
        EXPECT_EQ(s.waiting(), (items{"2", "3", "4"})) << delay;
    }
}

/// A request of a lost connection is carried out when we have come back, beside newer ones.
TEST(queue, C75_what_is_applied_late_takes_and_adds_nothing_twice) {
    int late = 0;
    for (std::uint64_t delay = 0; delay < 40; ++delay) {
        queue_scene s;
        s.here.late(true);
        auto popping = s.q.async_pop();
        auto pushing = s.q.async_push("4");
        s.world.run_for(std::chrono::microseconds(100 * delay));
        s.here.cut();
        ASSERT_TRUE(s.finish(popping, pushing)) << delay;
        EXPECT_EQ(std::move(popping).get(), "1") << delay;
        std::move(pushing).get();
        s.world.run_for(10s);
        EXPECT_EQ(s.waiting(), (items{"2", "3", "4"})) << delay;
        late += s.late;
    }
    EXPECT_GT(late, 0) << "some came late";
}

TEST(queue, an_item_that_nobody_wants_any_more_goes_back_to_where_it_was) {
    int taken = 0, back = 0;
    for (std::uint64_t delay = 0; delay < 40; ++delay) {
        queue_scene s;
        const int before = s.applied;
        auto popping = s.q.async_pop();
        s.world.run_for(std::chrono::microseconds(100 * delay));
        const bool done = popping.ready();
        popping.cancel();
        if (done) {
            EXPECT_EQ(std::move(popping).get(), "1") << delay;
            continue;
        }
        EXPECT_EQ(verdict_of(std::move(popping)).code, errc::cancelled);
        s.world.run_for(1s);
        EXPECT_EQ(s.waiting(), (items{"1", "2", "3"})) << delay;
        taken += s.applied > before;
        back += s.applied == before + 2;
        EXPECT_EQ(s.q.pop(), "1") << delay;
    }
    EXPECT_GT(taken, 0) << "some had been taken";
    EXPECT_EQ(taken, back);
}

TEST(queue, an_item_that_is_being_taken_at_the_deadline_is_handed_out) {
    for (std::uint64_t delay = 0; delay < 40; ++delay) {
        queue_scene s;
        std::stop_source stop;
        auto stopped = s.q.async_pop(stop.get_token());
        auto limited = s.q.async_try_pop_for(std::chrono::microseconds(100 * delay + 50));
        s.world.run_for(std::chrono::microseconds(100 * delay));
        stop.request_stop();
        ASSERT_TRUE(s.finish(stopped, limited)) << delay;
        std::multiset<std::string> all;
        for (auto* f : {&stopped, &limited})
            if (const auto got = std::move(*f).get()) all.insert(got->str());
        s.world.run_for(1s);
        for (const std::string& item : s.waiting()) all.insert(item);
        EXPECT_EQ(all, (std::multiset<std::string>{"1", "2", "3"})) << delay;
    }
}

TEST(queue, a_try_does_not_stand_behind_those_who_wait) {
    queue_scene s;
    for (const char* item : {"1", "2", "3"}) EXPECT_EQ(s.q.pop(), item);
    auto waiting = s.q.async_pop();
    auto trying = s.q.async_try_pop();
    ASSERT_TRUE(s.world.run_until([&] { return trying.ready(); }, 1s));
    EXPECT_EQ(std::move(trying).get(), std::nullopt);
    EXPECT_FALSE(waiting.ready());
    s.q.push("4");
    ASSERT_TRUE(s.finish(waiting));
    EXPECT_EQ(std::move(waiting).get(), "4");
}

/// Does something so many turns of the loop later.
struct in_turns : detail::job {
    sim_machine* where;
    int left;
    std::function<void()> then;
    in_turns(sim_machine& m, int turns, std::function<void()> f)
        : job{[](job* j) noexcept { static_cast<in_turns*>(j)->turn(); }}, where(&m), left(turns), then(std::move(f)) {
        m.post(*this);
    }
    void turn() { left-- == 0 ? then() : where->post(*this); }
};

TEST(queue, an_object_that_goes_with_an_item_in_hand_doubles_none) {
    for (const bool with_receipts : {true, false}) {
        int handed_out = 0, back = 0;
        for (int turns = 0; turns < 40; ++turns) {
            queue_scene s(with_receipts);
            auto q = std::make_unique<queue>(s.c, "/q", queue_options{.receipts = with_receipts});
            EXPECT_EQ(q->pop(), "1");
            std::optional<in_turns> going;
            s.on_applied = [&] {
                s.inside().after(queue_scene::one_way,
                                 [&] { going.emplace(*s.inside().machines().front(), turns, [&q] { q.reset(); }); });
            };
            auto popping = q->async_pop();
            ASSERT_TRUE(s.finish(popping)) << turns;
            s.world.run_for(1s);
            items all = s.waiting();
            const auto told = std::move(popping).result();
            handed_out += static_cast<int>(told.has_value());
            back += static_cast<int>(!told);
            if (told) all.insert(all.begin(), told->str());
            EXPECT_EQ(all, (items{"2", "3"})) << turns;
        }
        EXPECT_GT(handed_out, 0);
        EXPECT_GT(back, 0);
    }
}

TEST(queue, an_item_that_comes_back_behind_a_removal_that_found_none_is_seen) {
    for (const bool with_receipts : {true, false}) {
        queue_scene s(with_receipts);
        for (const char* item : {"1", "2"}) EXPECT_EQ(s.q.pop(), item);
        const client other(simulation::addresses(), options_on(s.world.add_machine()));
        other.wait_connected();
        const std::string path = "/q/" + s.q.names().front();
        auto popping = s.q.async_pop();
        s.world.run_for(100us);
        other.async_remove(path).detach(); // behind our read, and before our removal
        s.world.run_for(1000us);
        s.here.silence(flow::to_client, true);
        s.world.run_for(600us);
        other.create(path, "again");
        s.here.silence(flow::to_client, false); // all that it tells comes at once
        ASSERT_TRUE(s.finish(popping));
        EXPECT_EQ(std::move(popping).get(), "again");
    }
}

TEST(queue, an_item_goes_back_though_its_folder_has_gone) {
    for (const bool with_receipts : {true, false}) {
        queue_scene s(with_receipts);
        for (const char* item : {"1", "2"}) EXPECT_EQ(s.q.pop(), item);
        const client other(simulation::addresses(), options_on(s.world.add_machine()));
        other.wait_connected();
        auto popping = s.q.async_pop();
        s.on_applied = [&] {
            popping.cancel();
            other.async_remove("/q").detach();
        };
        s.world.run_for(1s);
        EXPECT_EQ(s.waiting(), (items{"3"}));
    }
}

TEST(queue, an_item_goes_back_in_the_next_session) {
    for (const bool with_receipts : {true, false}) {
        int back = 0;
        for (int turns = 0; turns < 40; ++turns) {
            queue_scene s(with_receipts);
            std::optional<in_turns> losing;
            auto popping = s.q.async_pop();
            s.on_applied = [&] {
                popping.cancel();
                s.inside().after(queue_scene::one_way, [&] {
                    losing.emplace(*s.inside().machines().front(), turns, [&] {
                        s.here.refuse(true);
                        s.here.cut();
                    });
                });
            };
            s.world.run_for(100ms);
            s.world.expire_session(s.c.session_id());
            s.here.refuse(false);
            s.world.run_for(10s);
            back += static_cast<int>(s.waiting() == items{"1", "2", "3"});
        }
        EXPECT_GT(back, 0) << "some were to go back when the session was lost";
    }
}

TEST(queue, an_answer_that_is_held_holds_the_pop_beyond_its_limit) {
    queue_scene s;
    auto popping = s.lose_the_answer([&] { return s.q.async_try_pop_for(5ms); });
    s.world.run_for(200ms);
    EXPECT_FALSE(popping.ready());
    s.here.silence(flow::to_client, false);
    ASSERT_TRUE(s.finish(popping));
    EXPECT_EQ(std::move(popping).get()->str(), "1");
}

TEST(queue, with_the_session_goes_what_the_receipt_would_tell) {
    queue_scene s;
    auto popping = s.lose_the_answer([&] { return s.q.async_pop(); });
    s.here.refuse(true);
    s.cut_and_go_on();
    s.world.expire_session(s.c.session_id());
    s.here.refuse(false);
    ASSERT_TRUE(s.finish(popping));
    EXPECT_EQ(verdict_of(std::move(popping)), failed(errc::session_expired, outcome::unknown));
    EXPECT_EQ(s.q.pop(), "2");
}

TEST(queue, a_session_that_is_lost_before_the_removal_was_sent_costs_nothing) {
    queue_scene s;
    s.here.refuse(true);
    auto popping = s.q.async_pop();
    s.here.cut();
    s.world.expire_session(s.c.session_id());
    s.here.refuse(false);
    ASSERT_TRUE(s.finish(popping));
    EXPECT_EQ(std::move(popping).get(), "1");
}

TEST(queue, try_pop_knows_of_all_that_was_pushed_before) {
    scene s({.followers = 1, .shortest_lag = 300ms, .longest_lag = 300ms});
    const client other(simulation::addresses(), options_on(s.world.add_machine()));
    s.here.lead_to(1);
    s.c.wait_connected();
    queue ours(s.c, "/q"), theirs(other, "/q");
    EXPECT_EQ(ours.try_pop(), std::nullopt);
    theirs.push("1");
    EXPECT_EQ(ours.size(), 1u);
    theirs.push("2");
    const auto first = ours.try_pop();
    ASSERT_TRUE(first);
    EXPECT_EQ(*first, "1");
    EXPECT_EQ(ours.pop(), "2");
    EXPECT_EQ(ours.try_pop(), std::nullopt);
}

/// A queue whose first item somebody else takes at the same time as we do.
struct race_for_an_item : queue_scene {
    race_for_an_item(std::uint64_t seed, std::size_t urgent) : queue_scene(true, seed) {
        other.wait_connected();
        for (std::size_t i = 0; i < urgent; ++i) q.push("urgent " + std::to_string(i), 1);
        world.run_for(10ms);
        first = "/q/" + q.names().front();
    }
    /// Ours is told to have it, or not, and then that it is gone.
    std::string lose(bool behind_our_read) {
        if (!behind_our_read) other.async_remove(first).detach();
        world.run_for(100us);
        auto popping = q.async_pop();
        world.run_for(100us);
        if (behind_our_read) other.async_remove(first).detach();
        EXPECT_TRUE(finish(popping));
        return std::move(popping).get().str();
    }
    client other{simulation::addresses(), options_on(world.add_machine())};
    queue other_queue{other, "/q"};
    std::string first;
};

TEST(queue, who_has_lost_a_race_takes_one_of_the_next_eight) {
    std::set<std::string> seen;
    for (std::uint64_t seed = 1; seed < 100; ++seed) {
        race_for_an_item s(seed, 12);
        const std::string got = s.lose(true);
        seen.insert(got);
        EXPECT_EQ(s.q.pop(), got == "urgent 1" ? "urgent 2" : "urgent 1") << "the next pop is another one";
    }
    std::set<std::string> next_eight;
    for (int i = 1; i <= 8; ++i) next_eight.insert("urgent " + std::to_string(i));
    EXPECT_EQ(seen, next_eight);
}

TEST(queue, who_has_lost_a_race_passes_over_none_of_a_better_priority) {
    std::set<std::string> seen;
    for (std::uint64_t seed = 1; seed < 40; ++seed) seen.insert(race_for_an_item(seed, 3).lose(true));
    EXPECT_EQ(seen, (std::set<std::string>{"urgent 1", "urgent 2"}));
}

/// So many pop from one object, and the first of them loses a race for the last item.
void waits_since_a_lost_race(std::size_t callers) {
    int lost = 0;
    for (std::uint64_t seed = 1; seed < 40; ++seed) {
        race_for_an_item s(seed, 1);
        for (const char* item : {"1", "2", "3"}) {
            auto popping = s.other_queue.async_pop(); // the urgent one is the first of them
            ASSERT_TRUE(s.finish(popping)) << item;
        }
        s.world.run_for(10ms);
        const std::string last = "/q/" + s.q.names().front();
        std::vector<future<bytes>> popping;
        for (std::size_t i = 0; i < callers; ++i) popping.push_back(s.q.async_pop());
        s.world.run_for(100us);
        s.other.async_remove(last).detach();
        s.world.run_for(1s);
        if (popping.front().ready()) continue; // the link has held up the others' removal
        ++lost;
        s.other_queue.push_all(std::vector<std::string>{"a", "b", "c", "d", "e", "f", "g", "h"});
        std::rotate(popping.begin(), popping.begin() + 1, popping.end()); // it waits behind the others now
        std::string got;
        for (auto& p : popping) {
            ASSERT_TRUE(s.finish(p));
            got += std::move(p).get().str();
        }
        EXPECT_EQ(got, std::string("abcdefgh").substr(0, callers)) << seed;
    }
    EXPECT_GT(lost, 20);
}

TEST(queue, who_has_waited_since_a_lost_race_takes_the_first) { waits_since_a_lost_race(1); }

TEST(queue, who_has_waited_behind_others_since_a_lost_race_takes_the_first) { waits_since_a_lost_race(2); }

TEST(queue, who_comes_behind_others_takes_the_first) {
    for (std::uint64_t seed = 1; seed < 40; ++seed)
        EXPECT_EQ(race_for_an_item(seed, 12).lose(false), "urgent 1") << "nobody has told it yet what is gone";
}

TEST(queue, eight_who_take_from_one_do_not_all_try_the_same) {
    constexpr std::size_t all = 400;
    scene s({.shortest_delay = 300us, .longest_delay = 700us});
    queue filled(s.c, "/q");
    for (std::size_t i = 0; i < all; i += 100) filled.push_all(std::vector<std::string>(100, "item"));
    std::deque<client> consumers;
    std::deque<queue> queues;
    std::vector<future<bytes>> popping;
    for (int i = 0; i < 8; ++i) {
        consumers.emplace_back(simulation::addresses(), options_on(s.world.add_machine()));
        consumers.back().wait_connected();
        popping.push_back(queues.emplace_back(consumers.back(), "/q").async_pop());
    }
    std::size_t got = 0;
    while (got < all - 8) {
        const auto is_ready = [](const future<bytes>& f) { return f.ready(); };
        ASSERT_TRUE(s.world.run_until([&] { return std::ranges::any_of(popping, is_ready); }, 10s));
        for (std::size_t i = 0; i < popping.size(); ++i) {
            if (!popping[i].ready()) continue;
            EXPECT_EQ(std::move(popping[i]).get(), "item");
            popping[i] = queues[i].async_pop();
            ++got;
        }
    }
    std::uint64_t transactions = 0;
    for (const client& c : consumers)
        for (const operation_metrics& o : c.metrics().operations)
            if (std::string_view(o.name) == "transaction") transactions += o.succeeded + o.failed;
    EXPECT_LT(transactions, 3 * got) << "those who lose a race spread";
}

TEST(queue, however_many_wait_their_names_are_read_once) {
    scene s;
    s.c.wait_connected();
    queue q(s.c, "/q", {.receipts = false});
    const auto reads = [&] {
        std::uint64_t n = 0;
        for (const operation_metrics& o : s.c.metrics().operations)
            if (std::string_view(o.name) == "get_children") n += o.succeeded;
        return n;
    };
    constexpr int all = 5000; // the listing is read once, however many there are
    for (int i = 0; i < all; i += 100) q.push_all(std::vector<std::string>(100, std::to_string(i)));
    for (int i = 0; i < 100; ++i) EXPECT_EQ(q.pop(), "0");
    q.push("urgent", 1);
    s.world.run_for(100ms);
    EXPECT_EQ(q.pop(), "urgent");
    EXPECT_EQ(q.pop(), "100");
    EXPECT_EQ(reads(), 1u);
    s.here.cut();
    EXPECT_EQ(q.pop(), "100");
    s.world.run_for(1s);
    EXPECT_EQ(reads(), 2u) << "after a broken connection";
}

} // namespace
} // namespace kazoo::testkit

// What counters and queues ask of the servers.
#include "sim/recipe/counting_scene.hpp"

#include <kazoo/recipe/counter.hpp>
#include <kazoo/recipe/locking_queue.hpp>
#include <kazoo/recipe/queue.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kazoo::testkit {
namespace {

TEST(requests, of_a_counter) {
    counting_scene s;
    counter n(s.c, "/n"), certain(s.c, "/n", {.receipts = true}), theirs(s.other, "/n");
    s.end(n.async_fetch_add(1));
    EXPECT_EQ(s.asked(), "create 1, get 3, set 1, sync 2; watches 0");
    s.end(n.async_fetch_add(1));
    EXPECT_EQ(s.asked(), "get 1, set 1; watches 0");
    s.end(n.async_load());
    EXPECT_EQ(s.asked(), "get 1, sync 1; watches 0");
    s.end(certain.async_fetch_add(1));
    EXPECT_EQ(s.asked(), "create 4, get 1, transaction 1; watches 0") << "its receipt, and the folder of it";
    s.end(certain.async_fetch_add(1));
    EXPECT_EQ(s.asked(), "get 1, transaction 1; watches 0");
    auto ours = n.async_fetch_add(1);
    auto others = theirs.async_fetch_add(1);
    s.end(std::move(ours));
    s.end(std::move(others));
    EXPECT_EQ(s.end(n.async_load()), 6);
    s.asked();
    EXPECT_FALSE(s.end(n.async_compare_exchange(6, 7)));
    EXPECT_EQ(s.asked(), "get 1, set 1; watches 0");
    EXPECT_TRUE(s.end(n.async_compare_exchange(6, 7)));
    EXPECT_EQ(s.asked(), "get 2, sync 1; watches 0") << "it is certainly another number";
}

TEST(requests, of_a_counter_take_so_many_round_trips) {
    counting_scene s;
    counter n(s.c, "/n"), certain(s.c, "/n", {.receipts = true});
    s.end(certain.async_fetch_add(1));
    EXPECT_EQ(s.round_trips([&] { return n.async_load(); }), 1);
    EXPECT_EQ(s.round_trips([&] { return n.async_fetch_add(1); }), 2);
    EXPECT_EQ(s.round_trips([&] { return certain.async_fetch_add(1); }), 2);
    EXPECT_EQ(s.round_trips([&] {
        s.end(s.c.async_remove("/n"));
        return n.async_fetch_add(1);
    }),
              6)
        << "one of them is the removal";
}

TEST(requests, of_a_queue) {
    counting_scene s;
    queue q(s.c, "/q"), plain(s.c, "/q", {.receipts = false}), theirs(s.other, "/q");
    s.end(q.async_push("0"));
    s.asked();
    s.end(q.async_push_all(std::vector<std::string>{"1", "2", "3", "4"}));
    EXPECT_EQ(s.asked(), "transaction 1; watches 0");
    s.end(plain.async_push("5"));
    EXPECT_EQ(s.asked(), "transaction 1; watches 0");
    s.end(q.async_size());
    EXPECT_EQ(s.asked(), "get_children 1, sync 1; watches 0");
    s.end(q.async_pop());
    EXPECT_EQ(s.asked(), "add_watch 1, get 1, get_children 1, transaction 1; watches 1");
    s.end(q.async_try_pop());
    EXPECT_EQ(s.asked(), "get 1, transaction 1; watches 1");
    s.end(q.async_try_pop_for(1s));
    EXPECT_EQ(s.asked(), "get 1, transaction 1; watches 1");
    for (int i = 0; i < 3; ++i) s.end(theirs.async_pop());
    EXPECT_EQ(s.asked(), "; watches 1") << "it hears of what others do";
    EXPECT_FALSE(s.end(q.async_try_pop()));
    EXPECT_EQ(s.asked(), "get_children 1, sync 1; watches 1");
    auto waiting = q.async_pop();
    auto waiting_too = q.async_pop();
    EXPECT_EQ(s.asked(), "; watches 1");
    s.end(theirs.async_push("6"));
    s.end(std::move(waiting));
    EXPECT_EQ(s.asked(), "get 1, transaction 1; watches 1") << "one of them was woken";
    s.end(theirs.async_push("7"));
    s.end(std::move(waiting_too));
    s.asked();
    s.end(theirs.async_push("8"));
    s.end(plain.async_pop());
    EXPECT_EQ(s.asked(), "add_watch 1, get 1, get_children 1, remove 1; watches 2");
}

TEST(requests, of_a_queue_take_so_many_round_trips) {
    counting_scene s;
    queue q(s.c, "/q");
    s.end(q.async_push("0"));
    s.end(q.async_pop());
    EXPECT_EQ(s.round_trips([&] { return q.async_push("1"); }), 1);
    EXPECT_EQ(s.round_trips([&] { return q.async_pop(); }), 2);
    EXPECT_EQ(s.round_trips([&] { return q.async_size(); }), 1);
    EXPECT_EQ(s.round_trips([&] { return q.async_try_pop_for(0s); }), 1);
}

TEST(requests, of_a_locking_queue) {
    counting_scene s;
    constexpr locking_queue_options by_session{.lost_when = loss::session_over};
    locking_queue q(s.c, "/q", by_session), theirs(s.other, "/q", by_session);
    s.end(q.async_push("0"));
    s.end(s.end(theirs.async_get()).async_consume()); // the folder of claims is there
    s.asked();
    s.end(q.async_push_all(std::vector<std::string>{"1", "2", "3", "4"}));
    EXPECT_EQ(s.asked(), "transaction 1; watches 0");
    s.end(q.async_size());
    EXPECT_EQ(s.asked(), "get_children 2, sync 1; watches 0");
    claimed_item first = s.end(q.async_get());
    EXPECT_EQ(s.asked(), "add_watch 1, exists 2, get 1, get_children 2, transaction 1; watches 2")
        << "it looks after it";
    s.end(first.async_consume());
    EXPECT_EQ(s.asked(), "transaction 1; watches 1");
    s.end(s.end(q.async_get()).async_consume());
    EXPECT_EQ(s.asked(), "exists 1, get 1, transaction 2; watches 1");
    s.end(s.end(q.async_get()).async_release());
    EXPECT_EQ(s.asked(), "exists 1, get 1, transaction 2; watches 1");
    const claimed_item two = s.end(theirs.async_get()), three = s.end(theirs.async_get());
    EXPECT_EQ(s.asked(), "; watches 1") << "it hears of what others do";
    EXPECT_FALSE(s.end(q.async_try_get()));
    EXPECT_EQ(s.asked(), "get_children 2, sync 1; watches 1");
    auto waiting = q.async_get();
    auto waiting_too = q.async_get();
    EXPECT_EQ(s.asked(), "; watches 1");
    s.world.run_for(3500ms);
    EXPECT_EQ(s.asked(), "get_children 2, sync 1; watches 1") << "once in a session's timeout";
    s.end(theirs.async_push("4"));
    s.end(s.end(std::move(waiting)).async_consume());
    EXPECT_EQ(s.asked(), "exists 1, get 1, transaction 2; watches 1") << "one of them was woken";
}

TEST(requests, of_a_locking_queue_take_so_many_round_trips) {
    counting_scene s;
    locking_queue q(s.c, "/q");
    s.end(q.async_push("0"));
    s.end(s.end(q.async_get()).async_release());
    s.world.run_for(10s); // it is certain now what is granted
    EXPECT_EQ(s.round_trips([&] { return q.async_get(); }), 1);
    EXPECT_EQ(s.round_trips([&] { return q.async_size(); }), 1);
    std::optional<claimed_item> item;
    EXPECT_EQ(s.round_trips([&] {
        s.end(q.async_push("1"));
        item = s.end(q.async_get());
        return item->async_consume();
    }),
              3)
        << "two are those of the push and the get";
    const claimed_item last = s.end(q.async_get());
    EXPECT_EQ(s.round_trips([&] { return q.async_try_get(); }), 1) << "nothing there";
}

} // namespace
} // namespace kazoo::testkit

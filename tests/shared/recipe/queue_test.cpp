// kazoo::queue: what its header promises, against a live server.
#include "shared/mutex_test.hpp"

#include <kazoo/recipe/queue.hpp>

#include <algorithm>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

using namespace kazoo;
using namespace std::chrono_literals;
using kazoo::test::code_of;
using kazoo::test::eventually;
using kazoo::test::to_client;
using kazoo::testkit::fault_gate;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

namespace {

constexpr queue_options plain{.receipts = false};

class queues : public test::mutex_test {
  protected:
    static std::string popped(std::optional<bytes> b) { return b ? b->str() : "nothing"; }
    static std::vector<std::string> all_of(queue& q) {
        std::vector<std::string> all;
        while (auto b = q.try_pop()) all.push_back(b->str());
        return all;
    }
};

TEST_F(queues, A25_items_are_those_of_kazoo_and_come_in_their_order) {
    const client c = connect();
    queue q(c, "/deep/q");
    EXPECT_EQ(q.path(), "/deep/q");
    EXPECT_EQ(q.size(), 0u);
    EXPECT_EQ(q.try_pop(), std::nullopt);
    EXPECT_FALSE(c.exists("/deep")) << "who pops makes nothing";
    q.push("a");
    q.push("urgent", 7);
    q.push(std::string("b\0c", 3));
    q.push(null);
    q.push_all(std::vector<std::string>{"d", "e"});
    q.push_all({});
    q.async_push("f").get();
    q.async_push_all(std::vector<std::string>{"g"}, 999).get();
    auto names = nodes(c, "/deep/q");
    std::ranges::sort(names);
    EXPECT_THAT(names, ElementsAre("entry-007-0000000001", "entry-100-0000000000", "entry-100-0000000002",
                                   "entry-100-0000000003", "entry-100-0000000004", "entry-100-0000000005",
                                   "entry-100-0000000006", "entry-999-0000000007"));
    EXPECT_EQ(c.exists("/deep/q/entry-100-0000000000")->owner, session_id::none);
    EXPECT_EQ(q.size(), 8u);
    EXPECT_EQ(q.names(), names);
    EXPECT_EQ(q.async_names().get().size(), q.async_size().get());
    EXPECT_EQ(popped(q.try_pop()), "urgent");
    EXPECT_EQ(q.pop().str(), "a");
    EXPECT_EQ(q.pop().str(), std::string("b\0c", 3));
    EXPECT_TRUE(q.async_pop().get().is_null());
    EXPECT_EQ(popped(q.try_pop_for(20s)), "d");
    EXPECT_EQ(popped(q.async_try_pop().get()), "e");
    EXPECT_EQ(popped(q.async_try_pop_for(20s).get()), "f");
    EXPECT_EQ(popped(q.try_pop_until(std::chrono::steady_clock::now() + 20s)), "g");
    EXPECT_EQ(popped(q.async_try_pop_until(std::chrono::steady_clock::now() + 1ms).get()), "nothing");
    EXPECT_EQ(popped(q.try_pop_for(0s)), "nothing");
    EXPECT_THAT(nodes(c, "/deep/q"), IsEmpty());
    EXPECT_THROW(q.push("x", 1000), error_of<errc::bad_arguments>);
    EXPECT_THROW(q.push("x", -1), error_of<errc::bad_arguments>);
    EXPECT_THROW(queue(c, "/a/../b"), invalid_path_error);
}

TEST_F(queues, who_waits_gets_the_next_item_in_the_order_of_the_calls) {
    const client a = connect(), b = connect();
    queue q(a, "/q"), other(b, "/q");
    auto first = q.async_pop();
    auto second = q.async_pop();
    std::stop_source stop;
    auto third = q.async_pop(stop.get_token());
    other.push("1");
    EXPECT_EQ(std::move(first).get_for(20s), "1");
    EXPECT_FALSE(second.ready());
    other.push("2");
    EXPECT_EQ(std::move(second).get_for(20s), "2");
    EXPECT_FALSE(third.ready());
    stop.request_stop();
    EXPECT_EQ(std::move(third).get_for(20s), std::nullopt);
    auto cancelled = q.async_pop();
    cancelled.cancel();
    EXPECT_EQ(code_of(std::move(cancelled).result()), errc::cancelled);
    other.push("3");
    EXPECT_EQ(q.pop(), "3");
}

TEST_F(queues, C75_a_later_item_of_a_smaller_priority_goes_ahead_at_once) {
    const client a = connect(), b = connect();
    queue q(a, "/q"), other(b, "/q");
    for (const char* item : {"1", "2", "3"}) other.push(item);
    EXPECT_EQ(q.pop(), "1");
    other.push("urgent", 5);
    a.sync("/q");
    ASSERT_TRUE(eventually([&] { return q.size() == 3; }));
    EXPECT_EQ(q.pop(), "urgent") << "not what was known before";
    EXPECT_EQ(q.pop(), "2");
}

TEST_F(queues, C75_only_items_count_and_other_names_are_left_alone) {
    const client c = connect();
    c.create("/q");
    for (const char* name : {"README", "entry-100", "entry-1000-0000000001", "entry-abc-0000000001", "qn-0000000001"})
        c.create(std::string("/q/") + name);
    c.create("/q/entry-100-0000000099", "by hand");
    c.create("/q/README/entry-100-0000000001", "deeper");
    queue q(c, "/q");
    EXPECT_EQ(q.size(), 1u);
    EXPECT_EQ(popped(q.try_pop()), "by hand");
    EXPECT_EQ(q.try_pop(), std::nullopt);
    c.create("/q/README/entry-100-0000000002", "deeper");
    c.create("/q/entry-100-000000000x");
    EXPECT_EQ(q.try_pop_for(100ms), std::nullopt);
    EXPECT_THAT(nodes(c, "/q"), SizeIs(6));
}

TEST_F(queues, many_consumers_and_producers_lose_nothing_and_get_nothing_twice) {
    for (const queue_options& how : {queue_options(), plain}) {
        const std::string path = how.receipts ? "/with" : "/without";
        const client a = connect(), b = connect();
        queue here(a, path, how), there(b, path, how);
        std::mutex mutex;
        std::multiset<std::string> got;
        {
            std::vector<std::jthread> threads;
            for (int i = 0; i < 4; ++i)
                threads.emplace_back([&, i] {
                    for (int k = 0; k < 15; ++k) (i % 2 == 0 ? here : there).push(std::to_string(i * 100 + k));
                });
            for (int i = 0; i < 6; ++i)
                threads.emplace_back([&, i] {
                    for (int k = 0; k < 10; ++k) {
                        const bytes item = (i % 2 == 0 ? here : there).pop();
                        const std::lock_guard lock(mutex);
                        got.insert(item.str());
                    }
                });
        }
        std::multiset<std::string> expected;
        for (int i = 0; i < 4; ++i)
            for (int k = 0; k < 15; ++k) expected.insert(std::to_string(i * 100 + k));
        EXPECT_EQ(got, expected);
        EXPECT_EQ(here.size(), 0u);
    }
}

TEST_F(queues, an_object_has_one_watch_and_leaves_none) {
    const client c = connect();
    ASSERT_TRUE(eventually([] { return watches_at_the_server() == 0; })) << "those of earlier tests";
    {
        queue q(c, "/q");
        q.push("1");
        EXPECT_EQ(watches_at_the_server(), 0);
        EXPECT_EQ(q.pop(), "1");
        auto waiting = q.async_pop();
        auto waiting_too = q.async_pop();
        q.push("2");
        EXPECT_EQ(std::move(waiting).get_for(20s), "2");
        EXPECT_EQ(c.metrics().watches, 1u);
        EXPECT_EQ(watches_at_the_server(), test::a_recursive_watch(c));
        waiting_too.cancel();
    }
    EXPECT_TRUE(eventually([] { return watches_at_the_server() == 0; })) << watches_at_the_server();
    EXPECT_TRUE(eventually([&] { return nodes(c, "/q-__receipts__").empty(); }));
}

TEST_F(queues, over_a_broken_connection_it_goes_on) {
    fault_gate gate(test::server().address());
    const client c = connect_through(gate), other = connect();
    queue q(c, "/q"), theirs(other, "/q");
    auto waiting = q.async_pop();
    theirs.push("0");
    EXPECT_EQ(std::move(waiting).get_for(20s), "0");
    auto still_waiting = q.async_pop();
    gate.refuse(true);
    gate.cut();
    ASSERT_TRUE(eventually([&] { return c.state() == session_state::suspended; }));
    theirs.push("1");
    auto pushing = q.async_push("2");
    gate.refuse(false);
    EXPECT_EQ(std::move(still_waiting).get_for(20s), "1") << "what was pushed meanwhile";
    std::move(pushing).get_for(20s);
    EXPECT_EQ(q.pop(), "2");
}

TEST_F(queues, over_a_lost_session_who_waits_goes_on) {
    fault_gate gate(test::server().address());
    const client c = connect_through(gate), other = connect();
    queue q(c, "/q"), theirs(other, "/q");
    theirs.push("0");
    EXPECT_EQ(q.pop(), "0");
    auto waiting = q.async_pop();
    gate.refuse(true);
    gate.cut();
    ASSERT_TRUE(eventually([&] { return c.state() == session_state::suspended; }));
    auto pushing = q.async_push("2", 200);
    test::expire(c);
    theirs.push("1");
    gate.refuse(false);
    EXPECT_EQ(std::move(waiting).get_for(20s), "1");
    std::move(pushing).get_for(20s);
    EXPECT_EQ(q.pop(), "2");
}

TEST_F(queues, C75_a_pop_whose_reply_was_lost_gives_its_item) {
    fault_gate gate(test::server().address());
    const client c = connect_through(gate), witness = connect();
    queue q(c, "/q");
    for (int i = 0;; ++i) {
        const std::string item = "item " + std::to_string(i);
        q.push("first");
        q.push(item);
        EXPECT_EQ(q.pop(), "first") << "its receipt and its names are there";
        const std::string name = nodes(witness, "/q").at(0);
        const auto forwarded = gate.forwarded(to_client);
        (void)c.get("/q/" + name);
        gate.drop(to_client, gate.forwarded(to_client) - forwarded); // the item is read, and then nothing arrives
        auto popping = q.async_pop();
        bool taken = false;
        for (int k = 0; k < 200 && !taken; ++k) {
            std::this_thread::sleep_for(10ms);
            taken = nodes(witness, "/q").empty();
        }
        gate.cut();
        gate.pass(to_client);
        EXPECT_EQ(std::move(popping).get_for(20s), item);
        EXPECT_EQ(q.size(), 0u);
        if (taken) break; // otherwise a ping came between: again
    }
}

TEST_F(queues, a_limit_and_a_stop_end_the_wait_and_leave_everything) {
    fault_gate gate(test::server().address());
    client_options quickly = quick();
    quickly.operation_timeout = 400ms;
    const client c = connect_through(gate, quickly), witness = connect();
    queue q(c, "/q"), theirs(witness, "/q");
    theirs.push("1");
    gate.refuse(true);
    gate.cut();
    ASSERT_TRUE(eventually([&] { return c.state() == session_state::suspended; }));
    EXPECT_EQ(q.try_pop_for(50ms), std::nullopt);
    EXPECT_EQ(q.try_pop_for(0ms), std::nullopt);
    EXPECT_THROW(q.try_pop(), timeout_error);
    EXPECT_THROW(q.size(), timeout_error);
    std::stop_source stop;
    stop.request_stop();
    EXPECT_EQ(q.pop(stop.get_token()), std::nullopt);
    EXPECT_EQ(q.try_pop_for(10s, stop.get_token()), std::nullopt);
    try {
        q.push("2");
        FAIL();
    } catch (const timeout_error& e) {
        EXPECT_EQ(e.outcome(), outcome::not_applied);
    }
    EXPECT_THROW(q.push("2", 100, stop.get_token()), cancelled_error);
    EXPECT_EQ(theirs.size(), 1u);
    gate.refuse(false);
    EXPECT_EQ(q.pop(), "1");
}

TEST_F(queues, what_may_not_be_taken_stays) {
    client_options o = quick();
    o.credentials.push_back({"digest", "user:secret"});
    const client owner = connect(o), stranger = connect();
    const auto own = acls::creator_all().entries();
    queue mine(owner, "/q", {.acl = {own.begin(), own.end()}}), theirs(stranger, "/q");
    mine.push("1");
    EXPECT_THROW(theirs.try_pop(), no_auth_error);
    EXPECT_EQ(mine.pop(), "1");
}

TEST_F(queues, the_path_may_vanish) {
    const client c = connect();
    queue q(c, "/q");
    q.push("1");
    EXPECT_EQ(q.pop(), "1");
    q.push("2");
    c.remove_tree("/q");
    EXPECT_EQ(q.try_pop(), std::nullopt);
    EXPECT_EQ(q.size(), 0u);
    auto waiting = q.async_pop();
    q.push("3");
    EXPECT_EQ(std::move(waiting).get_for(20s), "3");
}

TEST_F(queues, a_closed_client_ends_everything) {
    const client c = connect();
    queue q(c, "/q");
    auto waiting = q.async_pop();
    c.close();
    EXPECT_EQ(code_of(std::move(waiting).result()), errc::closed);
    EXPECT_THROW(q.push("1"), closed_error);
    EXPECT_THROW(q.pop(), closed_error);
    EXPECT_THROW(q.size(), closed_error);
}

TEST_F(queues, without_the_object_nobody_waits_and_pushes_go_on) {
    const client c = connect();
    auto q = std::make_unique<queue>(c, "/q");
    EXPECT_EQ(q->try_pop(), std::nullopt);
    auto waiting = q->async_pop();
    std::stop_source stop;
    auto waiting_too = q->async_pop(stop.get_token());
    std::vector<std::string> items(3, "x");
    auto late = std::make_unique<queue>(c, "/other");
    auto pushing = late->async_push_all(items);
    late.reset();
    q.reset();
    EXPECT_EQ(code_of(std::move(waiting).result()), errc::cancelled);
    EXPECT_EQ(code_of(std::move(waiting_too).result()), errc::cancelled);
    std::move(pushing).get_for(20s);
    EXPECT_THAT(nodes(c, "/other"), SizeIs(3));
}

} // namespace

// kazoo::locking_queue: what its header promises, against a live server.
#include "shared/mutex_test.hpp"

#include <kazoo/recipe/locking_queue.hpp>

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

using namespace kazoo;
using namespace std::chrono_literals;
using kazoo::test::code_of;
using kazoo::test::eventually;
using kazoo::testkit::fault_gate;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

namespace {

class locking_queues : public test::mutex_test {
  protected:
    static std::string data_of(const std::optional<claimed_item>& i) { return i ? i->data().str() : "nothing"; }
    std::vector<std::string> entries(const client& c) const {
        auto all = nodes(c, "/q/entries");
        std::ranges::sort(all);
        return all;
    }
    /// The claims, without the marks beside them.
    std::vector<std::string> claims(const client& c) const {
        auto all = nodes(c, "/q/taken");
        std::erase_if(all, [](const std::string& name) { return !name.starts_with("entry-"); });
        std::ranges::sort(all);
        return all;
    }
    /// Neither claims nor marks.
    bool is_free(const client& c) const {
        return eventually([&] { return nodes(c, "/q/taken").empty(); });
    }
};

TEST_F(locking_queues, A25_its_nodes_are_those_of_kazoo) {
    const client c = connect();
    locking_queue q(c, "/q");
    EXPECT_EQ(q.path(), "/q");
    EXPECT_EQ(q.size(), 0u);
    EXPECT_FALSE(q.try_get());
    EXPECT_FALSE(c.exists("/q")) << "who gets nothing makes nothing";
    q.push("a");
    q.push("urgent", 7);
    q.push_all(std::vector<std::string>{"b", std::string("c\0d", 3)}, 999);
    q.push(null);
    q.async_push("f").get();
    q.async_push_all(std::vector<std::string>{"g"}).get();
    EXPECT_THAT(entries(c), ElementsAre("entry-007-0000000001", "entry-100-0000000000", "entry-100-0000000004",
                                        "entry-100-0000000005", "entry-100-0000000006", "entry-999-0000000002",
                                        "entry-999-0000000003"));
    EXPECT_EQ(c.exists("/q/entries/entry-100-0000000000")->owner, session_id::none);

    claimed_item first = q.get();
    EXPECT_EQ(first.data(), "urgent");
    EXPECT_EQ(first.name(), "entry-007-0000000001");
    EXPECT_TRUE(first.holds());
    EXPECT_THAT(claims(c), ElementsAre(first.name()));
    const node claim = c.get("/q/taken/" + first.name());
    EXPECT_EQ(claim.stat.owner, c.session_id());
    EXPECT_EQ(claim.data.view().size(), 32u) << "who has it";
    EXPECT_EQ(first.fencing_token(), claim.stat.created);
    EXPECT_EQ(q.size(), 7u) << "claimed ones count";
    const auto items = q.items();
    ASSERT_THAT(items, SizeIs(7));
    EXPECT_EQ(items[0].name, first.name());
    EXPECT_TRUE(items[0].claimed);
    EXPECT_FALSE(items[1].claimed);
    EXPECT_EQ(q.async_items().get().size(), q.async_size().get());

    EXPECT_TRUE(first.consume());
    EXPECT_FALSE(first.holds());
    EXPECT_THAT(entries(c), SizeIs(6));
    EXPECT_TRUE(is_free(c));
    EXPECT_FALSE(first.consume()) << "once";
    EXPECT_EQ(first.data(), "urgent") << "stays";
    for (const char* item : {"a", "", "f", "g", "b"}) EXPECT_TRUE(q.async_get().get().consume()) << item;
    auto last = q.try_get();
    ASSERT_TRUE(last);
    EXPECT_EQ(last->data(), std::string("c\0d", 3));
    EXPECT_TRUE(last->async_consume().get());
    EXPECT_EQ(q.size(), 0u);
    EXPECT_FALSE(q.async_try_get().get());
    EXPECT_THROW(q.push("x", 1000), error_of<errc::bad_arguments>);
    EXPECT_THROW(locking_queue(c, "/a/../b"), invalid_path_error);
}

TEST_F(locking_queues, a_released_item_comes_back_in_its_place) {
    const client a = connect(), b = connect();
    locking_queue q(a, "/q"), other(b, "/q");
    q.push_all(std::vector<std::string>{"1", "2"});
    claimed_item one = q.get();
    claimed_item two = other.get();
    EXPECT_EQ(one.data().str() + two.data().str(), "12");
    EXPECT_FALSE(q.try_get());
    EXPECT_FALSE(other.try_get_for(50ms));
    EXPECT_TRUE(one.async_release().get());
    EXPECT_FALSE(one.async_release().get());
    EXPECT_FALSE(one.holds());
    EXPECT_FALSE(one.consume()) << "it is not ours any more";
    claimed_item again = other.get();
    EXPECT_EQ(again.data(), "1");
    EXPECT_GT(again.fencing_token(), one.fencing_token());
    auto waiting = q.async_get();
    {
        const claimed_item dropped = std::move(again);
        EXPECT_FALSE(again.holds()); // NOLINT(bugprone-use-after-move)
        EXPECT_FALSE(waiting.ready());
    }
    EXPECT_EQ(std::move(waiting).get_for(20s).data(), "1");
    EXPECT_TRUE(two.consume());
}

TEST_F(locking_queues, who_waits_gets_the_next_item_in_the_order_of_the_calls) {
    const client a = connect(), b = connect();
    locking_queue q(a, "/q"), other(b, "/q");
    auto first = q.async_get();
    auto second = q.async_get();
    std::stop_source stop;
    auto third = q.async_get(stop.get_token());
    other.push("1");
    const claimed_item one = std::move(first).get_for(20s);
    EXPECT_EQ(one.data(), "1");
    EXPECT_FALSE(second.ready());
    other.push("2");
    const claimed_item two = std::move(second).get_for(20s);
    EXPECT_EQ(two.data(), "2");
    EXPECT_FALSE(third.ready());
    stop.request_stop();
    EXPECT_FALSE(std::move(third).get_for(20s));
    auto cancelled = q.async_get();
    cancelled.cancel();
    EXPECT_EQ(code_of(std::move(cancelled).result()), errc::cancelled);
    other.push("3");
    const auto three = q.try_get_until(std::chrono::steady_clock::now() + 20s);
    EXPECT_EQ(data_of(three), "3");
    EXPECT_FALSE(q.async_try_get_for(1ms).get());
    EXPECT_FALSE(q.async_try_get_until(std::chrono::steady_clock::now() + 1ms).get());
}

TEST_F(locking_queues, only_items_count_and_other_names_are_left_alone) {
    const client c = connect();
    for (const char* folder : {"/q", "/q/entries", "/q/taken", "/q/entries/README", "/q/taken/README", "/q/other"})
        c.create(folder);
    c.create("/q/entry-100-0000000001", "of a queue without claims");
    c.create("/q/entries/README/entry-100-0000000001", "deeper");
    c.create("/q/taken/entry-100-0000000099", null, {.mode = create_mode::ephemeral});
    c.create("/q/entries/entry-100-0000000099", "claimed without data");
    locking_queue q(c, "/q");
    EXPECT_EQ(q.size(), 1u);
    EXPECT_FALSE(q.try_get());
    c.create("/q/entries/entry-100-0000000002", "by hand");
    c.create("/q/entries/entry-100-000000000x", "no number");
    EXPECT_EQ(data_of(q.try_get()), "by hand");
    EXPECT_THAT(nodes(c, "/q"), SizeIs(4));
}

TEST_F(locking_queues, C76_many_consumers_consume_each_item_once) {
    const client a = connect(), b = connect();
    locking_queue here(a, "/q"), there(b, "/q");
    std::vector<std::string> all;
    for (int i = 0; i < 60; ++i) all.push_back(std::to_string(i));
    here.push_all(all);
    std::mutex mutex;
    std::map<std::string, int> consumed;
    std::map<std::string, int> at_work;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 6; ++i)
            threads.emplace_back([&, i] {
                for (int k = 0;; ++k) {
                    auto item = (i % 2 == 0 ? here : there).try_get();
                    if (!item) return;
                    {
                        const std::lock_guard lock(mutex);
                        EXPECT_EQ(++at_work[item->data().str()], 1);
                    }
                    const bool gives_back = k % 4 == 1;
                    {
                        const std::lock_guard lock(mutex);
                        --at_work[item->data().str()];
                    }
                    if (gives_back)
                        item.reset();
                    else if (item->consume()) {
                        const std::lock_guard lock(mutex);
                        ++consumed[item->data().str()];
                    }
                }
            });
    }
    while (auto item = here.try_get()) // what was given back when nobody looked any more
        if (item->consume()) ++consumed[item->data().str()];
    EXPECT_THAT(consumed, SizeIs(60));
    for (const auto& [item, n] : consumed) EXPECT_EQ(n, 1) << item;
    EXPECT_TRUE(is_free(a));
}

TEST_F(locking_queues, an_object_has_one_watch_and_leaves_none) {
    const client c = connect();
    ASSERT_TRUE(eventually([] { return watches_at_the_server() == 0; })) << "those of earlier tests";
    {
        locking_queue q(c, "/q");
        q.push("1");
        EXPECT_EQ(watches_at_the_server(), 0);
        EXPECT_TRUE(q.get().consume());
        auto waiting = q.async_get();
        auto waiting_too = q.async_get();
        q.push("2");
        EXPECT_TRUE(std::move(waiting).get_for(20s).consume());
        EXPECT_EQ(c.metrics().watches, 1u);
        EXPECT_EQ(watches_at_the_server(), test::a_recursive_watch(c));
        waiting_too.cancel();
    }
    EXPECT_TRUE(eventually([] { return watches_at_the_server() == 0; })) << watches_at_the_server();
    EXPECT_TRUE(is_free(c));
}

TEST_F(locking_queues, C76_over_a_broken_connection_who_waits_gets_what_came_meanwhile_and_an_item_is_still_held) {
    fault_gate gate(test::server().address());
    const client c = connect_through(gate), other = connect();
    locking_queue q(c, "/q"), theirs(other, "/q");
    theirs.push_all(std::vector<std::string>{"0", "1"});
    claimed_item zero = q.get();
    claimed_item one = theirs.get();
    auto waiting = q.async_get();
    auto waiting_too = q.async_get();
    gate.refuse(true);
    gate.cut();
    ASSERT_TRUE(eventually([&] { return c.state() == session_state::suspended; }));
    theirs.push("2");
    EXPECT_TRUE(one.async_release().get());
    gate.refuse(false);
    const claimed_item first = std::move(waiting).get_for(20s), second = std::move(waiting_too).get_for(20s);
    EXPECT_EQ(first.data().str() + second.data().str(), "12") << "what was released, and what was pushed";
    EXPECT_TRUE(zero.holds());
    EXPECT_FALSE(zero.lost().stop_requested());
    EXPECT_TRUE(zero.consume());
}

TEST_F(locking_queues, C76_a_lost_session_is_a_loss_and_the_item_comes_back) {
    const client a = connect(), b = connect();
    locking_queue q(a, "/q"), other(b, "/q");
    q.push("1");
    claimed_item mine = q.get();
    const std::stop_token lost = mine.lost();
    auto waiting = other.async_get(), waiting_too = q.async_get();
    EXPECT_FALSE(waiting.ready());
    test::expire(a);
    claimed_item theirs = std::move(waiting).get_for(20s);
    EXPECT_EQ(theirs.data(), "1");
    ASSERT_TRUE(eventually([&] { return lost.stop_requested(); }));
    EXPECT_FALSE(mine.holds());
    EXPECT_FALSE(mine.consume()) << "never true when it is not ours";
    EXPECT_FALSE(mine.async_release().get());
    EXPECT_TRUE(theirs.holds());
    EXPECT_THAT(entries(b), SizeIs(1));
    EXPECT_TRUE(theirs.consume());
    other.push("2");
    EXPECT_EQ(std::move(waiting_too).get_for(20s).data(), "2") << "who waits goes on in the next session";
}

TEST_F(locking_queues, what_is_done_with_an_item_can_depend_on_it) {
    const client a = connect(), b = connect();
    locking_queue q(a, "/q"), other(b, "/q");
    q.push("1");
    a.create("/result", "0");
    claimed_item mine = q.get();
    a.transaction().check(mine.check()).set("/result", "1").commit();
    const node_check check = mine.check();
    const session_id old = a.session_id();
    test::expire(a);
    const claimed_item theirs = other.get();
    ASSERT_TRUE(eventually([&] { return a.session_id() != old && a.state() == session_state::connected; }));
    EXPECT_THROW((void)a.transaction().check(check).set("/result", "2").commit(), transaction_error)
        << "although a claim of the same name is there";
    (void)b.transaction().check(theirs.check()).set("/result", "3").commit();
    mine.release();
    EXPECT_THROW((void)mine.check(), error_of<errc::not_held>);
    EXPECT_TRUE(mine.lost().stop_requested());
    EXPECT_EQ(mine.fencing_token(), zxid::none);
}

TEST_F(locking_queues, somebody_deletes_the_claim_or_the_item) {
    const client a = connect(), b = connect();
    const int watches = watches_at_the_server();
    locking_queue q(a, "/q"), other(b, "/q");
    q.push_all(std::vector<std::string>{"1", "2", "3"});
    claimed_item one = q.get(), two = q.get(), three = q.get();
    ASSERT_TRUE(is_watched(watches + 2 * test::a_recursive_watch(a))) << "that of the queue, and that of the claims";
    const std::stop_token lost = one.lost();
    const node_check check = one.check();
    b.remove("/q/taken/" + one.name());
    EXPECT_TRUE(eventually([&] { return lost.stop_requested(); }));
    EXPECT_FALSE(one.holds());
    claimed_item next = other.get();
    EXPECT_EQ(next.data(), "1");
    const auto is_refused = [&] {
        try {
            (void)a.transaction().check(check).commit();
            return false;
        } catch (const transaction_error&) {
            return true;
        }
    };
    EXPECT_TRUE(eventually(is_refused)) << "what depends on it is not done beside theirs";
    EXPECT_FALSE(one.consume()) << "that would be theirs";
    EXPECT_TRUE(next.holds());
    EXPECT_THAT(claims(b), SizeIs(3)) << "their claim stays";
    b.remove("/q/entries/" + two.name());
    EXPECT_FALSE(two.consume());
    EXPECT_TRUE(next.consume());
    EXPECT_TRUE(three.consume());
    EXPECT_TRUE(is_free(b));
    EXPECT_EQ(q.size(), 0u);
}

TEST_F(locking_queues, a_limit_and_a_stop_end_the_wait_and_leave_everything) {
    fault_gate gate(test::server().address());
    client_options quickly = quick();
    quickly.operation_timeout = 400ms;
    const client c = connect_through(gate, quickly), witness = connect();
    locking_queue q(c, "/q"), theirs(witness, "/q");
    theirs.push("1");
    gate.refuse(true);
    gate.cut();
    ASSERT_TRUE(eventually([&] { return c.state() == session_state::suspended; }));
    EXPECT_FALSE(q.try_get_for(50ms));
    EXPECT_FALSE(q.try_get_for(0ms));
    EXPECT_THROW((void)q.try_get(), timeout_error);
    EXPECT_THROW(q.size(), timeout_error);
    std::stop_source stop;
    stop.request_stop();
    EXPECT_FALSE(q.get(stop.get_token()));
    EXPECT_FALSE(q.try_get_for(10s, stop.get_token()));
    EXPECT_THROW(q.push("2", 100, stop.get_token()), cancelled_error);
    gate.refuse(false);
    EXPECT_EQ(data_of(q.get()), "1");
    EXPECT_TRUE(is_free(witness));
}

TEST_F(locking_queues, a_dropped_answer_gives_its_item_back) {
    const client c = connect(), other = connect();
    locking_queue q(c, "/q"), theirs(other, "/q");
    q.push("1");
    {
        auto dropped = q.async_get();
    }
    {
        (void)q.async_get().get();
    }
    EXPECT_EQ(theirs.get().data(), "1");
    EXPECT_TRUE(is_free(c));
}

TEST_F(locking_queues, what_may_not_be_claimed_stays) {
    client_options o = quick();
    o.credentials.push_back({"digest", "user:secret"});
    const client owner = connect(o), stranger = connect();
    const auto own = acls::creator_all().entries();
    locking_queue mine(owner, "/q", {.acl = {own.begin(), own.end()}}), theirs(stranger, "/q");
    mine.push("1");
    EXPECT_THROW((void)theirs.get(), no_auth_error) << "it may not be read";
    claimed_item item = mine.get();
    EXPECT_TRUE(item.consume());

    mine.push("2");
    const std::vector<acl> no_writing{{perms::read | perms::admin, "world", "anyone"}};
    owner.set_acl("/q/entries", no_writing);
    claimed_item kept = mine.get();
    EXPECT_THROW((void)kept.consume(), no_auth_error) << "it may not be removed";
    EXPECT_FALSE(kept.holds());
    EXPECT_TRUE(is_free(owner)) << "and goes back";
    owner.set_acl("/q/taken", no_writing);
    EXPECT_THROW((void)mine.get(), no_auth_error) << "it may not be claimed";
    for (const char* folder : {"/q/entries", "/q/taken"}) owner.set_acl(folder, acls::open_unsafe());
}

TEST_F(locking_queues, the_path_may_vanish) {
    const client c = connect();
    locking_queue q(c, "/q");
    q.push("1");
    EXPECT_TRUE(q.get().consume());
    c.remove_tree("/q");
    EXPECT_FALSE(q.try_get());
    EXPECT_EQ(q.size(), 0u);
    auto waiting = q.async_get();
    q.push("3");
    claimed_item three = std::move(waiting).get_for(20s);
    EXPECT_EQ(three.data(), "3");
    c.remove_tree("/q");
    EXPECT_FALSE(three.consume());
}

TEST_F(locking_queues, a_closed_client_ends_everything) {
    const client c = connect(), other = connect();
    locking_queue q(c, "/q"), theirs(other, "/q");
    q.push("1");
    claimed_item item = q.get();
    auto waiting = q.async_get();
    c.close();
    EXPECT_EQ(code_of(std::move(waiting).result()), errc::closed);
    EXPECT_FALSE(item.holds());
    EXPECT_TRUE(eventually([&] { return item.lost().stop_requested(); }));
    EXPECT_FALSE(item.consume());
    EXPECT_THROW(q.push("1"), closed_error);
    EXPECT_THROW((void)q.get(), closed_error);
    EXPECT_THROW(q.size(), closed_error);
    EXPECT_EQ(theirs.get().data(), "1");
}

TEST_F(locking_queues, without_the_object_nobody_waits_and_items_stay_with_their_holders) {
    const client c = connect();
    auto q = std::make_unique<locking_queue>(c, "/q");
    q->push("1");
    claimed_item item = q->get();
    auto waiting = q->async_get();
    std::stop_source stop;
    auto waiting_too = q->async_get(stop.get_token());
    q.reset();
    EXPECT_EQ(code_of(std::move(waiting).result()), errc::cancelled);
    EXPECT_FALSE(std::move(waiting_too).get()) << "as for a stop";
    EXPECT_TRUE(item.holds());
    EXPECT_TRUE(item.consume());
    EXPECT_TRUE(is_free(c));
}

} // namespace

// kazoo::mutex: what its header promises, against a live server.
#include "backend.hpp"

#include "testing/four_letter_word.hpp"

#include <kazoo/kazoo.hpp>

#include <gmock/gmock.h>

#include <algorithm>

using namespace kazoo;
using namespace std::chrono_literals;
using kazoo::test::eventually;
using kazoo::test::state_log;
using kazoo::testing::fault_gate;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

namespace {

class mutexes : public test::client_test {
  protected:
    std::vector<std::string> nodes(const client& c, const std::string& path = "/lock") const {
        return c.exists(path) ? c.get_children(path) : std::vector<std::string>();
    }
    /// The watch of a held lock's own node is set when the lock has been held for a while.
    static bool is_watched(int more_than) {
        return eventually([&] { return watches_at_the_server() > more_than; });
    }
    bool becomes_empty(const client& c) const {
        return eventually([&] { return nodes(c).empty(); });
    }
    bool has_nodes(const client& c, std::size_t n) const {
        return eventually([&] { return nodes(c).size() == n; });
    }
    static std::vector<std::string> identifiers(const mutex& m) {
        std::vector<std::string> all;
        for (const contender& c : m.contenders()) all.push_back(c.identifier);
        return all;
    }
    static int watches_at_the_server() {
        const std::string address = test::server().address();
        const auto port = static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
        const std::string text = kazoo::testing::ask_four_letter_word(port, "mntr", 10s);
        const std::string key = "zk_watch_count\t";
        return std::stoi(text.substr(text.find(key) + key.size()));
    }
};

errc code_of(const auto& result) { return static_cast<errc>(result.error().value()); }

// -- what it looks like -----------------------------------------------------------------------------------------------

TEST_F(mutexes, A18_its_nodes_are_those_of_kazoo) {
    const client c = connect();
    mutex m(c, "/lock", {.identifier = "who"});
    m.lock();
    const auto names = nodes(c);
    ASSERT_THAT(names, SizeIs(1));
    EXPECT_THAT(names[0], SizeIs(32 + 8 + 10));
    EXPECT_EQ(names[0].find_first_not_of("0123456789abcdef"), 32U);
    EXPECT_EQ(names[0].substr(32), "__lock__0000000000");
    const node n = c.get("/lock/" + names[0]);
    EXPECT_EQ(n.data, "who");
    EXPECT_EQ(n.stat.owner, c.session_id());
    EXPECT_EQ(n.stat.created, m.fencing_token());
    EXPECT_EQ(c.exists("/lock")->owner, session_id::none);
}

TEST_F(mutexes, L088_missing_parents_are_made) {
    const client c = connect();
    mutex m(c, "/a/b/c/lock");
    m.lock();
    EXPECT_TRUE(m.holds());
    EXPECT_THAT(nodes(c, "/a/b/c/lock"), SizeIs(1));
}

TEST_F(mutexes, the_acl_is_that_of_the_nodes_and_not_of_the_parents) {
    const client c = connect();
    const acl readable = acls::read_unsafe().entries()[0];
    mutex m(c, "/x/lock", {.acl = {readable}});
    m.lock();
    EXPECT_THAT(c.get_acl(m.check().path.substr(root.size())).entries, ElementsAre(readable));
    EXPECT_THAT(c.get_acl("/x/lock").entries, ElementsAre(acls::open_unsafe().entries()[0]));
    m.unlock();
    EXPECT_TRUE(eventually([&] { return nodes(c, "/x/lock").empty(); }));
}

TEST_F(mutexes, bad_paths_and_patterns_are_refused_at_once) {
    const client c = connect();
    EXPECT_THROW(mutex(c, "/a/../b"), error_of<errc::invalid_path>);
    EXPECT_THROW(mutex(c, "/a", {.extra_lock_patterns = {""}}), error_of<errc::bad_arguments>);
}

// -- acquiring and giving up ------------------------------------------------------------------------------------------

TEST_F(mutexes, one_holds_and_the_other_waits) {
    const client a = connect(), b = connect();
    mutex first(a, "/lock"), second(b, "/lock");
    first.lock();
    auto waiting = second.async_lock();
    ASSERT_TRUE(has_nodes(a, 2));
    EXPECT_FALSE(waiting.ready());
    EXPECT_FALSE(second.holds());
    first.unlock();
    EXPECT_FALSE(first.holds());
    std::move(waiting).get_for(20s);
    EXPECT_TRUE(second.holds());
    EXPECT_TRUE(second.async_unlock().get());
    EXPECT_THAT(nodes(a), IsEmpty());
}

TEST_F(mutexes, the_standard_library_locks_it) {
    const client a = connect(), b = connect();
    std::atomic<int> inside{0}, turns{0};
    const auto work = [&](const client& c, const char* one, const char* two) {
        mutex m(c, one), n(c, two);
        for (int i = 0; i < 5; ++i) {
            const std::scoped_lock both(m, n); // in opposite orders: std::lock backs off
            EXPECT_EQ(++inside, 1);
            ++turns;
            --inside;
        }
    };
    std::thread other(work, b, "/two", "/one");
    work(a, "/one", "/two");
    other.join();
    EXPECT_EQ(turns, 10);

    mutex held(a, "/lock"), wanted(b, "/lock");
    const std::lock_guard guard(held);
    std::unique_lock timed(wanted, 50ms);
    EXPECT_FALSE(timed.owns_lock());
    EXPECT_FALSE(timed.try_lock_until(std::chrono::system_clock::now() + 50ms));
    EXPECT_FALSE(timed.try_lock());
}

TEST_F(mutexes, L158_trying_says_no_at_once_and_leaves_nothing) {
    const client a = connect(), b = connect();
    mutex first(a, "/lock"), second(b, "/lock");
    EXPECT_TRUE(first.try_lock());
    EXPECT_FALSE(second.try_lock());
    EXPECT_FALSE(first.try_lock()) << "it is not recursive";
    EXPECT_TRUE(first.holds());
    EXPECT_TRUE(has_nodes(a, 1));
    first.unlock();
    EXPECT_TRUE(second.try_lock_for(20s));
}

TEST_F(mutexes, L147_a_second_acquisition_waits_and_one_unlock_frees_one) {
    const client c = connect();
    mutex m(c, "/lock");
    m.lock();
    auto second = m.async_lock(), third = m.async_lock();
    ASSERT_TRUE(has_nodes(c, 3)) << "each acquisition has a node of its own";
    EXPECT_FALSE(second.ready());
    m.unlock();
    std::move(second).get_for(20s);
    EXPECT_TRUE(m.holds());
    EXPECT_FALSE(third.ready());
    m.unlock();
    std::move(third).get_for(20s);
    m.unlock();
    EXPECT_FALSE(m.async_unlock().get());
    EXPECT_TRUE(becomes_empty(c));
}

TEST_F(mutexes, C54_threads_that_share_an_object_are_served_in_turn) {
    const client c = connect();
    mutex m(c, "/lock");
    m.lock();
    constexpr int count = 12;
    std::vector<future<void>> waiting;
    for (int i = 0; i < count; ++i) waiting.push_back(m.async_lock());
    std::vector<int> order;
    std::mutex order_mutex;
    std::vector<future<void>> turns;
    for (int i = 0; i < count; ++i)
        turns.push_back(std::move(waiting[static_cast<std::size_t>(i)]).then([&, i](future<void> got) {
            std::move(got).get();
            {
                const std::lock_guard lock(order_mutex);
                order.push_back(i);
            }
            m.unlock();
        }));
    m.unlock();
    for (auto& turn : turns) std::move(turn).get_for(20s);
    EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
    EXPECT_THAT(order, SizeIs(count));
}

TEST_F(mutexes, C55_one_deadline_for_everything) {
    fault_gate gate(test::server().address());
    const client c = connect_through(gate), other = connect();
    mutex m(c, "/lock"), holder(other, "/lock");
    holder.lock();
    EXPECT_FALSE(m.try_lock_for(60ms)) << "somebody else has it";
    EXPECT_TRUE(has_nodes(other, 1));
    gate.hang(true);
    gate.cut();
    ASSERT_TRUE(eventually([&] { return c.state() == session_state::suspended; }));
    EXPECT_FALSE(m.try_lock_for(60ms)) << "no server at all: the same answer";
    gate.hang(false);
    EXPECT_TRUE(has_nodes(other, 1));
    EXPECT_FALSE(m.try_lock_for(-1s)) << "as try_lock()";
    holder.unlock();
    EXPECT_TRUE(m.try_lock_for(std::chrono::hours::max()));
}

TEST_F(mutexes, C57_a_stop_ends_one_wait_and_is_not_remembered) {
    const client a = connect(), b = connect();
    mutex holder(a, "/lock"), m(b, "/lock");
    std::stop_source early;
    early.request_stop();
    EXPECT_FALSE(m.lock(early.get_token()));
    holder.lock();
    std::stop_source stop;
    auto waiting = m.async_lock(stop.get_token());
    ASSERT_TRUE(has_nodes(a, 2));
    stop.request_stop();
    EXPECT_FALSE(std::move(waiting).get_for(20s));
    EXPECT_TRUE(has_nodes(a, 1));
    auto cancelled = m.async_lock();
    cancelled.cancel();
    EXPECT_EQ(code_of(std::move(cancelled).result()), errc::cancelled);
    holder.unlock();
    std::stop_source never_stopped;
    EXPECT_TRUE(m.lock(never_stopped.get_token()));
    EXPECT_TRUE(m.holds());
}

TEST_F(mutexes, what_was_given_up_leaves_neither_node_nor_watch) {
    const client a = connect(), b = connect();
    const int watches = watches_at_the_server();
    mutex holder(a, "/lock"), m(b, "/lock");
    holder.lock();
    {
        auto dropped = m.async_lock();
        ASSERT_TRUE(has_nodes(a, 2));
    }
    ASSERT_TRUE(has_nodes(a, 1));
    EXPECT_FALSE(m.try_lock_for(60ms));
    auto timed = m.async_lock().timeout(60ms);
    EXPECT_EQ(code_of(std::move(timed).result_for(20s)), errc::operation_timeout);
    ASSERT_TRUE(has_nodes(a, 1));
    // Of the holder's own node there is one watch; of what was waited for none.
    EXPECT_TRUE(eventually([&] { return watches_at_the_server() == watches + 1; })) << watches_at_the_server();
    EXPECT_TRUE(holder.async_unlock().get());
    EXPECT_TRUE(eventually([&] { return watches_at_the_server() == watches; })) << watches_at_the_server();
}

TEST_F(mutexes, L049_one_in_the_middle_may_leave) {
    const client a = connect(), b = connect(), c = connect();
    mutex first(a, "/lock"), second(b, "/lock"), third(c, "/lock");
    first.lock();
    auto middle = second.async_lock();
    ASSERT_TRUE(has_nodes(a, 2));
    auto last = third.async_lock();
    ASSERT_TRUE(has_nodes(a, 3));
    middle.cancel();
    ASSERT_TRUE(has_nodes(a, 2));
    EXPECT_FALSE(last.ready()) << "the one ahead was not the holder";
    first.unlock();
    std::move(last).get_for(20s);
    EXPECT_TRUE(third.holds());
}

TEST_F(mutexes, L205_foreign_contenders_count_when_their_pattern_is_known) {
    const client c = connect();
    c.create("/lock");
    c.create("/lock/_c_0f-lock-", "", {.mode = create_mode::ephemeral_sequential});
    c.create("/lock/unrelated");
    mutex blind(c, "/lock"), polite(c, "/lock", {.extra_lock_patterns = {"-lock-"}});
    EXPECT_FALSE(polite.try_lock());
    EXPECT_TRUE(blind.try_lock());
}

TEST_F(mutexes, C58_readers_keep_a_writer_out) {
    const client c = connect();
    c.create("/lock");
    const auto reader = c.create("/lock/reader__rlock__", "", {.mode = create_mode::ephemeral_sequential});
    mutex m(c, "/lock");
    EXPECT_FALSE(m.try_lock());
    auto waiting = m.async_lock();
    ASSERT_TRUE(has_nodes(c, 2));
    EXPECT_FALSE(waiting.ready());
    c.remove(reader);
    std::move(waiting).get_for(20s);
}

TEST_F(mutexes, C59_fencing_tokens_grow_and_contenders_are_all_shown) {
    const client a = connect(), b = connect();
    mutex first(a, "/lock", {.identifier = "first"}), second(b, "/lock");
    EXPECT_THAT(first.contenders(), IsEmpty());
    EXPECT_EQ(first.fencing_token(), zxid::none);
    first.lock();
    const zxid earlier = first.fencing_token();
    auto waiting = second.async_lock();
    ASSERT_TRUE(has_nodes(a, 2));
    a.create("/lock/nodata__lock__", null, {.mode = create_mode::ephemeral_sequential});
    EXPECT_THAT(identifiers(second), ElementsAre("first", "", ""));
    const contender head = first.contenders().at(0);
    EXPECT_EQ(head.owner, a.session_id());
    EXPECT_EQ(head.created, earlier);
    EXPECT_TRUE(a.exists(head.path));
    first.unlock();
    std::move(waiting).get_for(20s);
    EXPECT_GT(second.fencing_token(), earlier);
}

// -- losing it --------------------------------------------------------------------------------------------------------

TEST_F(mutexes, C50_a_lost_session_says_so) {
    const client a = connect(), b = connect();
    mutex m(a, "/lock"), other(b, "/lock");
    m.lock();
    const std::stop_token lost = m.lost();
    EXPECT_FALSE(lost.stop_requested());
    auto waiting = other.async_lock();
    test::expire(a);
    ASSERT_TRUE(eventually([&] { return lost.stop_requested(); }));
    EXPECT_FALSE(m.holds());
    std::move(waiting).get_for(20s);
    EXPECT_TRUE(other.holds());
    EXPECT_FALSE(m.async_unlock().get()) << "there was nothing to release any more";
    EXPECT_TRUE(other.holds()) << "and nobody else's was released";
}

TEST_F(mutexes, a_suspended_session_still_holds) {
    fault_gate gate(test::server().address());
    const client c = connect_through(gate), other = connect();
    state_log log(c);
    const int watches = watches_at_the_server();
    mutex m(c, "/lock"), rival(other, "/lock");
    m.lock();
    ASSERT_TRUE(is_watched(watches));
    const std::stop_token lost = m.lost();
    gate.cut();
    ASSERT_TRUE(eventually([&] { return log.saw(session_state::suspended); }));
    ASSERT_TRUE(eventually([&] { return c.state() == session_state::connected; }));
    EXPECT_TRUE(m.holds());
    EXPECT_FALSE(lost.stop_requested());
    EXPECT_FALSE(rival.try_lock());
    // The watch of the own node has survived too.
    other.remove(m.check().path.substr(root.size()));
    EXPECT_TRUE(eventually([&] { return lost.stop_requested(); }));
}

TEST_F(mutexes, a_waiter_keeps_its_place_over_a_cut) {
    fault_gate gate(test::server().address());
    const client c = connect_through(gate), other = connect();
    mutex m(c, "/lock"), holder(other, "/lock");
    holder.lock();
    auto waiting = m.async_lock();
    ASSERT_TRUE(has_nodes(other, 2));
    const auto before = nodes(other);
    gate.cut();
    ASSERT_TRUE(eventually([&] { return c.state() == session_state::connected && gate.accepted() > 1; }));
    EXPECT_THAT(nodes(other), ::testing::UnorderedElementsAreArray(before));
    holder.unlock();
    std::move(waiting).get_for(20s);
    EXPECT_TRUE(m.holds());
}

TEST_F(mutexes, C51_a_waiter_whose_session_is_lost_starts_over_in_the_new_one) {
    const client a = connect(), b = connect();
    mutex holder(a, "/lock"), m(b, "/lock");
    holder.lock();
    auto waiting = m.async_lock();
    ASSERT_TRUE(has_nodes(a, 2));
    const session_id old = b.session_id();
    test::expire(b);
    ASSERT_TRUE(eventually([&] { return b.state() == session_state::connected && b.session_id() != old; }));
    ASSERT_TRUE(has_nodes(a, 2));
    holder.unlock();
    std::move(waiting).get_for(20s);
    EXPECT_TRUE(m.holds());
    EXPECT_EQ(m.contenders().at(0).owner, b.session_id());
}

TEST_F(mutexes, C53_a_lost_reply_makes_one_node) {
    fault_gate gate(test::server().address());
    const client c = connect_through(gate), other = connect();
    c.create("/lock");
    mutex m(c, "/lock");
    gate.drop(fault_gate::direction::to_client);
    auto waiting = m.async_lock();
    ASSERT_TRUE(has_nodes(other, 1)) << "it was applied, and its reply is lost";
    const auto made = nodes(other);
    gate.pass(fault_gate::direction::to_client);
    gate.cut();
    std::move(waiting).get_for(20s);
    EXPECT_TRUE(m.holds());
    EXPECT_EQ(nodes(other), made);
}

TEST_F(mutexes, C52_a_node_whose_reply_was_lost_is_removed_when_nobody_waits_for_it) {
    fault_gate gate(test::server().address());
    const client c = connect_through(gate), other = connect();
    c.create("/lock");
    mutex m(c, "/lock");
    gate.drop(fault_gate::direction::to_client);
    auto waiting = m.async_lock();
    ASSERT_TRUE(has_nodes(other, 1));
    waiting.cancel();
    gate.pass(fault_gate::direction::to_client);
    gate.cut();
    EXPECT_TRUE(becomes_empty(other));
    EXPECT_EQ(c.exists("/lock")->num_children, 0);
}

TEST_F(mutexes, C52_an_unlock_that_was_lost_is_repeated) {
    using enum fault_gate::direction;
    for (const auto way : {to_server, to_client}) {
        fault_gate gate(test::server().address());
        const client c = connect_through(gate), other = connect();
        mutex m(c, "/lock");
        m.lock();
        gate.drop(way);
        auto unlocked = m.async_unlock();
        EXPECT_FALSE(m.holds());
        EXPECT_TRUE(has_nodes(other, way == to_client ? 0 : 1)) << "it is applied, or it never arrives";
        gate.pass(way);
        gate.cut();
        EXPECT_TRUE(std::move(unlocked).get_for(20s));
        EXPECT_THAT(nodes(other), IsEmpty());
    }
}

TEST_F(mutexes, a_node_deleted_by_somebody_is_noticed) {
    const client a = connect(), b = connect();
    mutex holder(a, "/lock"), m(b, "/lock");
    holder.lock();
    auto waiting = m.async_lock();
    ASSERT_TRUE(has_nodes(a, 2));
    const std::string own = m.contenders().at(1).path;
    a.remove(own);
    holder.unlock();
    std::move(waiting).get_for(20s); // it started over
    EXPECT_TRUE(m.holds());
    const std::stop_token lost = m.lost();
    a.remove(m.contenders().at(0).path);
    ASSERT_TRUE(eventually([&] { return lost.stop_requested(); }));
    EXPECT_FALSE(m.holds());
    m.unlock();
    EXPECT_TRUE(m.try_lock());
}

TEST_F(mutexes, a_set_on_the_holders_node_is_no_loss) {
    const client a = connect(), b = connect();
    const int watches = watches_at_the_server();
    mutex m(a, "/lock");
    m.lock();
    const std::string own = m.contenders().at(0).path;
    for (int i = 0; i < 2; ++i) {
        ASSERT_TRUE(is_watched(watches));
        b.set(own, "touched");
        EXPECT_FALSE(m.lost().stop_requested());
        EXPECT_TRUE(m.holds());
    }
    ASSERT_TRUE(is_watched(watches));
    const std::stop_token lost = m.lost();
    b.remove(own);
    EXPECT_TRUE(eventually([&] { return lost.stop_requested(); }));
}

TEST_F(mutexes, a_vanished_parent_is_made_again) {
    const client a = connect(), b = connect();
    mutex m(a, "/x/lock");
    m.lock();
    const std::stop_token lost = m.lost();
    b.transaction().remove(m.contenders().at(0).path).remove("/x/lock").remove("/x").commit();
    ASSERT_TRUE(eventually([&] { return lost.stop_requested(); }));
    m.unlock();
    m.lock();
    EXPECT_TRUE(m.holds());
    EXPECT_THAT(nodes(a, "/x/lock"), SizeIs(1));
}

TEST_F(mutexes, what_was_lost_must_be_unlocked_before_the_object_is_locked_again) {
    const client a = connect(), b = connect();
    mutex m(a, "/lock");
    m.lock();
    const std::stop_token lost = m.lost();
    auto second = m.async_lock();
    ASSERT_TRUE(has_nodes(b, 2));
    b.remove(m.contenders().at(0).path);
    ASSERT_TRUE(eventually([&] { return lost.stop_requested(); }));
    EXPECT_FALSE(m.try_lock()) << "whoever locked it has not unlocked it";
    EXPECT_FALSE(second.ready());
    m.unlock();
    std::move(second).get_for(20s);
    EXPECT_TRUE(m.holds());
    EXPECT_FALSE(m.lost().stop_requested());
}

// -- ends -------------------------------------------------------------------------------------------------------------

TEST_F(mutexes, closing_the_client_ends_waits_and_gives_the_lock_up) {
    client a = connect();
    const client b = connect();
    mutex holder(b, "/other"), held(a, "/lock"), waiting(a, "/other");
    holder.lock();
    held.lock();
    const std::stop_token lost = held.lost();
    auto wait = waiting.async_lock();
    ASSERT_TRUE(eventually([&] { return nodes(b, "/other").size() == 2; }));
    a.close();
    EXPECT_EQ(code_of(std::move(wait).result_for(20s)), errc::closed);
    EXPECT_TRUE(eventually([&] { return lost.stop_requested(); }));
    EXPECT_FALSE(held.holds());
    EXPECT_TRUE(becomes_empty(b));
    EXPECT_EQ(code_of(held.async_lock().result()), errc::closed);
    held.unlock();
}

TEST_F(mutexes, destroying_it_ends_waits_and_unlocks) {
    const client a = connect(), b = connect();
    mutex holder(b, "/other");
    holder.lock();
    std::optional<mutex> held(std::in_place, a, "/lock"), waiting(std::in_place, a, "/other");
    const int watches = watches_at_the_server();
    held->lock();
    ASSERT_TRUE(is_watched(watches));
    const std::stop_token lost = held->lost();
    auto wait = waiting->async_lock();
    ASSERT_TRUE(eventually([&] { return nodes(b, "/other").size() == 2; }));
    waiting.reset();
    EXPECT_EQ(code_of(std::move(wait).result_for(20s)), errc::cancelled);
    held.reset();
    EXPECT_TRUE(becomes_empty(b));
    EXPECT_TRUE(eventually([&] { return nodes(b, "/other").size() == 1; }));
    EXPECT_FALSE(lost.stop_requested()) << "our own doing is no loss";
    EXPECT_EQ(a.state(), session_state::connected);
}

TEST_F(mutexes, unlocking_is_no_loss) {
    const client c = connect();
    mutex m(c, "/lock");
    EXPECT_TRUE(m.lost().stop_requested()) << "not locked";
    const int watches = watches_at_the_server();
    for (int i = 0; i < 10; ++i) {
        m.lock();
        ASSERT_TRUE(is_watched(watches));
        const std::stop_token lost = m.lost();
        EXPECT_FALSE(lost.stop_requested());
        EXPECT_TRUE(m.async_unlock().get());
        ASSERT_TRUE(eventually([&] { return watches_at_the_server() == watches; })) << "its event has come";
        c.exists("/"); // and what it may have caused on the loop is behind us
        EXPECT_FALSE(lost.stop_requested());
    }
}

TEST_F(mutexes, a_transaction_can_depend_on_it) {
    const client c = connect();
    mutex m(c.chroot("/app"), "/lock");
    EXPECT_THROW((void)m.check(), error_of<errc::not_held>);
    m.lock();
    c.transaction().check(m.check()).create("/written").commit();
    const node_check stale = m.check();
    EXPECT_TRUE(m.async_unlock().get());
    try {
        c.transaction().check(stale).create("/late").commit();
        FAIL() << "the lock is gone";
    } catch (const transaction_error& e) {
        EXPECT_EQ(e.failed_index(), 0U);
        EXPECT_EQ(e.code(), errc::no_node);
    }
    EXPECT_FALSE(c.exists("/late"));
}

TEST_F(mutexes, a_callback_may_wait_for_it) {
    const client c = connect();
    mutex m(c, "/lock");
    auto done = c.async_exists("/").then([&](auto) {
        const std::lock_guard lock(m);
        return m.holds();
    });
    EXPECT_TRUE(std::move(done).get_for(20s));
}

TEST_F(mutexes, the_object_keeps_the_session_alive) {
    const client b = connect();
    std::optional<client> a(connect());
    mutex m(*a, "/lock");
    m.lock();
    a.reset();
    EXPECT_TRUE(m.holds());
    EXPECT_THAT(nodes(b), SizeIs(1));
    EXPECT_TRUE(m.async_unlock().get());
}

TEST_F(mutexes, an_error_that_waiting_cannot_mend_is_thrown) {
    const client c = connect();
    c.create("/fixed", "", {.acl = acls::read_unsafe()});
    mutex m(c, "/fixed/lock");
    EXPECT_THROW(m.lock(), error_of<errc::no_auth>);
    EXPECT_THROW((void)m.try_lock(), error_of<errc::no_auth>);
    c.create("/mortal", "", {.mode = create_mode::ephemeral});
    mutex n(c, "/mortal");
    EXPECT_THROW(n.lock(), error_of<errc::no_children_for_ephemerals>);
}

TEST_F(mutexes, many_threads_and_clients_exclude_each_other) {
    const client a = connect(), b = connect();
    mutex one(a, "/lock"), two(b, "/lock");
    int inside = 0, turns = 0; // guarded by the lock under test
    const auto work = [&](mutex& m) {
        for (int i = 0; i < 10; ++i) {
            const std::lock_guard lock(m);
            EXPECT_EQ(++inside, 1);
            ++turns;
            --inside;
        }
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
        threads.emplace_back(work, std::ref(one));
        threads.emplace_back(work, std::ref(two));
    }
    for (auto& t : threads) t.join();
    EXPECT_EQ(turns, 60);
    EXPECT_TRUE(becomes_empty(a));
}

} // namespace

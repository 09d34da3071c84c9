// kazoo::mutex: what its header promises of acquiring and giving up, against a live server.
#include "mutex_test.hpp"

#include <atomic>
#include <mutex>
#include <optional>
#include <thread>

using namespace kazoo;
using namespace std::chrono_literals;
using kazoo::test::code_of;
using kazoo::test::eventually;
using kazoo::testkit::fault_gate;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

namespace {

class mutexes : public test::mutex_test {};

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

// -- contenders that may not be read ----------------------------------------------------------------------------------

TEST_F(mutexes, a_waiter_behind_a_contender_that_it_may_not_read_gets_its_turn) {
    const client holder = connect(), c = connect();
    holder.add_auth("digest", "holder:secret");
    const acl own = acls::creator_all().entries()[0]; // servers tell of it only those who may read it
    mutex held(holder, "/lock", {.identifier = "hidden", .acl = {own}}), m(c, "/lock", {.identifier = "open"});
    held.lock();
    auto waiting = m.async_lock();
    ASSERT_TRUE(has_nodes(c, 2));
    // Its requests take turns with ours on one connection: behind these it has been refused a watch, has seen that the
    // node is there, and waits.
    for (int i = 0; i < 8; ++i) c.sync("/lock");
    EXPECT_FALSE(waiting.ready());
    held.unlock();
    std::move(waiting).get_for(20s);
    EXPECT_TRUE(m.holds());
}

TEST_F(mutexes, contenders_that_may_not_be_read_are_marked) {
    const client holder = connect(), c = connect();
    holder.add_auth("digest", "holder:secret");
    mutex held(holder, "/lock", {.identifier = "hidden", .acl = {acls::creator_all().entries()[0]}});
    mutex m(c, "/lock", {.identifier = "open"});
    held.lock();
    auto waiting = m.async_lock();
    ASSERT_TRUE(has_nodes(c, 2));
    const auto all = m.contenders();
    ASSERT_THAT(all, SizeIs(2));
    EXPECT_TRUE(all[0].hidden);
    EXPECT_EQ(all[0].identifier, "");
    const bool known = !test::metadata_needs_permission(c);
    EXPECT_EQ(all[0].owner, known ? holder.session_id() : session_id::none);
    EXPECT_EQ(all[0].created, known ? held.fencing_token() : zxid::none);
    EXPECT_FALSE(all[1].hidden);
    EXPECT_EQ(all[1].identifier, "open");
    EXPECT_THAT(held.contenders(), SizeIs(2));
    EXPECT_EQ(held.contenders()[0].identifier, "hidden");
    waiting.cancel();
}

// No pair could be sent if only the root could be checked.
TEST_F(mutexes, is_held_where_the_root_may_not_be_read) {
    client_options o = quick();
    o.session_timeout = 1s;
    const client c = connect(o), top(test::server().address(), quick());
    const auto before = top.get_acl("/").entries;
    const std::vector<acl> no_read{{perms::create | perms::write | perms::remove | perms::admin, "world", "anyone"}};
    top.set_acl("/", no_read);
    mutex m(c, "/lock");
    m.lock();
    const auto end = std::chrono::steady_clock::now() + 3s; // without renewals it would be lost
    while (m.holds() && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(10ms);
    EXPECT_TRUE(m.holds());
    EXPECT_FALSE(m.lost().stop_requested());
    top.set_acl("/", before);
}

} // namespace

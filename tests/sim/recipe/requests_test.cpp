// What each step of a recipe asks of the servers, and how many watches it keeps there, as the tables "Cost" of the
// pages say. The certainty that holds() goes by asks for more, once for all objects of a client.
#include "sim/scene.hpp"

#include <kazoo/recipe/barrier.hpp>
#include <kazoo/recipe/counter.hpp>
#include <kazoo/recipe/double_barrier.hpp>
#include <kazoo/recipe/election.hpp>
#include <kazoo/recipe/lease.hpp>
#include <kazoo/recipe/locking_queue.hpp>
#include <kazoo/recipe/mutex.hpp>
#include <kazoo/recipe/party.hpp>
#include <kazoo/recipe/queue.hpp>
#include <kazoo/recipe/semaphore.hpp>
#include <kazoo/recipe/set_partitioner.hpp>
#include <kazoo/recipe/shallow_party.hpp>
#include <kazoo/recipe/shared_mutex.hpp>

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace kazoo::testkit {
namespace {

/// Two clients: "c" whose requests are counted, and another one that stands in its way.
struct counting_scene : scene {
    static constexpr auto one_way = 500us;
    counting_scene() : scene({.shortest_delay = one_way, .longest_delay = one_way}) {
        c.wait_connected();
        other.wait_connected();
    }

    /// What c has asked for since the last call, and the watches that it has now: "create 1, get_children 1; watches
    /// 0".
    std::string asked() {
        world.run_for(200ms); // until it is quiet
        const client_metrics m = c.metrics();
        std::map<std::string, std::uint64_t> now;
        for (const operation_metrics& o : m.operations) now[o.name] += o.succeeded + o.failed;
        std::string all;
        for (const auto& [name, n] : now)
            if (n != before_[name]) all += (all.empty() ? "" : ", ") + name + ' ' + std::to_string(n - before_[name]);
        before_ = std::move(now);
        return all + "; watches " + std::to_string(m.watches);
    }
    template <class T> T end(future<T> f) {
        EXPECT_TRUE(world.run_until([&] { return f.ready(); }, 1s));
        return std::move(f).get();
    }
    /// Of what begin() starts, while nothing is slow: the least of many times.
    template <class Begin> std::int64_t round_trips(const Begin& begin) {
        std::int64_t least = 1000;
        for (int i = 0; i < 20; ++i) {
            const auto started = world.now();
            (void)end(begin());
            least = std::min<std::int64_t>(least, (world.now() - started) / (2 * one_way));
            world.run_for(200ms);
        }
        return least;
    }

    machine there = world.add_machine();
    client other{simulation::addresses(), options_on(there)};

  private:
    std::map<std::string, std::uint64_t> before_;
};

TEST(requests, of_a_mutex) {
    counting_scene s;
    mutex m(s.c, "/m", {.lost_when = loss::session_over}), theirs(s.other, "/m");
    s.end(s.c.async_create("/m"));
    s.asked();
    s.end(m.async_lock());
    m.unlock();
    EXPECT_EQ(s.asked(), "create 1, get_children 1, remove 1; watches 0");
    s.end(m.async_lock());
    EXPECT_EQ(s.asked(), "create 1, exists 1, get_children 1; watches 1") << "it looks after its node";
    s.end(m.async_unlock());
    EXPECT_EQ(s.asked(), "remove 1; watches 0");

    s.end(theirs.async_lock());
    EXPECT_FALSE(s.end(m.async_try_lock()));
    EXPECT_EQ(s.asked(), "create 1, get_children 1, remove 1; watches 0");
    auto waiting = m.async_lock();
    EXPECT_EQ(s.asked(), "create 1, get 1, get_children 1; watches 1");
    s.end(theirs.async_unlock());
    s.end(std::move(waiting));
    EXPECT_EQ(s.asked(), "exists 1, get_children 1; watches 1");
    s.end(m.async_contenders());
    EXPECT_EQ(s.asked(), "get 1, get_children 1; watches 1");
}

TEST(requests, of_a_shared_mutex) {
    counting_scene s;
    shared_mutex m(s.c, "/m", {.lost_when = loss::session_over}), theirs(s.other, "/m");
    s.end(s.c.async_create("/m"));
    s.asked();
    s.end(m.async_lock());
    m.unlock();
    EXPECT_EQ(s.asked(), "create 1, get_children 1, remove 1; watches 0");
    s.end(m.async_lock_shared());
    m.unlock_shared();
    EXPECT_EQ(s.asked(), "create 1, get_children 1, remove 1; watches 0");
    s.end(m.async_lock_shared());
    EXPECT_EQ(s.asked(), "create 1, exists 1, get_children 1; watches 1") << "it looks after its node";
    s.end(m.async_unlock_shared());
    EXPECT_EQ(s.asked(), "remove 1; watches 0");

    s.end(theirs.async_lock());
    EXPECT_FALSE(s.end(m.async_try_lock_shared()));
    EXPECT_EQ(s.asked(), "create 1, get_children 1, remove 1; watches 0");
    auto reading = m.async_lock_shared();
    EXPECT_EQ(s.asked(), "create 1, get 1, get_children 1; watches 1") << "of the one writer ahead";
    s.end(theirs.async_unlock());
    s.end(std::move(reading));
    EXPECT_EQ(s.asked(), "exists 1, get_children 1; watches 1");
    s.end(m.async_unlock_shared());
    s.asked();

    s.end(theirs.async_lock_shared());
    s.end(theirs.async_lock_shared());
    auto writing = m.async_lock();
    EXPECT_EQ(s.asked(), "create 1, get 1, get_children 1; watches 1") << "of the nearest reader ahead, not of all";
    s.end(theirs.async_unlock_shared());
    EXPECT_EQ(s.asked(), "; watches 1") << "the first reader to go is not the nearest";
    s.end(theirs.async_unlock_shared());
    s.end(std::move(writing));
    EXPECT_EQ(s.asked(), "exists 1, get_children 1; watches 1");
}

TEST(requests, of_a_semaphore) {
    counting_scene s;
    semaphore m(s.c, "/m", 1, {.lost_when = loss::session_over}), theirs(s.other, "/m", 1);
    (void)s.end(theirs.async_acquire());
    s.asked();
    (void)s.end(m.async_acquire());
    EXPECT_EQ(s.asked(), "create 1, exists 1, get 2, get_children 2, remove 1, transaction 1; watches 0");
    std::optional<permit> p = s.end(m.async_acquire());
    EXPECT_EQ(s.asked(), "create 1, exists 2, get 1, get_children 2, transaction 1; watches 1")
        << "its number was agreed upon; and it looks after its node";
    s.end(m.async_holders());
    EXPECT_EQ(s.asked(), "get 1, get_children 1; watches 1");
    s.end(p->async_release());
    EXPECT_EQ(s.asked(), "remove 1; watches 0");

    p = s.end(theirs.async_acquire());
    EXPECT_FALSE(s.end(m.async_try_acquire()));
    EXPECT_EQ(s.asked(), "create 1, get 1, get_children 2, remove 1; watches 0");
    auto waiting = m.async_acquire();
    EXPECT_EQ(s.asked(), "create 1, get 2, get_children 3; watches 2") << "of the number, and of the permits";
    p.reset();
    p = s.end(std::move(waiting));
    EXPECT_EQ(s.asked(), "exists 2, get 1, get_children 1, transaction 1; watches 1");
    s.end(m.async_resize(2));
    EXPECT_EQ(s.asked(), "set 1; watches 1");
}

TEST(requests, of_an_election) {
    counting_scene s;
    election e(s.c, "/e", {.lost_when = loss::session_over}), theirs(s.other, "/e");
    s.end(s.c.async_create("/e"));
    s.asked();
    std::optional<leadership> l = s.end(e.async_stand());
    l->resign();
    EXPECT_EQ(s.asked(), "create 1, get_children 1, remove 1; watches 0");
    l = s.end(theirs.async_stand());
    EXPECT_FALSE(s.end(e.async_stand_for(0s)));
    EXPECT_EQ(s.asked(), "create 1, get_children 1, remove 1; watches 0");
    auto standing = e.async_stand();
    EXPECT_EQ(s.asked(), "create 1, get 1, get_children 1; watches 1");
    election behind(s.other, "/e");
    auto standing_behind = behind.async_stand();
    EXPECT_EQ(s.asked(), "; watches 1") << "it waits for the nearest one ahead";
    EXPECT_TRUE(s.end(e.async_leader()));
    EXPECT_EQ(s.asked(), "get 1, get_children 1; watches 1") << "one node is read, however many stand";
    l.reset();
    l = s.end(std::move(standing));
    EXPECT_EQ(s.asked(), "exists 1, get_children 1; watches 1") << "it looks after its node";
    EXPECT_EQ(s.end(e.async_contenders()).size(), 2u);
    EXPECT_EQ(s.asked(), "get 2, get_children 1; watches 1");
    EXPECT_TRUE(s.end(l->async_resign()));
    EXPECT_EQ(s.asked(), "remove 1; watches 0");
    EXPECT_TRUE(s.end(std::move(standing_behind)).holds());
}

TEST(requests, of_a_lease) {
    counting_scene s;
    const lease_options us{.identifier = "us"}, them{.identifier = "them"};
    s.end(s.c.async_create("/l"));
    s.end(s.c.async_create("/n"));
    s.end(s.c.async_create("/n/0"));
    s.asked();
    std::optional<lease> l = s.end(lease::async_try_obtain(s.c, "/l", 1h, us));
    EXPECT_EQ(s.asked(), "create 1, get 3, get_children 1, transaction 1; watches 0");
    EXPECT_TRUE(s.end(l->async_renew()));
    EXPECT_EQ(s.asked(), "create 1, get 2, get_children 1, transaction 1; watches 0");
    EXPECT_TRUE(s.end(l->async_release()));
    EXPECT_EQ(s.asked(), "create 1, get 2, get_children 1, transaction 1; watches 0");
    l = s.end(lease::async_try_obtain(s.other, "/l", 1h, them));
    EXPECT_FALSE(s.end(lease::async_try_obtain(s.c, "/l", 1h, us)));
    EXPECT_EQ(s.asked(), "get 1; watches 0");

    l = s.end(multi_lease::async_try_obtain(s.c, "/n", 2, 1h, us));
    EXPECT_EQ(s.asked(), "create 2, get 6, get_children 2, transaction 1; watches 0");
    EXPECT_FALSE(s.end(multi_lease::async_try_obtain(s.other, "/n", 1, 1h, them)));
    l = s.end(multi_lease::async_try_obtain(s.other, "/n", 2, 1h, them));
    EXPECT_FALSE(s.end(multi_lease::async_try_obtain(s.c, "/n", 2, 1h, {.identifier = "third"})));
    EXPECT_EQ(s.asked(), "get 2; watches 0");
}

TEST(requests, of_a_lease_take_so_many_round_trips) {
    counting_scene s;
    const lease_options us{.identifier = "us"}, them{.identifier = "them"};
    std::optional<lease> l = s.end(lease::async_try_obtain(s.c, "/l", 1h, us));
    EXPECT_EQ(s.round_trips([&] { return lease::async_try_obtain(s.c, "/l", 1h, us); }), 4);
    EXPECT_EQ(s.round_trips([&] { return l->async_renew(); }), 3);
    EXPECT_EQ(s.round_trips([&] { return lease::async_try_obtain(s.c, "/l", 1h, them); }), 1);
    EXPECT_EQ(s.round_trips([&] {
        EXPECT_TRUE(s.end(l->async_renew()));
        return l->async_release();
    }),
              6)
        << "three of them are those of renew()";
    EXPECT_EQ(s.round_trips([&] { return multi_lease::async_try_obtain(s.c, "/n", 2, 1h, us); }), 6);
    EXPECT_TRUE(s.end(multi_lease::async_try_obtain(s.c, "/n", 2, 1h, them)));
    EXPECT_EQ(s.round_trips([&] { return multi_lease::async_try_obtain(s.c, "/n", 2, 1h, {.identifier = "third"}); }),
              1);
}

TEST(requests, of_a_barrier) {
    counting_scene s;
    barrier b(s.c, "/b"), theirs(s.other, "/b");
    EXPECT_TRUE(s.end(b.async_create()));
    EXPECT_EQ(s.asked(), "create 1; watches 0");
    EXPECT_TRUE(s.end(b.async_remove()));
    EXPECT_EQ(s.asked(), "remove 1; watches 0");
    EXPECT_TRUE(s.end(b.async_wait()));
    EXPECT_EQ(s.asked(), "exists 1, sync 1; watches 0");
    s.end(theirs.async_create());
    auto waiting = b.async_wait();
    EXPECT_EQ(s.asked(), "exists 1, sync 1; watches 1");
    s.end(theirs.async_remove());
    EXPECT_TRUE(s.end(std::move(waiting)));
    EXPECT_EQ(s.asked(), "; watches 0");
    EXPECT_EQ(s.round_trips([&] { return b.async_wait(); }), 2);
}

TEST(requests, of_a_double_barrier) {
    counting_scene s;
    double_barrier b(s.c, "/d", 2), theirs(s.other, "/d", 2);
    s.end(s.c.async_create("/d"));
    s.asked();
    auto entering = b.async_enter();
    EXPECT_EQ(s.asked(), "create 1, exists 2, get_children 1; watches 2") << "who waits";
    EXPECT_TRUE(s.end(theirs.async_enter()));
    EXPECT_TRUE(s.end(std::move(entering)));
    EXPECT_EQ(s.asked(), "exists 1, get_children 1; watches 1") << "who is let in";
    auto leaving = b.async_leave();
    EXPECT_EQ(s.asked(), "exists 3, get_children 1, remove 1; watches 1") << "who leaves, and does not go last";
    EXPECT_TRUE(s.end(theirs.async_leave()));
    EXPECT_TRUE(s.end(std::move(leaving)));
    EXPECT_EQ(s.asked(), "exists 2, get_children 1; watches 0") << "when the last one has gone";

    auto first = theirs.async_enter();
    s.asked();
    EXPECT_TRUE(s.end(b.async_enter()));
    EXPECT_EQ(s.asked(), "create 1, exists 3, get_children 2, transaction 1; watches 1") << "who opens it";
    EXPECT_FALSE(s.end(theirs.async_leave_for(0s)));
    s.asked();
    EXPECT_TRUE(s.end(b.async_leave()));
    EXPECT_EQ(s.asked(), "exists 2, get_children 1, transaction 1; watches 0") << "who closes it";
}

TEST(requests, of_a_party) {
    counting_scene s;
    party p(s.c, "/p", {.identifier = "us"}), theirs(s.other, "/p", {.identifier = "them"});
    shallow_party q(s.c, "/q", {.identifier = "us"}), their_q(s.other, "/q", {.identifier = "them"});
    s.end(theirs.async_join());
    s.end(their_q.async_join());
    s.asked();
    s.end(p.async_join());
    EXPECT_EQ(s.asked(), "create 1, exists 1; watches 1") << "it looks after its node";
    EXPECT_EQ(s.end(p.async_size()), 2u);
    EXPECT_EQ(s.asked(), "get_children 1; watches 1");
    EXPECT_EQ(s.end(p.async_members()).size(), 2u);
    EXPECT_EQ(s.asked(), "get 2, get_children 1; watches 1");
    s.end(q.async_join());
    EXPECT_EQ(s.asked(), "create 1, exists 1; watches 2");
    EXPECT_EQ(s.end(q.async_members()).size(), 2u);
    EXPECT_EQ(s.asked(), "get_children 1; watches 2");
    {
        const party_watch deep = p.on_change([](const auto&) {}), flat = q.on_change([](const auto&) {});
        EXPECT_EQ(s.asked(), "get 2, get_children 2; watches 4");
        s.end(theirs.async_leave());
        EXPECT_EQ(s.asked(), "get 1, get_children 1; watches 4");
        s.end(their_q.async_leave());
        EXPECT_EQ(s.asked(), "get_children 1; watches 4");
    }
    EXPECT_EQ(s.asked(), "; watches 2");
    EXPECT_TRUE(s.end(p.async_leave()));
    EXPECT_TRUE(s.end(q.async_leave()));
    EXPECT_EQ(s.asked(), "remove 2; watches 0");
}

TEST(requests, of_a_set_partitioner) {
    for (const std::size_t items : {4, 40}) {
        counting_scene s;
        std::vector<std::string> all;
        for (std::size_t i = 0; i < items; ++i) all.push_back(std::to_string(i));
        const auto options = [](const char* who) {
            return set_partitioner_options{.identifier = who, .time_boundary = 0ms, .lost_when = loss::session_over};
        };
        set_partitioner p(s.c, "/s", all, options("a")), theirs(s.other, "/s", all, options("b"));
        s.end(s.c.async_ensure_path("/s/party"));
        for (const auto& item : all) s.end(s.c.async_ensure_path("/s/locks/" + item));
        s.asked();
        const auto of = [](const char* what, std::size_t n) { return std::string(what) + ' ' + std::to_string(n); };

        std::optional<partition> mine = s.end(p.async_acquire());
        EXPECT_EQ(s.asked(), of("create", items + 1) + ", " + of("exists", items + 1) + ", " +
                                 of("get_children", items + 1) + "; " + of("watches", items + 2))
            << "it looks after its nodes, and the party";
        EXPECT_TRUE(s.end(mine->async_release()));
        EXPECT_EQ(s.asked(), of("remove", items) + "; watches 1") << "of its node in the party";
        mine = s.end(p.async_acquire());
        mine.reset();
        EXPECT_EQ(s.asked(), of("create", items) + ", " + of("get_children", items + 1) + ", " + of("remove", items) +
                                 "; watches 1");
        mine = s.end(p.async_acquire());
        s.asked();
        auto theirs_too = theirs.async_acquire();
        EXPECT_EQ(s.asked(), "; " + of("watches", items + 1)) << "whoever comes costs nothing until it is given back";
        mine.reset();
        mine = s.end(p.async_acquire());
        (void)s.end(std::move(theirs_too));
        EXPECT_TRUE(mine->holds());
        mine.reset();
        s.asked();
        s.end(p.async_leave());
        EXPECT_EQ(s.asked(), "remove 1; watches 0");

        s.end(theirs.async_leave());
        (void)s.end(p.async_acquire());
        EXPECT_EQ(s.round_trips([&] {
            (void)s.end(p.async_leave());
            return p.async_acquire();
        }),
                  4)
            << "one of them is that of leave(); joining, the members, and all locks";
        EXPECT_EQ(s.round_trips([&] { return p.async_acquire(); }), 2) << "the members, and all locks";
    }
}

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

TEST(requests, take_so_many_round_trips) {
    counting_scene s;
    mutex m(s.c, "/m");
    shared_mutex sm(s.c, "/sm");
    semaphore p(s.c, "/p", 1);
    s.end(m.async_lock());
    s.end(sm.async_lock());
    (void)s.end(p.async_acquire());
    m.unlock();
    sm.unlock();
    s.world.run_for(10s); // it is certain now what is granted
    EXPECT_EQ(s.round_trips([&] {
        m.unlock();
        return m.async_lock();
    }),
              1);
    EXPECT_EQ(s.round_trips([&] { return m.async_contenders(); }), 2);
    EXPECT_EQ(s.round_trips([&] {
        sm.unlock();
        return sm.async_lock();
    }),
              1);
    sm.unlock();
    EXPECT_EQ(s.round_trips([&] {
        sm.unlock_shared();
        return sm.async_lock_shared();
    }),
              1);
    EXPECT_EQ(s.round_trips([&] { return p.async_acquire(); }), 3);
    std::optional<semaphore> fresh;
    EXPECT_EQ(s.round_trips([&] { return fresh.emplace(s.c, "/p", 1).async_acquire(); }), 4) << "the number, too";
    party there(s.c, "/there");
    s.end(there.async_join());
    EXPECT_EQ(s.round_trips([&] {
        s.end(there.async_leave());
        return there.async_join();
    }),
              2)
        << "one of them is that of leave()";
    EXPECT_EQ(s.round_trips([&] { return there.async_members(); }), 2);
    EXPECT_EQ(s.round_trips([&] { return there.async_size(); }), 1);
    const permit held = s.end(p.async_acquire());
    EXPECT_EQ(s.round_trips([&] { return p.async_holders(); }), 2);
}

} // namespace
} // namespace kazoo::testkit

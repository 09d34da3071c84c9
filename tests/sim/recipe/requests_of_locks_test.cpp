// What locks, leases and elections ask of the servers.
#include "sim/recipe/counting_scene.hpp"

#include <kazoo/recipe/election.hpp>
#include <kazoo/recipe/lease.hpp>
#include <kazoo/recipe/mutex.hpp>
#include <kazoo/recipe/semaphore.hpp>
#include <kazoo/recipe/shared_mutex.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <utility>

namespace kazoo::testkit {
namespace {

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

TEST(requests, of_locks_take_so_many_round_trips) {
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
    const permit held = s.end(p.async_acquire());
    EXPECT_EQ(s.round_trips([&] { return p.async_holders(); }), 2);
}

} // namespace
} // namespace kazoo::testkit

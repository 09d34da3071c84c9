// What barriers, parties and partitioners ask of the servers.
#include "sim/recipe/counting_scene.hpp"

#include <kazoo/recipe/barrier.hpp>
#include <kazoo/recipe/double_barrier.hpp>
#include <kazoo/recipe/party.hpp>
#include <kazoo/recipe/set_partitioner.hpp>
#include <kazoo/recipe/shallow_party.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kazoo::testkit {
namespace {

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

TEST(requests, of_a_double_barrier_that_is_open_already) {
    counting_scene s;
    double_barrier b(s.c, "/d", 2), theirs(s.other, "/d", 2), late(s.c, "/d", 2);
    s.end(s.c.async_create("/d"));
    s.end(s.c.async_create("/d/ready"));
    s.end(s.other.async_create("/d/0123456789ab0def8123456789abcdef")); // does nothing
    s.asked();
    auto entering = b.async_enter();
    EXPECT_EQ(s.asked(), "create 1, exists 6, get_children 1; watches 3") << "who leaves that to an older one";
    entering.cancel();
    s.end(s.other.async_remove("/d/0123456789ab0def8123456789abcdef"));
    s.asked();
    entering = b.async_enter();
    EXPECT_EQ(s.asked(), "create 2, exists 6, get_children 2, transaction 1; watches 2")
        << "who finds it left behind, and clears it away";
    EXPECT_TRUE(s.end(theirs.async_enter()));
    EXPECT_TRUE(s.end(std::move(entering)));
    s.asked();
    EXPECT_TRUE(s.end(late.async_enter()));
    EXPECT_EQ(s.asked(), "create 1, exists 7, get_children 2, transaction 1; watches 2") << "who comes late";
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

TEST(requests, of_a_party_take_so_many_round_trips) {
    counting_scene s;
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
}

} // namespace
} // namespace kazoo::testkit

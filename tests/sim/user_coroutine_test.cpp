// Coroutines of users that return kazoo::future.
#include "scene.hpp"

#include <memory>
#include <stdexcept>

namespace kazoo::testkit {
namespace {

future<int> length_of(client zk, std::string path) {
    const node n = co_await zk.async_get(path);
    co_return n.stat.data_length;
}

future<void> copy(const client& zk, std::string from, std::string to) {
    const node n = co_await zk.async_get(from);
    co_await zk.async_create(to, n.data);
}

future<int> sum_of(client zk, std::vector<std::string> paths) {
    int sum = 0;
    for (const std::string& p : paths) sum += co_await length_of(zk, p);
    co_return sum;
}

TEST(user_coroutines, return_what_they_return) {
    scene s;
    s.c.create("/a", "four");
    EXPECT_EQ(length_of(s.c, "/a").get(), 4);
    copy(s.c, "/a", "/b").get();
    EXPECT_EQ(s.c.get("/b").data, "four");
    EXPECT_EQ(sum_of(s.c, {"/a", "/b", "/a"}).get(), 12);
}

TEST(user_coroutines, throw_what_they_throw) {
    scene s;
    EXPECT_THROW(length_of(s.c, "/missing").get(), no_node_error);
    const auto fails = [](client zk) -> future<int> {
        co_await zk.async_sync("/");
        throw std::out_of_range("of its own");
    };
    EXPECT_THROW(fails(s.c).get(), std::out_of_range);
}

TEST(user_coroutines, give_up_when_the_client_is_closed) {
    scene s;
    s.c.wait_connected();
    const auto waits = [](client zk) -> future<event_type> {
        auto w = co_await zk.async_watch_exists("/never");
        const watch_event e = co_await std::move(w.changed);
        co_return e.type;
    };
    auto waiting = waits(s.c);
    s.world.run_for(1s);
    s.c.close();
    EXPECT_EQ(verdict_of(std::move(waiting)).code, errc::closed);
}

TEST(user_coroutines, go_on_when_their_future_is_dropped) {
    scene s;
    s.c.create("/a", "x");
    copy(s.c, "/a", "/b").detach();
    (void)copy(s.c, "/a", "/c");
    ASSERT_TRUE(s.world.run_until(
        [&] { return s.inside().server().nodes().find("/b") && s.inside().server().nodes().find("/c"); }, 1min));
}

TEST(user_coroutines, have_destroyed_their_variables_when_the_result_is_there) {
    scene s;
    const auto kept = std::make_shared<int>();
    const auto holds = [](client zk, std::shared_ptr<int> given) -> future<long> {
        const auto own = given;
        given.reset();
        co_await zk.async_sync("/");
        co_return own.use_count();
    };
    EXPECT_EQ(holds(s.c, kept).get(), 2);
    EXPECT_EQ(kept.use_count(), 1);
}

TEST(user_coroutines, are_waited_for_without_limit) {
    simulation world;
    auto o = options_on(world.add_machine());
    o.operation_timeout = 1s;
    const client c(simulation::addresses(), o);
    const auto waits = [](client zk) -> future<bool> {
        auto w = co_await zk.async_watch_exists("/later");
        co_await std::move(w.changed);
        co_return true;
    };
    auto waiting = waits(c);
    world.world().after(1h, [&] { c.async_create("/later").detach(); });
    EXPECT_TRUE(std::move(waiting).get());
}

} // namespace
} // namespace kazoo::testkit

// kazoo::tree_cache: what becomes of it with its connection, its session and its client, against a live server.
#include "tree_cache_test.hpp"

#include <sys/wait.h>
#include <unistd.h>

using namespace kazoo;
using namespace std::chrono_literals;
using kazoo::test::eventually;
using kazoo::test::tree_caches;
using kazoo::test::tree_log;
using kazoo::testkit::fault_gate;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

namespace {

TEST_F(tree_caches, A17_after_a_reconnect_only_differences_are_told) {
    const client other = connect();
    fault_gate gate(test::server().address());
    const client c = connect_through(gate);
    for (const char* path : {"/t", "/t/same", "/t/set", "/t/gone", "/t/gone/too", "/t/again"}) other.create(path, "1");
    tree_cache cache(c, "/t");
    tree_log log(cache);
    load(cache);
    (void)log.next(7);
    gate.refuse(true);
    gate.cut();
    ASSERT_THAT(log.next(1), ElementsAre("suspended"));
    EXPECT_EQ(cache.state(), tree_state::suspended);
    EXPECT_TRUE(cache.stale());
    EXPECT_TRUE(has(cache, "/t/set", "1")) << "what is held stays readable";
    other.set("/t/set", "2");
    other.remove_tree("/t/gone");
    other.remove("/t/again");
    other.create("/t/again", "2");
    other.create("/t/new", "2");
    gate.refuse(false);
    EXPECT_TRUE(comes(cache, "/t/new", "2"));
    EXPECT_TRUE(eventually([&] { return cache.state() == tree_state::current; }));
    EXPECT_EQ(cache.stale(), std::nullopt);
    const auto told = log.next(7);
    EXPECT_EQ(told[0], "reconnected");
    EXPECT_THAT(told, UnorderedElementsAre("reconnected", "node_updated /t/set=2", "node_removed /t/gone/too=1",
                                           "node_removed /t/gone=1", "node_removed /t/again=1", "node_added /t/again=2",
                                           "node_added /t/new=2"));
    other.set("/t/same", "3");
    EXPECT_THAT(log.next(1), ElementsAre("node_updated /t/same=3"));
}

TEST_F(tree_caches, A17_after_a_lost_session_initialized_is_told_again) {
    const client c = connect(), other = connect();
    c.create("/t", "1");
    tree_cache cache(c, "/t");
    tree_log log(cache);
    load(cache);
    (void)log.next(2);
    test::expire(c);
    ASSERT_TRUE(log.comes("lost"));
    other.create("/t/new", "2");
    EXPECT_TRUE(eventually([&] { return std::ranges::count(log.lines(), "initialized") == 2; }));
    EXPECT_TRUE(comes(cache, "/t/new", "2"));
    EXPECT_EQ(std::ranges::count(log.lines(), "node_added /t=1"), 1) << "what is the same is not told again";
    EXPECT_EQ(std::ranges::count(log.lines(), "reconnected"), 1);
}

TEST_F(tree_caches, C78_a_connection_that_breaks_while_it_loads_costs_no_node) {
    constexpr std::size_t count = 1500;
    const client other = connect();
    other.create("/t");
    std::vector<future<std::string>> made;
    for (std::size_t i = 1; i < count; ++i) made.push_back(other.async_create("/t/" + std::to_string(i), "1"));
    for (auto& f : made) (void)std::move(f).get();
    fault_gate gate(test::server().address());
    const client c = connect_through(gate);
    tree_cache cache(c, "/t");
    tree_log log(cache);
    gate.drop(fault_gate::direction::to_client, 60'000); // about half of the answers
    cache.start();
    ASSERT_TRUE(eventually([&] { return gate.dropped(fault_gate::direction::to_client) > 0; }));
    EXPECT_EQ(cache.state(), tree_state::loading);
    EXPECT_FALSE(log.saw("initialized"));
    EXPECT_LT(cache.size(), count);
    gate.pass(fault_gate::direction::to_client);
    cache.wait_initialized(20s);
    EXPECT_EQ(cache.size(), count);
    ASSERT_TRUE(log.comes("initialized"));
    const auto lines = log.lines();
    EXPECT_EQ(lines.back(), "initialized");
    EXPECT_EQ(std::ranges::count_if(lines, [](const auto& l) { return l.starts_with("node_added "); }), count);
    EXPECT_TRUE(log.saw("suspended") && log.saw("reconnected"));
    EXPECT_THAT(log.faults(), IsEmpty());
}

// kazoo said INITIALIZED because a failed request counted as one that is done.
TEST_F(tree_caches, C78_is_initialized_only_when_everything_was_loaded) {
    fault_gate gate(test::server().address());
    const client other = connect();
    const client c = connect_through(gate);
    other.create("/t", "1");
    for (int i = 0; i < 50; ++i) other.create("/t/" + std::to_string(i), "1");
    gate.refuse(true);
    gate.cut();
    tree_cache cache(c, "/t");
    tree_log log(cache);
    cache.start();
    EXPECT_EQ(test::error_of_call([&] { cache.wait_initialized(300ms); }), errc::operation_timeout);
    EXPECT_EQ(cache.state(), tree_state::loading);
    EXPECT_TRUE(cache.stale());
    gate.refuse(false);
    cache.wait_initialized(20s);
    EXPECT_EQ(cache.size(), 51U);
    EXPECT_EQ(log.next(52).back(), "initialized");
}

TEST_F(tree_caches, waits_end_with_their_limits_with_the_cache_and_with_the_client) {
    fault_gate gate(test::server().address());
    client c = connect_through(gate);
    gate.refuse(true);
    gate.cut();
    tree_cache cache(c, "/t");
    EXPECT_THROW(cache.wait_initialized(1ms), timeout_error) << "nobody has started it";
    cache.start();
    std::stop_source stop;
    stop.request_stop();
    EXPECT_THROW(cache.wait_initialized(stop.get_token()), cancelled_error);
    auto waiting = cache.async_wait_initialized();
    cache.close();
    EXPECT_THROW(std::move(waiting).get_for(20s), cancelled_error);

    tree_cache second(c, "/t");
    second.start();
    auto ends = second.async_wait_initialized();
    c.close();
    EXPECT_THROW(std::move(ends).get_for(20s), closed_error);
    EXPECT_TRUE(eventually([&] { return second.state() == tree_state::ended; }));
}

TEST_F(tree_caches, A17_a_cache_of_a_closed_client_has_ended) {
    client c = connect();
    c.create("/t", "1");
    tree_cache cache(c, "/t");
    load(cache);
    c.close();
    EXPECT_TRUE(eventually([&] { return cache.state() == tree_state::ended; }));
    EXPECT_TRUE(has(cache, "/t", "1")) << "it keeps what it held";
    EXPECT_TRUE(cache.stale());
    tree_cache late(c, "/t");
    late.start();
    EXPECT_THROW(late.wait_initialized(20s), closed_error);
    EXPECT_EQ(late.state(), tree_state::ended);
}

TEST_F(tree_caches, in_a_forked_child_it_is_empty_and_has_ended) {
    const client c = connect();
    c.create("/t", "1");
    std::optional<tree_cache> cache(std::in_place, c, "/t");
    load(*cache);
    const pid_t child = ::fork();
    if (child == 0) {
        ::alarm(20);
        const bool ended = cache->state() == tree_state::ended && cache->stale();
        const bool empty = !cache->get("/t") && !cache->children("/t") && cache->size() == 0;
        cache->close();
        cache.reset();
        ::_exit(ended && empty ? 7 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    EXPECT_EQ(cache->state(), tree_state::current);
    c.set("/t", "2");
    EXPECT_TRUE(comes(*cache, "/t", "2"));
}

} // namespace

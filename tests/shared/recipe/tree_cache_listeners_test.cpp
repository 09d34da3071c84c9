// kazoo::tree_cache: what its listeners hear, against a live server.
#include "tree_cache_test.hpp"

#include <future>
#include <thread>

using namespace kazoo;
using namespace std::chrono_literals;
using kazoo::test::eventually;
using kazoo::test::tree_caches;
using kazoo::test::tree_log;
using ::testing::ElementsAre;
using ::testing::SizeIs;

namespace {

TEST_F(tree_caches, A17_what_a_listener_throws_reaches_fault_listeners) {
    const client c = connect();
    c.create("/t");
    tree_cache cache(c, "/t");
    const auto thrower = cache.on_event([](const tree_event&) { throw std::runtime_error("mine"); });
    tree_log log(cache);
    load(cache);
    ASSERT_TRUE(eventually([&] { return log.faults().size() == 2; }));
    EXPECT_FALSE(log.faults()[0].code);
    EXPECT_THROW(std::rethrow_exception(log.faults()[0].exception), std::runtime_error);
    EXPECT_THAT(log.next(2), ElementsAre("node_added /t=", "initialized")) << "others are told";
}

TEST_F(tree_caches, C78_a_slow_listener_keeps_nobody_else_waiting) {
    struct threads final : executor {
        void execute(std::function<void()> work) override { std::thread(std::move(work)).detach(); }
    };
    client_options o = quick();
    o.callback_executor = std::make_shared<threads>();
    const client c = connect(o);
    c.create("/t");
    tree_cache cache(c, "/t");
    std::promise<void> go_on;
    std::atomic<int> slow{0};
    auto sleeper = cache.on_event([&, wait = go_on.get_future().share()](const tree_event&) {
        wait.get();
        ++slow;
    });
    tree_log log(cache);
    load(cache);
    for (int i = 0; i < 100; ++i) c.async_create("/t/" + std::to_string(i)).detach();
    EXPECT_THAT(log.next(102), SizeIs(102));
    EXPECT_EQ(cache.size(), 101U);
    EXPECT_EQ(slow, 0);
    go_on.set_value();
    EXPECT_TRUE(eventually([&] { return slow == 102; })) << "it hears all in the end";
}

TEST_F(tree_caches, a_subscription_ends_when_it_goes) {
    const client c = connect();
    c.create("/t");
    tree_cache cache(c, "/t");
    int calls = 0;
    {
        const auto listening = cache.on_event([&](const tree_event&) { ++calls; });
        load(cache);
    }
    const int then = calls; // nobody calls any more
    tree_log log(cache);
    c.create("/t/a");
    EXPECT_THAT(log.next(1), ElementsAre("node_added /t/a="));
    EXPECT_EQ(calls, then);
}

TEST_F(tree_caches, every_member_may_be_called_inside_a_listener) {
    const client c = connect();
    c.create("/t");
    tree_cache cache(c, "/t");
    std::atomic<bool> saw_it{false};
    const auto listening = cache.on_event([&](const tree_event& e) {
        if (e.type != tree_change::node_added) return;
        saw_it = cache.get(e.node.path).has_value() && cache.size() == 1;
        cache.close();
    });
    cache.start();
    EXPECT_TRUE(eventually([&] { return cache.state() == tree_state::ended; }));
    EXPECT_TRUE(saw_it);
}

} // namespace

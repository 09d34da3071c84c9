// Where callbacks run.
#include "backend.hpp"

#include <kazoo/coroutine.hpp>

#include <future>
#include <thread>

using namespace kazoo;
using namespace std::chrono_literals;

namespace {

class executors : public test::client_test {
  protected:
    client_options on_the_loop() const {
        auto o = quick();
        o.callback_executor = inline_executor();
        return o;
    }
};

TEST_F(executors, inline_ones_run_on_the_loop_in_order) {
    const client c = connect(on_the_loop());
    std::vector<int> order;
    std::vector<std::thread::id> where;
    std::vector<future<void>> done;
    for (int i = 0; i < 100; ++i)
        done.push_back(c.async_exists("/").then([&, i](auto) {
            order.push_back(i);
            where.push_back(std::this_thread::get_id());
        }));
    for (auto& f : done) std::move(f).get_for(20s);
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
        EXPECT_EQ(where[static_cast<std::size_t>(i)], where.front()) << "one thread, so nothing needs a lock";
    }
}

TEST_F(executors, inline_ones_cannot_block) {
    const client c = connect(on_the_loop());
    auto tried = c.async_exists("/").then([&](auto) { return c.async_get("/").result().error(); });
    EXPECT_EQ(std::move(tried).get_for(20s), errc::would_deadlock);
}

TEST_F(executors, inline_ones_carry_listeners_watches_and_coroutines) {
    const client c = connect(on_the_loop());
    const test::state_log states(c);
    std::atomic<int> events{0};
    const auto watching = c.add_watch("/n").on_event([&](const watch_event&) { ++events; });
    const auto create_and_set = [](client zk) -> future<int> {
        co_await zk.async_create("/n");
        const node_stat s = co_await zk.async_set("/n", "x");
        co_return s.data_length;
    };
    EXPECT_EQ(create_and_set(c).get_for(20s), 1);
    EXPECT_TRUE(test::eventually([&] { return events == 2; }));
    c.close();
    EXPECT_TRUE(test::eventually([&] { return states.last() == session_state::closed; }));
}

TEST_F(executors, inline_ones_may_close_the_client) {
    const client c = connect(on_the_loop());
    auto closing = c.async_exists("/").then([&](auto) { c.close(); });
    std::move(closing).get_for(20s);
    EXPECT_TRUE(test::eventually([&] { return c.state() == session_state::closed; }));
}

} // namespace

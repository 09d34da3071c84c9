// What a whole client keeps, and what crowds of waiters cost.
#include "client/client_access.hpp"
#include "client/core.hpp"
#include "scene.hpp"

namespace kazoo::testkit {
namespace {

constexpr std::size_t megabyte = 1'000'000;

std::size_t buffers(const scene& s) { return detail::client_access::core_of(s.c).driver().buffer_capacity(); }

void suspend(scene& s) {
    s.c.wait_connected();
    s.here.refuse(true);
    s.here.cut();
    ASSERT_TRUE(s.reaches(session_state::suspended));
}

std::vector<future<node_stat>> burst(const scene& s, int n) {
    const std::string data(megabyte, 'x');
    std::vector<future<node_stat>> sets;
    for (int i = 0; i < n; ++i) sets.push_back(s.c.async_set("/", data));
    return sets;
}

TEST(memory, C07_what_waits_for_a_connection_is_bounded_in_bytes) {
    scene s;
    suspend(s);
    auto sets = burst(s, 200);
    int refused = 0;
    for (auto& f : sets)
        if (f.ready()) {
            ++refused;
            EXPECT_EQ(verdict_of(std::move(f)), failed(errc::queue_full));
        }
    EXPECT_EQ(refused, 200 - 67) << "67 of them and a little are 64 MiB";
}

TEST(memory, a_burst_that_was_answered_leaves_no_large_buffer_behind) {
    scene s;
    suspend(s);
    auto sets = burst(s, 60);
    EXPECT_GE(buffers(s), 60 * megabyte);
    s.here.refuse(false);
    ASSERT_TRUE(s.world.run_until([&] { return sets.back().ready(); }, 1min));
    for (auto& f : sets) EXPECT_NO_THROW(std::move(f).get());
    s.world.run_for(1ms);
    EXPECT_LE(buffers(s), 5 * megabyte);
}

TEST(memory, a_burst_that_was_given_up_leaves_no_large_buffer_behind) {
    scene s;
    suspend(s);
    auto sets = burst(s, 60);
    for (auto& f : sets) f.cancel();
    EXPECT_LE(buffers(s), 5 * megabyte);
}

/// Where one more waiter costs a look at all others this does not end in time.
TEST(memory, many_may_wait_for_a_connection) {
    scene s;
    suspend(s);
    std::vector<future<void>> waiting;
    for (int i = 0; i < 500'000; ++i) waiting.push_back(s.c.async_wait_connected());
    s.here.refuse(false);
    EXPECT_TRUE(s.world.run_until([&] { return waiting.back().ready(); }, 1min));
    EXPECT_TRUE(waiting.front().ready());
}

} // namespace
} // namespace kazoo::testkit

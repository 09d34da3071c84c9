// The list of an execution context's waits, against the end of that context on another thread.
#include <kazoo/detail/asio_waits.hpp>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <latch>
#include <memory>
#include <thread>

using kazoo::detail::asio_wait;
using kazoo::detail::asio_waits;

namespace {

struct counted_wait final : asio_wait {
    std::atomic<int> references{0};
    std::atomic<int> drops{0};
    void retain() noexcept override { references.fetch_add(1); }
    void release() noexcept override { references.fetch_sub(1); }

  private:
    void drop() noexcept override { drops.fetch_add(1); }
};

TEST(asio_waits, a_wait_is_taken_out_or_dropped_and_counted_as_long) {
    asio_waits waits;
    std::array<counted_wait, 3> all;
    for (auto& w : all) EXPECT_TRUE(waits.add(w));
    EXPECT_TRUE(waits.enter(all[1]));
    waits.leave();
    EXPECT_EQ(all[1].references, 0);
    waits.end();
    EXPECT_EQ(all[0].drops, 1);
    EXPECT_EQ(all[1].drops, 0);
    EXPECT_EQ(all[2].drops, 1);
    for (auto& w : all) EXPECT_EQ(w.references, 0);
    counted_wait late;
    EXPECT_FALSE(waits.add(late));
    EXPECT_FALSE(waits.enter(all[0]));
    waits.end(); // again
    EXPECT_EQ(all[0].drops, 1);
}

TEST(asio_waits, nobody_is_inside_a_context_that_has_ended) {
    for (int round = 0; round < 300; ++round) {
        asio_waits waits;
        std::array<counted_wait, 8> all;
        for (auto& w : all) ASSERT_TRUE(waits.add(w));
        auto context = std::make_unique<int>(0); // a thread sanitizer sees whoever is in it too late
        int entered = 0;
        {
            std::jthread completing([&] {
                for (auto& w : all) {
                    if (!waits.enter(w)) break;
                    entered = ++*context;
                    waits.leave();
                }
            });
            waits.end();
            context.reset();
        }
        int dropped = 0;
        for (auto& w : all) {
            dropped += w.drops;
            EXPECT_EQ(w.references, 0);
        }
        EXPECT_EQ(entered + dropped, 8);
    }
}

TEST(asio_waits, the_end_waits_for_those_inside) {
    for (int round = 0; round < 50; ++round) {
        asio_waits waits;
        counted_wait w, probe;
        ASSERT_TRUE(waits.add(w));
        std::latch entered(1), leave(1);
        std::atomic<bool> ended{false};
        std::jthread completing([&] {
            EXPECT_TRUE(waits.enter(w));
            entered.count_down();
            leave.wait();
            EXPECT_FALSE(ended);
            waits.leave();
        });
        std::jthread ending([&] {
            entered.wait();
            waits.end();
            ended = true;
        });
        entered.wait();
        while (waits.add(probe) && waits.enter(probe)) waits.leave(); // until it is over
        leave.count_down();
    }
}

} // namespace

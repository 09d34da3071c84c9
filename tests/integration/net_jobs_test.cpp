// Jobs and timers of the real loop.
#include "net_support.hpp"

#include <array>
#include <atomic>
#include <ctime>
#include <fstream>
#include <sched.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

namespace kazoo::net {
namespace {

using namespace std::chrono_literals;

TEST(net_jobs, run_in_the_order_of_the_posts_of_each_thread) {
    const auto loop = make_loop();
    constexpr int threads = 4, jobs = 5000;
    std::vector<std::pair<int, int>> seen;
    {
        std::vector<std::jthread> posters;
        for (int t = 0; t < threads; ++t)
            posters.emplace_back([&, t] {
                for (int i = 0; i < jobs; ++i) loop->post(work::of([&seen, t, i] { seen.emplace_back(t, i); }));
            });
    }
    settle(*loop);
    ASSERT_EQ(seen.size(), std::size_t{threads} * jobs);
    std::array<int, threads> next{};
    for (const auto& [t, i] : seen) ASSERT_EQ(i, next[static_cast<std::size_t>(t)]++) << "thread " << t;
}

TEST(net_jobs, a_job_posted_by_a_job_runs_after_those_that_wait) {
    const auto loop = make_loop();
    std::string order;
    on(*loop, [&] {
        loop->post(work::of([&] {
            order += 'a';
            loop->post(work::of([&] { order += 'c'; }));
        }));
        loop->post(work::of([&] { order += 'b'; }));
        EXPECT_EQ(order, "") << "a post must not run inside post()";
    });
    settle(*loop);
    settle(*loop);
    EXPECT_EQ(order, "abc");
}

TEST(net_jobs, a_chain_of_posts_does_not_starve_timers) {
    const auto loop = make_loop();
    moment rang;
    std::atomic<bool> done = false;
    std::function<void()> again = [&] {
        if (!done) loop->post(work::of(again));
    };
    on(*loop, [&] {
        again();
        loop->start_timer(loop->now() + 5ms, work::of([&] {
                              done = true;
                              rang.happen();
                          }));
    });
    EXPECT_TRUE(rang.wait());
    settle(*loop);
}

TEST(net_jobs, know_the_thread_they_are_on) {
    const auto loop = make_loop();
    EXPECT_FALSE(loop->on_loop_thread());
    EXPECT_TRUE(on(*loop, [&] { return loop->on_loop_thread(); }));
    EXPECT_FALSE(on(*loop, [&] { return loop->on_default_executor() || loop->on_signal_thread(); }));
    const auto other = make_loop();
    EXPECT_TRUE(on(*other, [&] { return loop->on_loop_thread(); })) << "a thread of another loop must not block either";
    EXPECT_FALSE(loop->forked());
    EXPECT_FALSE(loop->pump([](void*) { return true; }, nullptr, 1s));
}

TEST(net_jobs, entropy_differs) {
    const auto loop = make_loop();
    EXPECT_NE(loop->entropy(), loop->entropy());
}

TEST(net_timers, run_by_time_then_by_start) {
    const auto loop = make_loop();
    std::string order;
    moment last;
    const time_point start = on(*loop, [&] {
        const time_point now = loop->now();
        loop->start_timer(now + 30ms, work::of([&] {
                              order += 'e';
                              last.happen();
                          }));
        loop->start_timer(now + 20ms, work::of([&] { order += 'c'; }));
        loop->start_timer(now + 20ms, work::of([&] { order += 'd'; }));
        loop->start_timer(now - 1s, work::of([&] { order += 'a'; }));
        loop->start_timer(now + 10ms, work::of([&] { order += 'b'; }));
        return now;
    });
    ASSERT_TRUE(last.wait());
    EXPECT_EQ(order, "abcde");
    EXPECT_GE(loop->now() - start, 30ms);
}

TEST(net_timers, many_in_random_order_with_every_third_cancelled) {
    const auto loop = make_loop();
    struct numbered : detail::job {
        std::vector<int>* ran;
        int number;
    };
    constexpr int count = 3000;
    std::vector<numbered> jobs(count);
    std::vector<int> ran;
    moment last;
    on(*loop, [&] {
        std::vector<detail::timer_id> ids(count);
        const time_point base = loop->now() + 20ms;
        for (int i = 0; i < count; ++i) {
            const int place = i * 7919 % count; // a permutation
            auto& j = jobs[static_cast<std::size_t>(place)];
            j.run = [](detail::job* self) noexcept {
                auto* n = static_cast<numbered*>(self);
                n->ran->push_back(n->number);
            };
            j.ran = &ran;
            j.number = place;
            ids[static_cast<std::size_t>(place)] = loop->start_timer(base + place * 1us, j);
        }
        for (std::size_t i = 0; i < count; i += 3) EXPECT_TRUE(loop->cancel_timer(ids[i]));
        for (std::size_t i = 0; i < count; i += 3) EXPECT_FALSE(loop->cancel_timer(ids[i]));
        loop->start_timer(base + count * 1us, work::of([&] { last.happen(); }));
    });
    ASSERT_TRUE(last.wait());
    std::vector<int> expected;
    for (int i = 0; i < count; ++i)
        if (i % 3 != 0) expected.push_back(i);
    EXPECT_EQ(ran, expected);
}

TEST(net_timers, cancel_tells_whether_it_came_in_time) {
    const auto loop = make_loop();
    moment ran;
    detail::timer_id own = 0;
    on(*loop, [&] {
        EXPECT_FALSE(loop->cancel_timer(0));
        own = loop->start_timer(loop->now(), work::of([&] {
                                    EXPECT_FALSE(loop->cancel_timer(own)) << "a running timer cannot be cancelled";
                                    ran.happen();
                                }));
        EXPECT_NE(own, 0u);
    });
    ASSERT_TRUE(ran.wait());
    on(*loop, [&] {
        // The next timer takes the place of the old one, whose id must not reach it.
        auto& never_run = work::of([] { ADD_FAILURE(); });
        const auto next = loop->start_timer(loop->now() + 1h, never_run);
        EXPECT_FALSE(loop->cancel_timer(own));
        EXPECT_TRUE(loop->cancel_timer(next));
        delete &never_run;
    });
}

TEST(net_timers, one_of_the_same_turn_can_cancel_the_next) {
    const auto loop = make_loop();
    moment after;
    auto& victim = work::of([] { ADD_FAILURE(); });
    on(*loop, [&] {
        const time_point t = loop->now() + 1ms;
        auto second = std::make_shared<detail::timer_id>();
        loop->start_timer(t, work::of([&, second] {
                              EXPECT_TRUE(loop->cancel_timer(*second));
                              delete &victim;
                          }));
        *second = loop->start_timer(t, victim);
        loop->start_timer(t, work::of([&] { after.happen(); }));
    });
    EXPECT_TRUE(after.wait());
}

TEST(net_timers, ever_due_ones_do_not_starve_jobs) {
    const auto loop = make_loop();
    std::atomic<bool> done = false;
    moment stopped;
    std::function<void()> again = [&] {
        if (done)
            stopped.happen();
        else
            loop->start_timer(loop->now() - 1s, work::of(again));
    };
    on(*loop, again);
    settle(*loop);
    done = true;
    EXPECT_TRUE(stopped.wait());
}

TEST(net_timers, never_is_never) {
    const auto loop = make_loop();
    on(*loop, [&] {
        auto& j = work::of([] { ADD_FAILURE(); });
        const auto id = loop->start_timer(never, j);
        const auto far = loop->start_timer(never - 1ns, j);
        EXPECT_TRUE(loop->cancel_timer(id));
        EXPECT_TRUE(loop->cancel_timer(far));
        delete &j;
    });
}

// -- the clock --------------------------------------------------------------------------------------------------------

time_point read_clock(clockid_t id) {
    timespec t{};
    EXPECT_EQ(::clock_gettime(id, &t), 0);
    return time_point(std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec));
}

/// A machine that was asleep for ten hours: its two clocks are that far apart. False: it takes root.
bool asleep_for_ten_hours() {
    if (::unshare(CLONE_NEWTIME) != 0) return false;
    std::ofstream offsets("/proc/self/timens_offsets");
    offsets << "boottime 36000 0" << std::flush;
    return static_cast<bool>(offsets);
}

/// On the far side of that sleep: 0, or which line went wrong.
int loop_after_sleep() {
    if (read_clock(CLOCK_BOOTTIME) - read_clock(CLOCK_MONOTONIC) < 9h) return 77;
    const auto loop = make_loop();
    const time_point before = read_clock(CLOCK_BOOTTIME);
    const time_point now = loop->now();
    if (now < before || now > read_clock(CLOCK_BOOTTIME)) return 1;
    moment rang;
    time_point at{};
    on(*loop, [&] {
        loop->start_timer(now + 50ms, work::of([&] {
                              at = loop->now();
                              rang.happen();
                          }));
    });
    if (!rang.wait()) return 2; // it waits for the other clock
    return at >= now + 50ms ? 0 : 3;
}

TEST(net_clock, counts_the_time_that_the_machine_was_asleep) {
    int status = 0;
    const pid_t outer = ::fork();
    if (outer == 0) { // the new clock holds for children
        if (!asleep_for_ten_hours()) ::_exit(77);
        const pid_t inner = ::fork();
        if (inner == 0) ::_exit(loop_after_sleep());
        ::waitpid(inner, &status, 0);
        ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 99);
    }
    ASSERT_EQ(::waitpid(outer, &status, 0), outer);
    ASSERT_TRUE(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77) GTEST_SKIP() << "no time namespace can be made here";
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

} // namespace
} // namespace kazoo::net

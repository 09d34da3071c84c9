// The threads for user code, and the end of the loop wherever it comes.
#include "net_support.hpp"
#include "plain_peer.hpp"

#include "loop/loop_access.hpp"
#include "loop/post.hpp"
#include "testing/wait_until.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#ifdef __has_feature
#if __has_feature(thread_sanitizer)
#define KAZOO_UNDER_TSAN
#endif
#endif

namespace kazoo::net {
namespace {

using namespace std::chrono_literals;

TEST(net_executor, runs_work_in_order_on_a_thread_of_its_own) {
    auto loop = make_loop();
    std::vector<int> order;
    moment last;
    for (int i = 0; i < 1000; ++i)
        loop->default_executor().execute([&, i] {
            EXPECT_TRUE(loop->on_default_executor());
            EXPECT_FALSE(loop->on_loop_thread() || loop->on_signal_thread());
            order.push_back(i);
        });
    loop->default_executor().execute([&] { last.happen(); });
    ASSERT_TRUE(last.wait());
    ASSERT_EQ(order.size(), 1000u);
    EXPECT_TRUE(std::ranges::is_sorted(order));
    EXPECT_FALSE(loop->on_default_executor());
}

TEST(net_executor, work_of_another_loop_is_not_its_own) {
    const auto one = make_loop(), other = make_loop();
    handover<bool> result;
    other->default_executor().execute([&] { result.give(one->on_default_executor()); });
    EXPECT_FALSE(result.take());
}

TEST(net_executor, an_exception_ends_the_work_and_nothing_else) {
    const auto loop = make_loop();
    moment next;
    loop->default_executor().execute([] { throw std::runtime_error("from user code"); });
    loop->default_executor().execute([] { throw 1; });
    loop->default_executor().execute([&] { next.happen(); });
    EXPECT_TRUE(next.wait());
}

TEST(net_signal, stop_is_requested_on_the_signal_thread) {
    const auto loop = make_loop();
    std::stop_source source;
    moment stopped;
    const std::stop_callback callback(source.get_token(), [&] {
        EXPECT_TRUE(loop->on_signal_thread());
        EXPECT_FALSE(loop->on_loop_thread() || loop->on_default_executor());
        stopped.happen();
    });
    loop->signal(source);
    EXPECT_TRUE(stopped.wait());
}

TEST(net_signal, a_callback_that_blocks_holds_up_neither_loop_nor_executor) {
    const auto loop = make_loop();
    std::stop_source source;
    moment blocked, release, executed;
    const std::stop_callback callback(source.get_token(), [&] {
        blocked.happen();
        release.wait();
    });
    loop->signal(source);
    ASSERT_TRUE(blocked.wait());
    settle(*loop);
    loop->default_executor().execute([&] { executed.happen(); });
    EXPECT_TRUE(executed.wait());
    release.happen();
}

// -- the end ----------------------------------------------------------------------------------------------------------

TEST(net_loop_end, of_one_that_was_never_used) {
    make_loop();
    const event_loop other;
    EXPECT_FALSE(detail::loop_access::loop_of(other).on_loop_thread());
}

TEST(net_loop_end, does_what_was_handed_over_before) {
    std::atomic<int> ran = 0;
    auto loop = make_loop();
    moment signalled;
    std::stop_source source;
    const std::stop_callback on_stop(source.get_token(), [&] { signalled.happen(); });
    for (int i = 0; i < 100; ++i) {
        loop->post(work::of([&] { ++ran; }));
        loop->default_executor().execute([&] { ++ran; });
    }
    loop->signal(source);
    loop.reset();
    EXPECT_EQ(ran, 200);
    EXPECT_TRUE(signalled.wait());
}

// A stop callback is the user's: it may wait for what the destroying thread holds.
TEST(net_loop_end, does_not_wait_for_a_stop_callback) {
    auto loop = make_loop();
    moment inside, over;
    std::mutex held;
    std::stop_source source;
    const std::stop_callback on_stop(source.get_token(), [&] {
        inside.happen();
        const std::lock_guard lock(held);
        over.happen();
    });
    {
        const std::lock_guard lock(held);
        loop->signal(source);
        EXPECT_TRUE(inside.wait());
        loop.reset();
    }
    EXPECT_TRUE(over.wait());
}

TEST(net_loop_end, forgets_timers_streams_and_lookups) {
    const testkit::plain_listener server;
    auto& timer = work::of([] { ADD_FAILURE(); });
    auto loop = make_loop();
    wire w;
    moment open;
    w.opened = [&](std::error_code) {
        w.stream->want_read();
        open.happen();
    };
    w.readable = [] { ADD_FAILURE(); };
    on(*loop, [&] {
        loop->start_timer(loop->now() + 1h, timer);
        w.connect(*loop, "127.0.0.1", ntohs(testkit::parse_address(server.address()).sin_port));
    });
    testkit::plain_peer peer = server.accept();
    ASSERT_TRUE(open.wait());
    loop.reset();
    w.stream.reset(); // a stream may go after its loop
    EXPECT_TRUE(peer.ending().has_value());
    delete &timer;
}

TEST(net_loop_end, on_its_own_loop_thread) {
    moment later;
    auto loop = make_loop();
    auto* raw = loop.get();
    raw->default_executor().execute([] {});
    raw->post(work::of([&, raw] {
        raw->post(work::of([&] { later.happen(); })); // handed over before the end: it still runs
        loop.reset();
        std::this_thread::yield();
    }));
    EXPECT_TRUE(later.wait());
}

TEST(net_loop_end, in_a_timer_and_in_a_stream_event) {
    moment in_timer, in_event;
    auto one = make_loop();
    auto* raw = one.get();
    raw->post(work::of([&, raw] {
        raw->start_timer(raw->now(), work::of([&] {
                             one.reset();
                             in_timer.happen();
                         }));
    }));
    EXPECT_TRUE(in_timer.wait());

    const testkit::plain_listener server;
    auto other = make_loop();
    raw = other.get();
    auto w = std::make_unique<wire>();
    w->opened = [&](std::error_code) {
        other.reset(); // the loop first, as a client's last reference does
        w.reset();
        in_event.happen();
    };
    raw->post(work::of(
        [&, raw] { w->connect(*raw, "127.0.0.1", ntohs(testkit::parse_address(server.address()).sin_port)); }));
    EXPECT_TRUE(in_event.wait());
}

TEST(net_loop_end, on_its_executor_thread) {
    moment destroyed, rest;
    auto loop = make_loop();
    settle(*loop);
    loop->signal(std::stop_source());
    executor& e = loop->default_executor();
    moment both_queued;
    e.execute([&] {
        both_queued.wait();
        loop.reset();
        destroyed.happen();
    });
    e.execute([&] { rest.happen(); });
    both_queued.happen();
    EXPECT_TRUE(destroyed.wait());
    EXPECT_TRUE(rest.wait()) << "what was handed over is still done";
}

TEST(net_loop_end, on_its_signal_thread) {
    moment destroyed;
    auto loop = make_loop();
    settle(*loop);
    loop->default_executor().execute([] {});
    auto* raw = loop.get();
    std::stop_source source;
    const std::stop_callback callback(source.get_token(), [&] {
        loop.reset();
        destroyed.happen();
    });
    raw->signal(source);
    EXPECT_TRUE(destroyed.wait());
}

// -- fork -------------------------------------------------------------------------------------------------------------

/// Whether no thread but this one has anything to do.
bool others_sleep() {
    for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
        if (thread.path().filename() == std::to_string(::gettid())) continue;
        std::ifstream file(thread.path() / "stat");
        const std::string stat(std::istreambuf_iterator<char>(file), {});
        const auto name_end = stat.rfind(')');
        if (name_end == stat.npos || stat.compare(name_end, 3, ") S") != 0) return false;
    }
    return true;
}

/// What the child reports, by its exit code; 255 if it did not end by itself. Nobody else works when it forks:
/// AddressSanitizer's allocator would stay locked in the child for ever if another thread were inside it.
int in_child(const std::function<int()>& f) {
    if (!testkit::wait_until(others_sleep)) return 254;
    const pid_t child = ::fork();
    if (child == 0) ::_exit(f());
    int status = 0;
    const bool ended = testkit::wait_until([&] { return ::waitpid(child, &status, WNOHANG) == child; });
    if (!ended) {
        ::kill(child, SIGKILL);
        ::waitpid(child, &status, 0);
    }
    return ended && WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

TEST(net_fork, the_child_knows_it_and_nothing_runs_there) {
    auto loop = make_loop();
    settle(*loop);
    moment started;
    loop->default_executor().execute([&] { started.happen(); });
    ASSERT_TRUE(started.wait());
    const int result = in_child([&] {
        if (!loop->forked()) return 1;
        bool ran = false;
        loop->post(work::of([&] { ran = true; }));
        loop->default_executor().execute([&] { ran = true; });
        loop->signal(std::stop_source());
        loop.reset();
        return ran ? 2 : 0;
    });
    EXPECT_EQ(result, 0);
    EXPECT_FALSE(loop->forked());
    settle(*loop);
}

TEST(net_fork, the_child_gives_its_copy_of_a_connection_up) {
    const testkit::plain_listener server;
    auto loop = make_loop();
    wire w;
    moment open, readable;
    w.opened = [&](std::error_code) {
        w.stream->want_read();
        open.happen();
    };
    w.readable = [&] { readable.happen(); };
    on(*loop, [&] { w.connect(*loop, "127.0.0.1", ntohs(testkit::parse_address(server.address()).sin_port)); });
    testkit::plain_peer peer = server.accept();
    ASSERT_TRUE(open.wait());

    int hold[2], gone[2];
    ASSERT_EQ(::pipe(hold) | ::pipe(gone), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        w.stream.reset();
        loop.reset();
        char byte = 1;
        const bool told = ::write(gone[1], &byte, 1) == 1;
        ::close(hold[1]);
        ::_exit(told && ::read(hold[0], &byte, 1) == 0 ? 0 : 1); // lives until the parent lets it go
    }
    char byte = 0;
    ASSERT_EQ(::read(gone[0], &byte, 1), 1);
    EXPECT_FALSE(peer.readable(0ms)) << "the parent's connection must survive";
    peer.send("x");
    EXPECT_TRUE(readable.wait()) << "the child must not take the parent's descriptors out of its epoll set";
    on(*loop, [&] { w.stream.reset(); });
    EXPECT_TRUE(peer.ending().has_value()) << "the child still holds the connection open";
    for (const int fd : {hold[0], hold[1], gone[0], gone[1]}) ::close(fd);
    int status = -1;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
}

TEST(net_fork, a_loop_made_in_the_child_works) {
#ifdef KAZOO_UNDER_TSAN
    GTEST_SKIP() << "ThreadSanitizer allows no new thread in the forked child of a process with threads";
#endif
    const auto parents = make_loop();
    settle(*parents);
    EXPECT_EQ(in_child([] {
                  const auto own = make_loop();
                  int answer = 1;
                  on(*own, [&] { answer = 0; });
                  return answer;
              }),
              0);
}

TEST(net_fork, inside_user_work_leaves_the_rest_to_the_parent) {
    auto loop = make_loop();
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    handover<pid_t> child;
    moment both_queued, rest;
    loop->default_executor().execute([&] {
        both_queued.wait();
        const pid_t pid = ::fork();
        if (pid != 0)
            child.give(pid);
        else
            std::atexit([] { ::_exit(0); }); // the parent's exit handlers are not the child's
    });
    loop->default_executor().execute([&] {
        const pid_t self = ::getpid();
        EXPECT_EQ(::write(ends[1], &self, sizeof self), static_cast<ssize_t>(sizeof self));
        rest.happen();
    });
    // A thread that is still being started may hold a lock of the sanitizer's, which the child would wait for.
    moment loop_runs, signals_run;
    detail::post_to(*loop, [&] { loop_runs.happen(); });
    std::stop_source stop;
    const std::stop_callback told(stop.get_token(), [&] { signals_run.happen(); });
    loop->signal(stop);
    ASSERT_TRUE(loop_runs.wait() && signals_run.wait());
    both_queued.happen();
    const pid_t pid = child.take();
    ASSERT_TRUE(rest.wait());
    int status = 0;
    EXPECT_TRUE(testkit::wait_until([&] { return ::waitpid(pid, &status, WNOHANG) == pid; }));
    ::close(ends[1]);
    pid_t writer = 0;
    EXPECT_EQ(::read(ends[0], &writer, sizeof writer), static_cast<ssize_t>(sizeof writer));
    EXPECT_EQ(writer, ::getpid());
    EXPECT_EQ(::read(ends[0], &writer, sizeof writer), 0) << "the child ran the parent's work too";
    ::close(ends[0]);
}

} // namespace
} // namespace kazoo::net

// Tasks that wake each other, and time.
#include "manual_host.hpp"

#include <string>

namespace kazoo::detail {
namespace {

using test::manual_host;
using namespace std::chrono_literals;

TEST(task_signal, completes_everything_that_waits_at_the_next_notify) {
    manual_host host;
    task_signal changed(host);
    auto a = changed.next(), b = changed.next();
    EXPECT_FALSE(a.ready() || b.ready());
    changed.notify();
    EXPECT_TRUE(a.ready() && b.ready());
    auto later = changed.next();
    EXPECT_FALSE(later.ready()) << "what was is not remembered";
    changed.notify();
    EXPECT_TRUE(later.ready());
}

TEST(task_signal, passes_over_those_who_gave_up) {
    manual_host host;
    task_signal changed(host);
    auto a = changed.next(), b = changed.next();
    a.cancel();
    changed.notify();
    EXPECT_EQ(test::error_of_result(std::move(a)), errc::cancelled);
    EXPECT_FALSE(test::error_of_result(std::move(b)));
}

TEST(task_signal, does_not_collect_those_who_gave_up) {
    manual_host host;
    task_signal changed(host);
    for (int i = 0; i < 10'000; ++i) changed.next().cancel();
    EXPECT_LT(host.references, 100);
    changed.notify();
    EXPECT_EQ(host.references, 0);
}

TEST(task_signal, does_not_run_the_waiter_inside_notify) {
    manual_host host;
    task_signal changed(host);
    std::string order;
    const auto wait = [&]() -> task<void> {
        co_await changed.next();
        order += "woken ";
        changed.notify(); // nobody waits
        co_await changed.next();
        order += "again ";
    };
    auto f = spawn(host, {"f", {}}, wait());
    host.run();
    changed.notify();
    order += "notified ";
    host.run();
    changed.notify();
    host.run();
    EXPECT_EQ(order, "notified woken again ");
    EXPECT_TRUE(f.ready());
}

TEST(task_signal, lets_two_tasks_take_turns) {
    manual_host host;
    task_signal changed(host);
    std::string order;
    int turn = 0;
    const auto play = [&](int mine, char name) -> task<void> {
        for (int i = 0; i < 3; ++i) {
            while (turn % 2 != mine) co_await changed.next();
            order += name;
            ++turn;
            changed.notify();
        }
    };
    auto a = spawn(host, {"a", {}}, play(1, 'a'));
    auto b = spawn(host, {"b", {}}, play(0, 'b'));
    host.run();
    EXPECT_EQ(order, "bababa");
    EXPECT_TRUE(a.ready() && b.ready());
}

TEST(pause, ends_after_its_time_as_a_failure) {
    manual_host host;
    auto late = pause(host, 10ms);
    host.pass(9ms);
    EXPECT_FALSE(late.ready());
    host.pass(1ms);
    EXPECT_EQ(test::error_of_result(std::move(late)), errc::operation_timeout);
}

TEST(pause, of_a_task_that_is_told_to_end_ends_at_once) {
    manual_host host;
    std::error_code seen;
    const auto rest = [&]() -> task<void> {
        const auto r = co_await as_result(pause(host, 1h));
        seen = r.error();
    };
    auto f = spawn(host, {"f", {}}, rest());
    host.run();
    f.cancel();
    host.run();
    EXPECT_EQ(seen, errc::cancelled);
    EXPECT_TRUE(host.events.idle()) << "its timer is gone, too";
}

} // namespace
} // namespace kazoo::detail

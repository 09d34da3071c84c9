// Callbacks of one client in order, on an executor that cannot always take them.
#include "client/callback_fifo.hpp"

#include "unit/future/manual_context.hpp"

#include <memory>
#include <new>
#include <vector>

namespace kazoo::detail {
namespace {

/// Refuses work as long as it is told to.
struct moody_executor final : executor {
    void execute(std::function<void()> work) override {
        if (refuses) throw std::bad_alloc();
        waiting.push_back(std::move(work));
    }
    void run() {
        while (!waiting.empty()) {
            const auto work = std::move(waiting.front());
            waiting.pop_front();
            work();
        }
    }
    bool refuses = false;
    std::deque<std::function<void()>> waiting;
};

struct noted : job {
    noted(std::string& o, char n) : order(o), name(n) {
        run = [](job* j) noexcept {
            auto* self = static_cast<noted*>(j);
            self->order += self->name;
        };
    }
    std::string& order;
    char name;
};

struct world {
    test::manual_context owner;
    moody_executor executor;
    callback_fifo fifo{owner, &executor};
    std::string order;
    noted a{order, 'a'}, b{order, 'b'}, c{order, 'c'};
};

TEST(callback_fifo, hands_over_later_what_the_executor_could_not_take) {
    world w;
    w.executor.refuses = true;
    w.fifo.post(w.a);
    w.fifo.post(w.b);
    w.owner.run_loop();
    w.owner.ring(std::chrono::seconds(10)); // still no memory
    w.executor.refuses = false;
    w.owner.run_loop();
    w.owner.ring(std::chrono::seconds(10));
    w.fifo.post(w.c);
    w.executor.run();
    EXPECT_EQ(w.order, "abc");
    EXPECT_TRUE(w.owner.loop.empty() && w.owner.timers.empty());
}

TEST(callback_fifo, lets_go_of_its_client_when_the_executor_never_takes_anything) {
    world w;
    w.executor.refuses = true;
    w.fifo.post(w.a);
    for (int i = 0; i < 100; ++i) {
        w.owner.run_loop();
        w.owner.ring(std::chrono::minutes(1));
    }
    EXPECT_EQ(w.owner.references, 0);
    EXPECT_TRUE(w.owner.loop.empty() && w.owner.timers.empty());
    w.executor.refuses = false;
    w.fifo.post(w.b); // and if it does after all, nothing was lost
    w.executor.run();
    EXPECT_EQ(w.order, "ab");
}

TEST(callback_fifo, asks_again_later_and_later_and_from_the_shortest_pause_after_it_was_taken) {
    using namespace std::chrono_literals;
    world w;
    std::vector<std::chrono::nanoseconds> pauses;
    const auto next_pause = [&w, &pauses] {
        w.owner.run_loop();
        ASSERT_EQ(w.owner.timers.size(), 1U);
        pauses.push_back(w.owner.timers.begin()->second.first);
    };
    w.executor.refuses = true;
    w.fifo.post(w.a);
    for (int i = 0; i < 8; ++i) {
        next_pause();
        if (i == 7) w.executor.refuses = false;
        w.owner.ring(1min);
    }
    EXPECT_EQ(pauses, (std::vector<std::chrono::nanoseconds>{20ms, 40ms, 80ms, 160ms, 320ms, 640ms, 1'280ms, 2'560ms}));
    w.executor.run();
    EXPECT_EQ(w.order, "a");
    w.executor.refuses = true;
    w.fifo.post(w.b);
    next_pause();
    EXPECT_EQ(pauses.back(), 20ms);
    w.executor.refuses = false;
    w.owner.ring(1min);
    w.executor.run();
    EXPECT_EQ(w.order, "ab");
}

TEST(callback_fifo, hands_over_one_piece_of_work_at_a_time) {
    world w;
    w.fifo.post(w.a);
    w.fifo.post(w.b);
    EXPECT_EQ(w.executor.waiting.size(), 1U);
    EXPECT_EQ(w.order, "") << "within post()";
    w.executor.run();
    EXPECT_EQ(w.order, "ab");
    w.fifo.post(w.c);
    EXPECT_EQ(w.executor.waiting.size(), 1U);
    w.executor.run();
    EXPECT_EQ(w.order, "abc");
}

/// Posts another job when it runs.
struct posting : job {
    posting(callback_fifo& f, job& n) : fifo(f), next(n) {
        run = [](job* j) noexcept {
            auto* self = static_cast<posting*>(j);
            self->fifo.post(self->next);
            self->on_thread = self->fifo.on_this_thread();
        };
    }
    callback_fifo& fifo;
    job& next;
    bool on_thread = false;
};

TEST(callback_fifo, lets_others_of_the_executor_in_between_what_a_callback_posts) {
    world w;
    posting first(w.fifo, w.c);
    w.fifo.post(first);
    w.fifo.post(w.a);
    callback_fifo other(w.owner, &w.executor);
    other.post(w.b);
    w.executor.run();
    EXPECT_EQ(w.order, "abc");
}

TEST(callback_fifo, knows_whether_this_is_one_of_its_callbacks) {
    world w;
    posting mine(w.fifo, w.a);
    callback_fifo other(w.owner, &w.executor);
    posting foreign(w.fifo, w.b);
    EXPECT_FALSE(w.fifo.on_this_thread());
    w.fifo.post(mine);
    w.executor.run();
    EXPECT_TRUE(mine.on_thread);
    EXPECT_FALSE(w.fifo.on_this_thread());
    other.post(foreign);
    w.executor.run();
    EXPECT_FALSE(foreign.on_thread) << "a callback of another client";
}

TEST(callback_fifo, keeps_its_client_until_the_executor_has_run) {
    world w;
    w.fifo.post(w.a);
    EXPECT_EQ(w.owner.references, 1);
    w.executor.run();
    EXPECT_EQ(w.owner.references, 0);
}

TEST(callback_fifo, does_not_touch_a_job_that_has_run) {
    world w;
    struct once : job {
        explicit once(int& r) : runs(r) {
            run = [](job* j) noexcept {
                const std::unique_ptr<once> self(static_cast<once*>(j));
                ++self->runs;
            };
        }
        int& runs;
    };
    int runs = 0;
    for (int i = 0; i < 100; ++i) w.fifo.post(*new once(runs));
    w.executor.run();
    EXPECT_EQ(runs, 100);
}

} // namespace
} // namespace kazoo::detail

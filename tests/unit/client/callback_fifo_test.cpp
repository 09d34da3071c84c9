// Callbacks of one client in order, on an executor that cannot always take them.
#include "client/callback_fifo.hpp"

#include "unit/future/manual_context.hpp"

#include <new>

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
    callback_fifo fifo{owner, executor};
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

} // namespace
} // namespace kazoo::detail

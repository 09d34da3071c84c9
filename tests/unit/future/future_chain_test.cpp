// Continuations of continuations: any number of them, given up or not, by any thread.
#include "unit/future/manual_context.hpp"

#include <kazoo/future.hpp>

#include <gtest/gtest.h>

#include <pthread.h>

#include <functional>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using kazoo::errc;
using kazoo::future;
using kazoo::detail::ref;
using kazoo::test::manual_context;
using kazoo::test::manual_state;

namespace {

constexpr int many = 300'000;
constexpr int many_that_throw = 30'000; // slower

/// Runs f on a thread whose stack holds a few thousand frames: a recursion over `many` does not end there.
void on_a_small_stack(std::function<void()> f) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 256 * 1024);
    pthread_t thread;
    const auto run = [](void* arg) -> void* {
        (*static_cast<std::function<void()>*>(arg))();
        return nullptr;
    };
    ASSERT_EQ(pthread_create(&thread, &attributes, run, &f), 0);
    pthread_join(thread, nullptr);
    pthread_attr_destroy(&attributes);
}

class future_chain : public testing::Test {
  protected:
    using state = ref<manual_state<int>>;
    state base() { return state(new manual_state<int>(context)); }
    static future<int> result_of(const state& s) { return kazoo::detail::make_future<int>(s); }
    static void succeed(const state& s, int v = 0) {
        if (s->claim()) s->publish(std::move(v));
    }
    /// Each link counts the calls and passes on what it gets.
    future<int> extend(future<int> f, int links) {
        for (int i = 0; i < links; ++i)
            f = std::move(f).then([this](future<int> done) {
                ++calls;
                return std::move(done).get() + 1;
            });
        return f;
    }

    manual_context context;
    int calls = 0;
};

TEST_F(future_chain, a_link_that_has_completed_keeps_nothing_of_those_before_it) {
    future<int> f;
    {
        const state s = base();
        succeed(s);
        f = result_of(s);
    }
    for (int i = 0; i < 10; ++i) {
        f = extend(std::move(f), 1);
        context.run_callbacks();
        EXPECT_EQ(context.references, 1) << "more than the last link lives";
    }
    EXPECT_EQ(std::move(f).get(), 10);
}

TEST_F(future_chain, a_pending_chain_is_given_back_link_by_link) {
    state s = base();
    auto f = extend(result_of(s), 10);
    succeed(s);
    s.reset();
    for (int left = 11; left > 1; --left) {
        EXPECT_EQ(context.references, left);
        auto* const next = context.callbacks.front();
        context.callbacks.pop_front();
        next->run(next);
    }
    EXPECT_EQ(context.references, 1);
    EXPECT_EQ(std::move(f).get(), 10);
}

TEST_F(future_chain, of_any_length_completes) {
    on_a_small_stack([&] {
        const state s = base();
        auto f = extend(result_of(s), many);
        succeed(s);
        context.run_callbacks();
        EXPECT_EQ(std::move(f).get(), many);
    });
    EXPECT_EQ(calls, many);
}

TEST_F(future_chain, of_any_length_fails) {
    on_a_small_stack([&] {
        const state s = base();
        auto f = extend(result_of(s), many_that_throw);
        s->fail(errc::connection_loss);
        context.run_callbacks();
        EXPECT_EQ(std::move(f).result().error(), errc::connection_loss);
    });
    EXPECT_EQ(calls, many_that_throw);
}

TEST_F(future_chain, of_any_length_is_cancelled_while_it_waits) {
    on_a_small_stack([&] {
        const state s = base();
        auto f = extend(result_of(s), many_that_throw);
        f.cancel();
        EXPECT_EQ(s->abandoned, 1);
        EXPECT_EQ(std::move(f).result().error(), errc::cancelled);
        context.run_callbacks();
    });
    EXPECT_EQ(calls, many_that_throw) << "each function is called in any case";
}

TEST_F(future_chain, of_any_length_is_dropped_while_it_waits) {
    on_a_small_stack([&] {
        const state s = base();
        extend(result_of(s), many).detach();
        succeed(s);
        context.run_callbacks();
    });
    EXPECT_EQ(calls, many);
}

TEST_F(future_chain, of_any_length_is_built_behind_its_own_end) {
    on_a_small_stack([&] {
        const state s = base();
        succeed(s);
        auto f = extend(result_of(s), many); // all links wait for the executor
        context.run_callbacks();
        EXPECT_EQ(std::move(f).get(), many);
    });
}

TEST_F(future_chain, cancelling_ends_the_links_in_their_order) {
    const state s = base();
    std::vector<int> order;
    auto f = result_of(s);
    for (int i = 0; i < 4; ++i)
        f = std::move(f).then([&order, i](future<int> done) {
            EXPECT_EQ(std::move(done).result().error(), errc::cancelled);
            order.push_back(i);
            return 0;
        });
    f.cancel();
    context.run_callbacks();
    EXPECT_EQ(order, (std::vector{0, 1, 2, 3}));
}

TEST_F(future_chain, cancelling_stops_at_what_has_completed) {
    const state s = base();
    auto f = result_of(s).then([](future<int> done) { return std::move(done).get() + 1; });
    succeed(s, 5);
    int got = 0;
    auto last = std::move(f).then([&](future<int> done) { got = std::move(done).get(); });
    context.run_callbacks(); // the first of the two
    auto tail = std::move(last).then([](future<void> done) { return std::move(done).result().error(); });
    tail.cancel();
    context.run_callbacks();
    EXPECT_EQ(got, 6);
    EXPECT_EQ(s->abandoned, 0);
}

TEST_F(future_chain, a_limit_gives_up_what_the_continuation_follows_in_the_same_way) {
    const state s = base();
    std::error_code seen;
    auto f = result_of(s).then([&](future<int> done) { seen = std::move(done).result().error(); });
    EXPECT_EQ(std::move(f).result_for(1ms).error(), errc::operation_timeout);
    context.run_callbacks();
    EXPECT_EQ(seen, errc::operation_timeout);
    EXPECT_EQ(s->abandoned, 1);
}

class endless final : public kazoo::detail::shared_state<int> {
  public:
    using shared_state::shared_state;
    std::string_view operation() const noexcept override { return "endless"; }
    std::chrono::nanoseconds default_limit() const noexcept override { return std::chrono::nanoseconds::max(); }
};

TEST_F(future_chain, a_continuation_has_the_limit_of_what_it_follows) {
    const ref<endless> wait(new endless(context));
    const state operation = base();
    auto behind_a_wait = extend(kazoo::detail::make_future<int>(wait), 2);
    auto behind_an_operation = extend(result_of(operation), 2);
    const auto limit_of = [](future<int>& f) {
        auto s = kazoo::detail::future_access::state_of(std::move(f));
        const auto limit = s->default_limit();
        f = kazoo::detail::make_future(std::move(s));
        return limit;
    };
    EXPECT_EQ(limit_of(behind_a_wait), std::chrono::nanoseconds::max());
    EXPECT_EQ(limit_of(behind_an_operation), context.operation_limit());
    wait->fail(errc::closed);
    operation->fail(errc::closed);
    context.run_callbacks();
}

struct does_not_move {
    does_not_move() = default;
    does_not_move(const does_not_move& o) : armed(o.armed) { check(); }
    does_not_move(does_not_move&& o) : armed(o.armed) { check(); }
    void check() const {
        if (--*armed == 0) throw std::runtime_error("cannot be moved");
    }
    int operator()(future<int> done) const { return std::move(done).get(); }
    std::shared_ptr<int> armed = std::make_shared<int>(0);
};

TEST_F(future_chain, a_continuation_that_cannot_be_made_leaves_the_future_as_it_was) {
    const state s = base();
    auto f = result_of(s);
    does_not_move function;
    *function.armed = 3;
    EXPECT_THROW((void)std::move(f).then(function), std::runtime_error);
    ASSERT_TRUE(f.valid());
    succeed(s, 4);
    EXPECT_EQ(std::move(f).get(), 4);
}

TEST_F(future_chain, a_result_that_cannot_be_kept_is_a_failure) {
    const state s = base();
    auto f = result_of(s).then([](future<int>) {
        does_not_move result;
        *result.armed = 2; // once out of the function, and not a second time
        return result;
    });
    succeed(s);
    context.run_callbacks();
    EXPECT_THROW(std::move(f).get(), std::runtime_error);
}

/// An executor with a thread of its own. Its loop is never needed.
class threaded_context final : public kazoo::detail::context {
  public:
    ~threaded_context() override { EXPECT_EQ(references, 0) << "a state leaked"; }
    void retain() noexcept override { references.fetch_add(1); }
    void release() noexcept override { references.fetch_sub(1); }
    void post(kazoo::detail::job& j) noexcept override {
        const std::lock_guard lock(mutex_);
        j.next = nullptr;
        (last_ != nullptr ? last_->next : first_) = &j;
        last_ = &j;
    }
    void post_to_loop(kazoo::detail::job&) noexcept override { ADD_FAILURE() << "no loop here"; }
    std::uint64_t start_timer(std::chrono::nanoseconds, kazoo::detail::job&) noexcept override { return 0; }
    bool cancel_timer(std::uint64_t) noexcept override { return false; }
    std::chrono::nanoseconds operation_limit() const noexcept override { return std::chrono::nanoseconds::max(); }
    errc may_block(bool) const noexcept override { return {}; }
    bool pump(kazoo::detail::shared_state_base&, std::chrono::nanoseconds, const std::stop_token&) noexcept override {
        return false;
    }
    bool run_one() {
        kazoo::detail::job* j = nullptr;
        {
            const std::lock_guard lock(mutex_);
            j = first_;
            if (j == nullptr) return false;
            first_ = j->next;
            if (first_ == nullptr) last_ = nullptr;
        }
        j->run(j);
        return true;
    }
    std::atomic<int> references{0};

  private:
    std::mutex mutex_;
    kazoo::detail::job* first_ = nullptr;
    kazoo::detail::job* last_ = nullptr;
};

TEST(future_chain_races, completing_cancelling_and_extending_meet_and_each_link_ends_once) {
    constexpr int links = 8, rounds = 300;
    for (int round = 0; round < rounds; ++round) {
        threaded_context context;
        std::atomic<int> calls{0};
        {
            const ref<manual_state<int>> s(new manual_state<int>(context));
            auto f = kazoo::detail::make_future<int>(s);
            const auto count = [&calls](future<int> done) {
                calls.fetch_add(1);
                return std::move(done).get();
            };
            for (int i = 0; i < links / 2; ++i) f = std::move(f).then(count);
            std::jthread executor([&] {
                while (calls.load() < links) context.run_one();
            });
            std::jthread producer([&] {
                if (s->claim()) s->publish(7);
            });
            for (int i = links / 2; i < links; ++i) f = std::move(f).then(count);
            if (round % 2 == 0) f.cancel();
            const auto r = std::move(f).result();
            EXPECT_TRUE(r || (round % 2 == 0 && r.error() == errc::cancelled));
        }
        EXPECT_EQ(calls, links);
        EXPECT_FALSE(context.run_one());
    }
}

} // namespace

#pragma once
// A context whose loop and executor run when the test says so.
#include <kazoo/detail/shared_state.hpp>

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <vector>

namespace kazoo::test {

class manual_context final : public detail::context {
  public:
    ~manual_context() override { EXPECT_EQ(references, 0) << "a state leaked"; }

    void retain() noexcept override { references.fetch_add(1); }
    void release() noexcept override { references.fetch_sub(1); }
    void post(detail::job& j) noexcept override { callbacks.push_back(&j); }
    void post_to_loop(detail::job& j) noexcept override { loop.push_back(&j); }
    std::uint64_t start_timer(std::chrono::nanoseconds delay, detail::job& j) noexcept override {
        timers[++last_timer] = {delay, &j};
        return last_timer;
    }
    bool cancel_timer(std::uint64_t t) noexcept override { return timers.erase(t) > 0; }
    std::chrono::nanoseconds operation_limit() const noexcept override { return std::chrono::milliseconds(50); }
    errc may_block(bool for_executor) const noexcept override { return for_executor ? executor_verdict : verdict; }
    bool pump(detail::shared_state_base&, std::chrono::nanoseconds, const std::stop_token&) noexcept override {
        return false;
    }

    static void run(std::deque<detail::job*>& queue) {
        while (!queue.empty()) {
            detail::job* const j = queue.front();
            queue.pop_front();
            j->run(j);
        }
    }
    void run_loop() { run(loop); }
    void run_callbacks() { run(callbacks); }
    /// Rings every timer that is due within `delay` of its start.
    void ring(std::chrono::nanoseconds delay) {
        std::vector<detail::job*> due;
        std::erase_if(timers, [&](const auto& entry) {
            if (entry.second.first > delay) return false;
            due.push_back(entry.second.second);
            return true;
        });
        for (detail::job* j : due) j->run(j);
    }

    std::atomic<int> references{0};
    std::deque<detail::job*> loop, callbacks;
    std::map<std::uint64_t, std::pair<std::chrono::nanoseconds, detail::job*>> timers;
    std::uint64_t last_timer = 0;
    errc verdict{}, executor_verdict{};
};

/// What a test completes by hand. Counts what became of it.
template <class T> class manual_state final : public detail::shared_state<T> {
  public:
    using detail::shared_state<T>::shared_state;
    std::string_view operation() const noexcept override { return "test"; }
    std::string_view path() const noexcept override { return "/p"; }
    outcome on_abandoned() noexcept override {
        ++abandoned;
        return given_up;
    }
    int abandoned = 0;
    outcome given_up = outcome::unknown;
};

} // namespace kazoo::test

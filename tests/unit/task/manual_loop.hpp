#pragma once
// A loop whose queue, timers and clock move when the test says so.
#include "loop/loop.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <map>
#include <utility>
#include <vector>

namespace kazoo::test {

/// Connections and look-ups never come to anything.
class manual_loop final : public detail::loop, executor {
  public:
    util::time_point now() const noexcept override { return now_; }
    std::chrono::system_clock::time_point wall_clock() const noexcept override {
        return std::chrono::system_clock::time_point(
            std::chrono::duration_cast<std::chrono::system_clock::duration>(now_.time_since_epoch()));
    }
    void post(detail::job& j) noexcept override { jobs.push_back(&j); }
    void signal(std::stop_source s) noexcept override { signals.push_back(std::move(s)); }
    executor& default_executor() noexcept override { return *this; }
    std::uint64_t entropy() noexcept override { return ++entropy_; }
    bool on_loop_thread() const noexcept override { return false; }
    bool on_signal_thread() const noexcept override { return false; }
    bool on_default_executor() const noexcept override { return false; }
    bool forked() const noexcept override { return is_forked; }
    bool pump(bool (*)(void*), void*, util::duration) noexcept override { return false; }
    detail::timer_id start_timer(util::time_point when, detail::job& j) noexcept override {
        timers.emplace(std::pair(when, ++last_timer_), &j);
        return last_timer_;
    }
    bool cancel_timer(detail::timer_id id) noexcept override {
        return std::erase_if(timers, [id](const auto& t) { return t.first.second == id; }) > 0;
    }
    std::unique_ptr<detail::byte_stream> connect(const util::endpoint&, std::shared_ptr<const tls_options>,
                                                 detail::byte_stream_events&) override {
        return std::make_unique<dead_stream>();
    }
    void resolve(const std::string&, resolved) override {}

    /// One job. False: there is none.
    bool step() {
        if (jobs.empty()) return false;
        detail::job* const j = jobs.front();
        jobs.pop_front();
        j->run(j);
        return true;
    }
    /// All that is queued, and what that queues.
    void run() {
        while (step()) {
        }
    }
    /// Time goes on: what is due rings in its order, and the loop runs after each.
    void pass(util::duration d) {
        const util::time_point end = now_ + d;
        run();
        while (ring_next(end)) run();
        now_ = end;
    }
    /// Time goes on and timers ring, but what is queued waits.
    void ring(util::duration d) {
        const util::time_point end = now_ + d;
        while (ring_next(end)) {
        }
        now_ = end;
    }
    /// What was handed to the executor, and what that hands over.
    void run_callbacks() {
        while (!callbacks.empty()) {
            const auto work = std::move(callbacks.front());
            callbacks.pop_front();
            work();
        }
    }
    bool idle() const noexcept { return jobs.empty() && timers.empty(); }

    std::deque<detail::job*> jobs;
    std::map<std::pair<util::time_point, detail::timer_id>, detail::job*> timers;
    std::deque<std::function<void()>> callbacks;
    std::vector<std::stop_source> signals;
    bool is_forked = false;

  private:
    struct dead_stream final : detail::byte_stream {
        detail::io_result read_some(std::span<char>) noexcept override { return {0, true, {}}; }
        detail::io_result write_some(std::string_view) noexcept override { return {0, true, {}}; }
        void want_read() noexcept override {}
        void want_write() noexcept override {}
        bool input_waits() const noexcept override { return false; }
    };
    bool ring_next(util::time_point end) {
        if (timers.empty() || timers.begin()->first.first > end) return false;
        const auto due = timers.extract(timers.begin());
        now_ = std::max(now_, due.key().first);
        due.mapped()->run(due.mapped());
        return true;
    }
    void execute(std::function<void()> work) override { callbacks.push_back(std::move(work)); }

    util::time_point now_{std::chrono::hours(1)};
    detail::timer_id last_timer_ = 0;
    std::uint64_t entropy_ = 0;
};

} // namespace kazoo::test

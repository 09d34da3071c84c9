#pragma once
// A real loop as its tests see it: through the seam only.
#include "client/loop.hpp"
#include "net/make_loop.hpp"

#include <chrono>
#include <functional>
#include <future>
#include <gtest/gtest.h>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

namespace kazoo::net {

inline constexpr std::chrono::seconds limit{30};

/// A job that is its own owner until it has run.
class work final : public detail::job {
  public:
    static work& of(std::function<void()> f) { return *new work(std::move(f)); }

  private:
    explicit work(std::function<void()> f) : job{&run_and_delete, nullptr}, function_(std::move(f)) {}
    static void run_and_delete(job* j) noexcept {
        const std::unique_ptr<work> self(static_cast<work*>(j));
        self->function_();
    }
    std::function<void()> function_;
};

/// Something that one thread does and another waits for.
class moment {
  public:
    void happen() { promise_.set_value(); }
    bool wait() { return future_.wait_for(limit) == std::future_status::ready; }
    bool has_happened() const { return future_.wait_for(std::chrono::seconds(0)) == std::future_status::ready; }

  private:
    std::promise<void> promise_;
    std::future<void> future_ = promise_.get_future();
};

/// What f() returns when it runs on the loop.
template <class F> auto on(detail::loop& loop, F f) -> decltype(f()) {
    auto task = std::make_shared<std::packaged_task<decltype(f())()>>(std::move(f));
    auto result = task->get_future();
    loop.post(work::of([task] { (*task)(); }));
    if (result.wait_for(limit) != std::future_status::ready) throw std::runtime_error("the loop does not answer");
    return result.get();
}

/// Everything posted before has run.
inline void settle(detail::loop& loop) {
    on(loop, [] {});
}

/// A stream whose events are given to functions. Made and used on the loop.
class wire final : public detail::stream_events {
  public:
    std::unique_ptr<detail::stream> stream;
    std::function<void(std::error_code)> opened = [](std::error_code) {};
    std::function<void()> readable = [] {};
    std::function<void()> writable = [] {};

    void connect(detail::loop& loop, const std::string& address, std::uint16_t port) {
        stream = loop.connect(address, port, *this);
    }
    void on_open(std::error_code e) noexcept override { copy(opened)(e); }
    void on_readable() noexcept override { copy(readable)(); }
    void on_writable() noexcept override { copy(writable)(); }

  private:
    /// An event may destroy the wire.
    template <class F> static F copy(const F& f) { return f; }
};

} // namespace kazoo::net

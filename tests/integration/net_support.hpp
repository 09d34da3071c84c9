#pragma once
// A real loop as its tests see it: through the seam only.
#include "loop/loop.hpp"
#include "net/make_loop.hpp"
#include "util/mutex.hpp"

#include <chrono>
#include <functional>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
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

/// Something that one thread does and another waits for. (ThreadSanitizer cannot see into std::future.)
class moment {
  public:
    void happen() {
        const util::lock_guard lock(mutex_);
        happened_ = true;
        changed_.notify_all();
    }
    bool wait() {
        const auto end = std::chrono::steady_clock::now() + limit;
        util::lock_guard lock(mutex_);
        while (!happened_ && changed_.wait_for(lock, end - std::chrono::steady_clock::now())) {
        }
        return happened_;
    }

  private:
    util::mutex mutex_;
    util::condition changed_;
    bool happened_ KAZOO_GUARDED_BY(mutex_) = false;
};

/// A value that one thread makes and another waits for.
template <class T> class handover {
  public:
    void give(T v) {
        value_ = std::move(v);
        given_.happen();
    }
    T take() {
        if (!given_.wait()) throw std::runtime_error("it never came");
        return *std::move(value_);
    }

  private:
    std::optional<T> value_;
    moment given_;
};

/// What f() returns when it runs on the loop.
template <class F> auto on(detail::loop& loop, F f) -> decltype(f()) {
    if constexpr (std::is_void_v<decltype(f())>) {
        on(loop, [&] {
            f();
            return true;
        });
    } else {
        handover<decltype(f())> result;
        loop.post(work::of([&] { result.give(f()); }));
        return result.take();
    }
}

/// Everything posted before has run.
inline void settle(detail::loop& loop) {
    on(loop, [] {});
}

/// A stream whose events are given to functions. Made and used on the loop.
class wire final : public detail::byte_stream_events {
  public:
    std::unique_ptr<detail::byte_stream> stream;
    std::function<void(std::error_code)> opened = [](std::error_code) {};
    std::function<void()> readable = [] {};
    std::function<void()> writable = [] {};

    void connect(detail::loop& loop, const std::string& address, std::uint16_t port) {
        stream = loop.connect({.address = address, .port = port}, nullptr, *this);
    }
    void on_open(std::error_code e) noexcept override { copy(opened)(e); }
    void on_readable() noexcept override { copy(readable)(); }
    void on_writable() noexcept override { copy(writable)(); }

  private:
    /// An event may destroy the wire.
    template <class F> static F copy(const F& f) { return f; }
};

} // namespace kazoo::net

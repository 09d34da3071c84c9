#pragma once
// What ends a future ahead of its answer: a time, or a request to stop.
#include <kazoo/detail/shared_state.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>

namespace kazoo::detail {

/// Longer limits than this are "none": adding them to a clock could overflow.
inline constexpr std::chrono::nanoseconds longest_limit = std::chrono::hours(24 * 365 * 50);

/// One timeout() or stop_on(). Belongs to its state until that completes; its jobs hold counts of their own.
struct limiter {
    struct step : job {
        limiter* owner;
    };

    explicit limiter(shared_state_base& s) noexcept : target(ref<shared_state_base>::share(&s)) {}

    void retain() noexcept { references.fetch_add(1, std::memory_order_relaxed); }
    void release() noexcept {
        if (references.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
    }
    void post(step& s, void (*run)(job*) noexcept) noexcept {
        retain();
        s = {{run, nullptr}, this};
        target->context().post_to_loop(s);
    }
    template <auto Member> static void on_loop(job* j) noexcept {
        limiter* self = static_cast<step*>(j)->owner;
        (self->*Member)();
        self->release();
    }

    void arm() noexcept {
        if (target->ready()) return;
        retain(); // the timer's
        on_timer = {{&limiter::on_loop<&limiter::time_out>, nullptr}, this};
        timer = target->context().start_timer(delay, on_timer);
    }
    void time_out() noexcept {
        timer = 0;
        target->fail(errc::operation_timeout);
    }
    void stop() noexcept { target->fail(errc::cancelled); }
    void disarm() noexcept {
        if (timer != 0 && target->context().cancel_timer(timer)) release();
        timer = 0;
    }

    struct request_stop {
        limiter* self;
        void operator()() const noexcept { self->post(self->on_stop, &limiter::on_loop<&limiter::stop>); }
    };

    ref<shared_state_base> target;
    std::atomic<std::uint32_t> references{1};
    limiter* next = nullptr;
    bool has_timer = false;
    std::chrono::nanoseconds delay{};
    std::uint64_t timer = 0;
    step on_arm{}, on_timer{}, on_disarm{}, on_stop{};
    std::optional<std::stop_callback<request_stop>> stop_callback;
};

} // namespace kazoo::detail

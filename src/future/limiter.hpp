#pragma once
// What ends a future before its answer: a time limit or a stop request.
#include <kazoo/detail/shared_state.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>

namespace kazoo::detail {

/// Limits longer than this count as no limit: adding them to a clock could overflow.
inline constexpr std::chrono::nanoseconds longest_limit = std::chrono::hours(24 * 365 * 50);

/// One timeout() or stop_on(). Belongs to its state until that completes; its jobs hold counts of their own.
struct limiter : ref_counted<limiter> {
    explicit limiter(shared_state_base& s) noexcept : target(ref<shared_state_base>::share(&s)) {}

    void post(job& j) noexcept {
        retain(); // until it has run
        target->context().post_to_loop(j);
    }
    void arm() noexcept {
        const ref<limiter> self(this); // adopts post()'s count
        if (target->ready()) return;
        retain(); // the timer's
        timer = target->context().start_timer(delay, on_timer);
    }
    void time_out() noexcept {
        const ref<limiter> self(this); // adopts the timer's count
        timer = 0;
        target->fail(errc::operation_timeout);
    }
    void stop() noexcept {
        const ref<limiter> self(this); // adopts post()'s count
        target->fail(errc::cancelled);
    }
    void disarm() noexcept {
        const ref<limiter> self(this); // adopts post()'s count
        if (timer != 0 && target->context().cancel_timer(timer)) release();
        timer = 0;
    }

    struct request_stop {
        limiter* self;
        void operator()() const noexcept { self->post(self->on_stop); }
    };

    ref<shared_state_base> target;
    limiter* next = nullptr;
    bool has_timer = false;
    std::chrono::nanoseconds delay{};
    std::uint64_t timer = 0;
    bound_job<&limiter::arm> on_arm{*this};
    bound_job<&limiter::time_out> on_timer{*this};
    bound_job<&limiter::disarm> on_disarm{*this};
    bound_job<&limiter::stop> on_stop{*this};
    std::optional<std::stop_callback<request_stop>> stop_callback;
};

} // namespace kazoo::detail

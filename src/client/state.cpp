#include <kazoo/detail/state.hpp>

#include <algorithm>
#include <condition_variable>
#include <mutex>

namespace kazoo::detail {

namespace {

/// Longer limits than this are "none": adding them to a clock could overflow.
constexpr std::chrono::nanoseconds longest_limit = std::chrono::hours(24 * 365 * 50);

/// A thread that waits, as the one continuation of a state.
struct blocked_thread : continuation {
    std::mutex mutex;
    std::condition_variable changed;
    bool done = false, stopped = false;

    blocked_thread() : continuation{&finish} {}
    static void finish(continuation* c) noexcept {
        auto* self = static_cast<blocked_thread*>(c);
        const std::lock_guard lock(self->mutex);
        self->done = true;
        self->changed.notify_one(); // under the lock: the waiter destroys us as soon as it can take it
    }
    void stop() noexcept {
        const std::lock_guard lock(mutex);
        stopped = true;
        changed.notify_one();
    }
};

} // namespace

// -- failure ----------------------------------------------------------------------------------------------------------

void failure::rethrow() const {
    if (exception) std::rethrow_exception(exception);
    throw_error(code, outcome, operation, path, detail);
}

failure failure::current(std::string_view operation) noexcept {
    failure f;
    f.operation = operation;
    f.exception = std::current_exception();
    try {
        throw;
    } catch (const error& e) {
        f.code = e.code();
        f.outcome = e.outcome();
    } catch (const std::system_error& e) {
        f.code = e.code();
    } catch (...) {
        f.code = make_error_code(errc::broken_promise);
    }
    return f;
}

// -- limits -----------------------------------------------------------------------------------------------------------

/// One timeout() or stop_on(). Belongs to its state until that completes; its jobs hold counts of their own.
struct limiter {
    struct step : job {
        limiter* owner;
    };

    explicit limiter(state_base& s) noexcept : target(ref<state_base>::share(&s)) {}

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

    ref<state_base> target;
    std::atomic<std::uint32_t> references{1};
    limiter* next = nullptr;
    bool has_timer = false;
    std::chrono::nanoseconds delay{};
    std::uint64_t timer = 0;
    step on_arm{}, on_timer{}, on_disarm{}, on_stop{};
    std::optional<std::stop_callback<request_stop>> stop_callback;
};

void state_base::limit(std::chrono::nanoseconds delay) {
    if (ready() || delay >= longest_limit) return;
    auto l = std::make_unique<limiter>(*this);
    l->delay = delay;
    l->has_timer = true;
    l->post(l->on_arm, &limiter::on_loop<&limiter::arm>);
    add_limiter(std::move(l));
}

void state_base::stop_on(std::stop_token stop) {
    if (ready() || !stop.stop_possible()) return;
    auto l = std::make_unique<limiter>(*this);
    l->stop_callback.emplace(std::move(stop), limiter::request_stop{l.get()});
    add_limiter(std::move(l));
}

void state_base::add_limiter(std::unique_ptr<limiter> l) noexcept {
    l->next = limiters_.load(std::memory_order_relaxed); // only the one consumer adds
    limiter* expected = l->next;
    limiter* const added = l.release();
    if (!limiters_.compare_exchange_strong(expected, added)) {
        added->next = nullptr; // completion took the others away meanwhile
        limiters_.store(added);
    }
    // Pairs with publish(): either it sees the limiter, or we see that it is ready.
    if (word_.load() & is_ready) drop_limiters();
}

void state_base::drop_limiters() noexcept {
    limiter* l = limiters_.exchange(nullptr);
    while (l != nullptr) {
        limiter* const next = l->next;
        l->stop_callback.reset();
        if (l->has_timer) l->post(l->on_disarm, &limiter::on_loop<&limiter::disarm>);
        l->release();
        l = next;
    }
}

// -- state ------------------------------------------------------------------------------------------------------------

state_base::~state_base() { context_->release(); }

void state_base::publish() noexcept {
    const std::uintptr_t before = word_.exchange(claimed | is_ready);
    if (limiters_.load() != nullptr) drop_limiters();
    if (auto* c = reinterpret_cast<continuation*>(before & ~flags)) c->run(c);
}

void state_base::publish_failure(failure f) noexcept {
    failure_code_ = f.code;
    outcome_ = f.outcome;
    if (f.exception) exception_ = std::move(f.exception);
    publish();
}

void state_base::fail(errc e) noexcept {
    if (!claim()) return;
    // Down to what the whole chain waits for, claiming each; then up, so that each ends after what it follows. A loop
    // and not a recursion: a chain may be longer than the stack. Each is counted from its claim to its end.
    retain();
    state_base* last = this;
    state_base* above = nullptr;
    while (predecessor* const p = last->follows()) {
        ref<state_base> before = p->look();
        if (!before || !before->claim()) break;
        p->given_up_by_ = std::exchange(above, last);
        last = before.release();
    }
    while (last != nullptr) {
        const ref<state_base> ending(last);
        last = above;
        if (last != nullptr) above = last->follows()->given_up_by_;
        failure f;
        f.code = make_error_code(e);
        f.outcome = ending->on_abandoned();
        ending->publish_failure(std::move(f));
    }
}

ref<state_base> predecessor::take() noexcept {
    ref<state_base> taken = state_;
    if (use_.exchange(use::over, std::memory_order_acq_rel) != use::looked_at) state_.reset();
    return taken;
}

ref<state_base> predecessor::look() noexcept {
    use expected = use::kept;
    if (!use_.compare_exchange_strong(expected, use::looked_at, std::memory_order_acq_rel)) return {};
    ref<state_base> seen = state_;
    if (use_.exchange(use::kept, std::memory_order_acq_rel) == use::over) state_.reset();
    return seen;
}

failure state_base::take_failure() {
    return {failure_code_,        outcome_, std::exchange(exception_, nullptr), operation(), std::string(path()),
            std::string(detail())};
}

void state_base::rethrow() {
    if (exception_) std::rethrow_exception(std::exchange(exception_, nullptr));
    throw_error(failure_code_, outcome_, operation(), path(), detail());
}

bool state_base::attach(continuation& c) noexcept {
    std::uintptr_t now = word_.load(std::memory_order_acquire);
    do {
        if (now & is_ready) return false;
    } while (!word_.compare_exchange_weak(now, now | reinterpret_cast<std::uintptr_t>(&c)));
    return true;
}

errc state_base::try_wait(std::chrono::nanoseconds limit, const std::stop_token& stop) noexcept {
    if (ready()) return {};
    if (const errc e = context_->may_block(needs_executor_); e != errc{}) return e;
    limit = std::max(limit, std::chrono::nanoseconds::zero());
    if (context_->pump(*this, limit, stop)) {
        fail(stop.stop_requested() ? errc::cancelled : errc::operation_timeout); // no effect if it is ready
        return {};
    }
    blocked_thread self;
    if (!attach(self)) return {};
    const std::stop_callback on_stop(stop, [&self]() noexcept { self.stop(); });
    std::unique_lock lock(self.mutex);
    const auto woken = [&self] { return self.done || self.stopped; };
    if (limit >= longest_limit)
        self.changed.wait(lock, woken);
    else
        self.changed.wait_for(lock, limit, woken);
    if (!self.done) {
        const errc reason = self.stopped ? errc::cancelled : errc::operation_timeout;
        lock.unlock();
        fail(reason); // losing the claim means that the result is being written right now
        lock.lock();
        self.changed.wait(lock, [&self] { return self.done; });
    }
    return {};
}

void state_base::wait(std::chrono::nanoseconds limit, const std::stop_token& stop) {
    if (const errc e = try_wait(limit, stop); e != errc{})
        throw_error(make_error_code(e), outcome::unknown, operation(), path());
}

} // namespace kazoo::detail

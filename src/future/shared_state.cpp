#include "future/limiter.hpp"

#include <algorithm>
#include <condition_variable>
#include <future>
#include <mutex>
#include <new>

namespace kazoo::detail {

void throw_empty_future() {
    throw error(make_error_code(std::future_errc::no_state), outcome::not_applied, "future", {},
                "it was moved from or used, or never stood for a result");
}

namespace {

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

/// Nothing, if there is no memory for it: an error must come out all the same.
std::string copied(std::string_view text) noexcept try { return std::string(text); } catch (const std::bad_alloc&) {
    return {};
}

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
        if (e.operation() == operation) f.detail = copied(e.detail());
    } catch (const std::system_error& e) { // somebody else's: nobody knows what had been done before
        f.code = e.code();
        f.outcome = outcome::unknown;
    } catch (...) {
        f.code = make_error_code(errc::broken_promise);
        f.outcome = outcome::unknown;
    }
    return f;
}

// -- state ------------------------------------------------------------------------------------------------------------

shared_state_base::~shared_state_base() { context_->release(); }

void shared_state_base::publish() noexcept {
    const std::uintptr_t before = word_.exchange(claimed | is_ready);
    if (limiters_.load() != nullptr) drop_limiters();
    if (auto* c = reinterpret_cast<continuation*>(before & ~flags)) c->run(c);
}

void shared_state_base::publish_failure(failure f) noexcept {
    failure_code_ = f.code;
    outcome_ = f.outcome;
    if (f.exception) exception_ = std::move(f.exception);
    explain();
    on_failed(failure_code_, outcome_);
    publish();
}

void shared_state_base::publish_failure(errc e, kazoo::outcome o) noexcept {
    failure_code_ = make_error_code(e);
    outcome_ = o;
    explain();
    on_failed(failure_code_, outcome_);
    publish();
}

/// A time-out that passed without a connection says why there was none, and a refusal who it was. The text lies in the
/// exception: no state that ends in another way has room for it.
void shared_state_base::explain() noexcept {
    const bool timed_out = failure_code_ == make_error_code(errc::operation_timeout);
    if (!timed_out && failure_code_ != make_error_code(errc::auth_failed)) return;
    if (exception_ || !detail().empty()) return;
    try {
        const std::string why = context_->why_no_connection();
        if (why.empty()) return;
        exception_ =
            timed_out ? std::make_exception_ptr(timeout_error(failure_code_, outcome_, operation(), path(), why))
                      : std::make_exception_ptr(auth_failed_error(failure_code_, outcome_, operation(), path(), why));
    } catch (const std::bad_alloc&) { // then the error says less
    }
}

void shared_state_base::fail(errc e) noexcept {
    if (!claim()) return;
    // Down to what the whole chain waits for, claiming each; then up, so that each ends after what it follows. A loop
    // and not a recursion: a chain may be longer than the stack. Each is counted from its claim to its end.
    retain();
    shared_state_base* last = this;
    shared_state_base* above = nullptr;
    while (predecessor* const p = last->follows()) {
        ref<shared_state_base> before = p->look();
        if (!before || !before->claim()) break;
        p->given_up_by_ = std::exchange(above, last);
        last = before.release();
    }
    while (last != nullptr) {
        const ref<shared_state_base> ending(last);
        last = above;
        if (last != nullptr) above = last->follows()->given_up_by_;
        ending->publish_failure(e, ending->on_abandoned());
    }
}

ref<shared_state_base> predecessor::take() noexcept {
    ref<shared_state_base> taken = state_;
    if (use_.exchange(use::over, std::memory_order_acq_rel) != use::looked_at) state_.reset();
    return taken;
}

ref<shared_state_base> predecessor::look() noexcept {
    use expected = use::kept;
    if (!use_.compare_exchange_strong(expected, use::looked_at, std::memory_order_acq_rel)) return {};
    ref<shared_state_base> seen = state_;
    if (use_.exchange(use::kept, std::memory_order_acq_rel) == use::over) state_.reset();
    return seen;
}

failure shared_state_base::take_failure() {
    return {failure_code_,        outcome_, std::exchange(exception_, nullptr), operation(), std::string(path()),
            std::string(detail())};
}

void shared_state_base::rethrow() {
    if (exception_) std::rethrow_exception(std::exchange(exception_, nullptr));
    throw_error(failure_code_, outcome_, operation(), path(), detail());
}

bool shared_state_base::attach(continuation& c) noexcept {
    std::uintptr_t now = word_.load(std::memory_order_acquire);
    do {
        if (now & is_ready) return false;
    } while (!word_.compare_exchange_weak(now, now | reinterpret_cast<std::uintptr_t>(&c)));
    return true;
}

errc shared_state_base::try_wait(std::chrono::nanoseconds limit, const std::stop_token& stop) noexcept {
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

void shared_state_base::wait(std::chrono::nanoseconds limit, const std::stop_token& stop) {
    if (const errc e = try_wait(limit, stop); e != errc{})
        throw_error(make_error_code(e), outcome::unknown, operation(), path());
}

} // namespace kazoo::detail

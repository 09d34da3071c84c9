#pragma once
// The shared state behind future<T>. Not for direct use.
#include <kazoo/detail/job.hpp>
#include <kazoo/detail/ref.hpp>
#include <kazoo/detail/ref_counted.hpp>
#include <kazoo/error.hpp>
#include <kazoo/export.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <type_traits>
#include <utility>

namespace kazoo::detail {

struct unit {
    friend bool operator==(unit, unit) = default;
};
template <class T> using stored = std::conditional_t<std::is_void_v<T>, unit, T>;

/// Why a future has no value.
struct KAZOO_EXPORT failure {
    std::error_code code;
    kazoo::outcome outcome = outcome::not_applied;
    std::exception_ptr exception; ///< set where code and outcome do not tell all
    std::string_view operation;
    std::string path;
    std::string detail;

    [[noreturn]] void rethrow() const;
    /// Of the exception being handled.
    static failure current(std::string_view operation) noexcept;
};

/// Thrown by what needs a result where a future stands for none (std::future_errc::no_state).
[[noreturn]] KAZOO_EXPORT void throw_empty_future();

/// Called once, by whoever completes the state, on any thread: must not block and must not run user code.
struct continuation {
    void (*run)(continuation*) noexcept;
};

class shared_state_base;

/// What a state needs of the client that made it. Counted: states keep it alive (memory only, never the session).
class KAZOO_EXPORT context {
  public:
    virtual void retain() noexcept = 0;
    virtual void release() noexcept = 0;
    /// To the callback executor, in order.
    virtual void post(job&) noexcept = 0;
    /// To the loop; soon.
    virtual void post_to_loop(job&) noexcept = 0;
    /// Runs the job on the loop after `delay`; returns a handle for cancel_timer.
    virtual std::uint64_t start_timer(std::chrono::nanoseconds delay, job&) noexcept = 0;
    /// On the loop only. False: the job has been or is being run.
    virtual bool cancel_timer(std::uint64_t) noexcept = 0;
    /// Limit of get() on an operation.
    virtual std::chrono::nanoseconds operation_limit() const noexcept = 0;
    /// errc{} or why waiting on this thread cannot end.
    virtual errc may_block(bool for_executor) const noexcept = 0;
    /// Why there is no connection now; empty if there is one. For the texts of time-outs and refusals.
    virtual std::string why_no_connection() const { return {}; }
    /// Drives a simulated world until `s` is ready or the limit is over. False: this context has a thread of its own.
    virtual bool pump(shared_state_base& s, std::chrono::nanoseconds limit, const std::stop_token&) noexcept = 0;

  protected:
    virtual ~context() = default;
};

struct limiter;
class predecessor;

/// The part of a state that does not depend on the value's type.
///
/// One word says everything: `claimed` (somebody has won the right to complete it), `ready` (the value or failure may
/// be read) and the address of the one continuation. Completion and cancellation must win the claim before they touch
/// the value, so they cannot collide.
class KAZOO_EXPORT shared_state_base : public ref_counted<shared_state_base> {
  public:
    explicit shared_state_base(detail::context& c) noexcept : context_(&c) { c.retain(); }
    shared_state_base(const shared_state_base&) = delete;
    shared_state_base& operator=(const shared_state_base&) = delete;

    // -- producer -----------------------------------------------------------------------------------------------------
    /// True for exactly one caller, who must publish.
    bool claim() noexcept { return (word_.fetch_or(claimed, std::memory_order_acq_rel) & claimed) == 0; }
    bool is_claimed() const noexcept { return (word_.load(std::memory_order_acquire) & claimed) != 0; }
    void publish_failure(failure f) noexcept;
    void publish_failure(errc, kazoo::outcome = kazoo::outcome::not_applied) noexcept;
    /// Claims, asks on_abandoned() for the outcome, and fails, after all that it follows has failed in the same way.
    /// Any thread; nothing happens if it lost the claim.
    void fail(errc) noexcept;

    // -- consumer -----------------------------------------------------------------------------------------------------
    bool ready() const noexcept { return (word_.load(std::memory_order_acquire) & is_ready) != 0; }
    /// False: ready already, the continuation will not be run.
    bool attach(continuation&) noexcept;
    /// Blocks until ready; a limit or stop that comes first fails the state. Throws would_deadlock_error.
    void wait(std::chrono::nanoseconds limit, const std::stop_token& stop);
    /// The same, but returns errc::would_deadlock.
    errc try_wait(std::chrono::nanoseconds limit, const std::stop_token& stop) noexcept;
    void limit(std::chrono::nanoseconds);
    void stop_on(std::stop_token);
    bool failed() const noexcept { return static_cast<bool>(failure_code_) || exception_; }
    /// Both give the exception away. Nothing of it stays here: whoever drops the last count of this state may be
    /// another thread, and must not destroy what the consumer still reads.
    failure take_failure();
    [[noreturn]] void rethrow();
    void post(job& j) noexcept { context_->post(j); }
    detail::context& context() const noexcept { return *context_; }

    virtual std::string_view operation() const noexcept = 0;
    virtual std::string_view path() const noexcept { return {}; }
    /// More for the text of its error.
    virtual std::string_view detail() const noexcept { return {}; }
    virtual std::chrono::nanoseconds default_limit() const noexcept { return context_->operation_limit(); }
    /// The consumer gave up and won the claim: tells what became of the operation.
    virtual outcome on_abandoned() noexcept { return outcome::not_applied; }
    /// It is about to fail so. Any thread.
    virtual void on_failed(const std::error_code&, kazoo::outcome) noexcept {}
    /// The future was dropped, ready or not.
    virtual void abandon_interest() noexcept {}
    /// What this waits for and is given up with it, if so.
    virtual predecessor* follows() noexcept { return nullptr; }

  protected:
    virtual ~shared_state_base();
    void publish() noexcept;
    /// Its completion needs the callback executor: waiting for it there cannot end.
    void set_needs_executor() noexcept { needs_executor_ = true; }

  private:
    friend class ref_counted<shared_state_base>; // destroys it
    void explain() noexcept;
    static constexpr std::uintptr_t claimed = 1, is_ready = 2, flags = 3;
    void add_limiter(std::unique_ptr<limiter>) noexcept;
    void drop_limiters() noexcept;
    friend struct limiter;

    kazoo::outcome outcome_ = outcome::not_applied; // these two beside the count: no room is lost
    bool needs_executor_ = false;
    std::atomic<std::uintptr_t> word_{0};
    detail::context* context_;
    std::atomic<limiter*> limiters_{nullptr};
    std::error_code failure_code_;
    std::exception_ptr exception_;
};

/// The state that another one follows by then(). Two may need it, each at most once and at the same time: the job that
/// hands it to the function, and whoever gives the follower up. The later one lets it go, so that nothing in a chain
/// holds what lies behind it.
class KAZOO_EXPORT predecessor {
  public:
    explicit predecessor(ref<shared_state_base> s) noexcept : state_(std::move(s)) {}
    /// For the job.
    ref<shared_state_base> take() noexcept;
    /// For whoever gives the follower up. Empty: the job was here.
    ref<shared_state_base> look() noexcept;

  private:
    friend class shared_state_base;
    enum class use : std::uint8_t {
        kept,
        looked_at,
        over
    };
    ref<shared_state_base> state_;
    std::atomic<use> use_{use::kept};
    shared_state_base* given_up_by_ = nullptr; ///< the way back of fail()
};

template <class T> class shared_state : public shared_state_base {
  public:
    using shared_state_base::shared_state_base;
    std::optional<stored<T>> value;

    void publish(stored<T> v) noexcept {
        value.emplace(std::move(v));
        shared_state_base::publish();
    }
    /// For values built in place: emplace `value` between claim() and this.
    void publish_value() noexcept { shared_state_base::publish(); }
    T take() {
        if (failed()) rethrow();
        if constexpr (!std::is_void_v<T>) return std::move(*value);
    }
};

} // namespace kazoo::detail

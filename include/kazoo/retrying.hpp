#pragma once
// Doing again what failed: kazoo::retry and kazoo::async_retry.
#include <kazoo/client.hpp>
#include <kazoo/error.hpp>
#include <kazoo/export.hpp>
#include <kazoo/future.hpp>
#include <kazoo/retry.hpp>
#include <kazoo/time_limit.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <stop_token>
#include <type_traits>
#include <utility>

namespace kazoo {

/// What is repeated, how often and how fast. Plain data with defaults; each call of retry copies it.
struct retry_rules {
    retry_policy pauses{};                                          ///< between the end of a try and the next one
    std::size_t attempts = std::numeric_limits<std::size_t>::max(); ///< tries in all; at least 1
    /// From the beginning: no try is begun after it, and none is waited for that would be. hours::max(): no limit.
    time_limit deadline = std::chrono::hours::max();
    bool across_sessions = false; ///< repeat too what failed because the session is over
    /// Repeat too what may have been applied (outcome::unknown). Only for what may be done twice, and may be done late.
    bool repeat_unknown = false;
    /// Decides instead of the defaults above, if set. What a stop, a cancel or close() ended is not repeated in any
    /// case.
    std::function<bool(const error&)> again{};
};

/// Whether a failure is to be repeated by these rules: if condition::retryable or, with across_sessions, session_lost,
/// and not applied (or repeat_unknown); or what `again` says.
KAZOO_EXPORT bool repeats(const retry_rules&, const error&);

namespace detail {

/// The pauses of one blocking retry.
class KAZOO_EXPORT retry_pauses {
  public:
    /// Throws bad_arguments for rules that make no sense, and what ends a retry before its first try.
    retry_pauses(const client&, const retry_rules&, const std::stop_token&);
    retry_pauses(const retry_pauses&) = delete;
    retry_pauses& operator=(const retry_pauses&) = delete;
    ~retry_pauses();
    /// Whether there may be another try. Begins the pause ahead of it.
    bool begin();
    /// Waits for the end of the pause. Throws what ends it before.
    void wait(const std::stop_token&);

  private:
    struct state;
    std::unique_ptr<state> state_;
};

/// Tries until an attempt gives false. Attempts are begun on the callback executor, the first one here.
KAZOO_EXPORT future<void> run_attempts(const client&, const retry_rules&, std::function<future<bool>()> attempt);

template <class T> struct attempts_of {
    retry_rules rules;
    std::optional<result<T>> last{};
    /// Whether to try again.
    bool take(result<T> r) {
        last.emplace(std::move(r));
        if (*last) return false;
        try {
            last->rethrow();
        } catch (const error& e) {
            return repeats(rules, e);
        } catch (...) {
            return false;
        }
    }
};

} // namespace detail

/// Calls f() until it does not throw, and gives what it returns. Repeats what the rules say, with pauses; throws what
/// the last try threw. Other exceptions than kazoo::error come out at once. A requested stop ends it with
/// errc::cancelled and close() with errc::closed, also in a pause; a try that is under way ends as its own calls do, so
/// give them the stop token too. Takes its time from the client's loop. Blocks as f does; not on a loop's thread.
template <class F>
std::invoke_result_t<F&> retry(const client& zk, const retry_rules& rules, const std::stop_token& stop, F f) {
    detail::retry_pauses pauses(zk, rules, stop);
    for (;;) {
        try {
            return f();
        } catch (const error& e) {
            if (!repeats(rules, e) || !pauses.begin()) throw;
        }
        pauses.wait(stop);
    }
}
/// The same without a stop token.
template <class F> std::invoke_result_t<F&> retry(const client& zk, const retry_rules& rules, F f) {
    return retry(zk, rules, std::stop_token(), std::move(f));
}

/// Calls f(), which gives a future, until that succeeds: as retry(), without blocking. The first call is made here, the
/// others on the callback executor, where `again` is called too. What f itself throws, instead of giving a future, ends
/// it. Cancelling the future, its limit or a stop that it was given gives up what f has begun. The deadline does not
/// end a try that is under way.
template <class F> auto async_retry(const client& zk, const retry_rules& rules, F f) -> std::invoke_result_t<F&> {
    using T = typename std::invoke_result_t<F&>::value_type;
    const auto attempts = std::make_shared<detail::attempts_of<T>>(detail::attempts_of<T>{rules});
    const auto attempt = [attempts, f = std::make_shared<F>(std::move(f))] {
        return (*f)().then([attempts](future<T> done) { return attempts->take(std::move(done).result()); });
    };
    return detail::run_attempts(zk, rules, attempt).then([attempts](future<void> done) -> T {
        std::move(done).get();
        if constexpr (std::is_void_v<T>)
            (void)std::move(*attempts->last).value();
        else
            return std::move(*attempts->last).value();
    });
}

} // namespace kazoo

#pragma once
// Many operations of which a bounded number is under way.
#include <kazoo/error.hpp>
#include <kazoo/export.hpp>
#include <kazoo/future.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <functional>
#include <iosfwd>
#include <optional>
#include <stop_token>
#include <type_traits>
#include <utility>
#include <vector>

namespace kazoo {

/// How many operations bulk() keeps under way, and what it does when one fails. Plain data with defaults.
struct bulk_options {
    std::size_t window = 256; ///< at most so many at once; 0 counts as 1
    /// Begin the others although one has failed. Off: what is under way then is waited for, and nothing new begun.
    bool goes_on = true;
    /// Called on the thread of the call, behind each answer, with how many there are so far.
    std::function<void(std::size_t answered)> progress{};
};

/// How many operations succeeded, and why the first of those failed that did not.
struct bulk_result {
    std::size_t succeeded = 0;             ///< operations
    std::size_t failed = 0;                ///< operations; those that were not begun are in neither number
    std::optional<std::size_t> first_at{}; ///< the number of the first one that failed, in the order of the operations
    std::optional<result<void>> first{};   ///< why it did: error(), outcome()

    /// Throws what the first failed operation would have thrown, if one has failed.
    void rethrow() const {
        if (first) first->rethrow();
    }
};
/// Prints "7 succeeded, 2 failed, number 3 first: no node".
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, const bulk_result&);

/// Calls `start(i)`, which gives a future, for i = 0 … count-1 on this thread, and `finish(i, result)` for each answer
/// in the same order, with at most options.window futures open: so memory is bounded, and the connection stays full.
/// One round trip for each window, at best, and as many requests as the operations make. Each operation has its usual
/// limit. A requested `stop` gives up what is under way and throws cancelled_error. What `start` or `finish` throws
/// comes out; what is under way goes on then. Blocks; may be called where client's blocking calls may be.
template <class Start, class Finish>
    requires std::invocable<Finish&, std::size_t,
                            result<typename std::invoke_result_t<Start&, std::size_t>::value_type>>
bulk_result bulk(std::size_t count, Start start, Finish finish, const bulk_options& options = {},
                 const std::stop_token& stop = {}) {
    const std::size_t window = std::max<std::size_t>(options.window, 1);
    std::vector<decltype(start(std::size_t{}))> open(std::min(count, window));
    bulk_result all;
    std::size_t next = 0;
    for (std::size_t done = 0; done < count; ++done) {
        if (!all.first || options.goes_on)
            for (; next < count && next < done + window; ++next) open[next % window] = start(next);
        if (done == next) break;
        auto r = std::move(open[done % window]).result(stop);
        if (!r && r.error() == errc::cancelled && stop.stop_requested()) {
            for (auto& f : open)
                if (f.valid()) f.cancel();
            r.rethrow();
        }
        if (r) {
            ++all.succeeded;
        } else {
            ++all.failed;
            if (!all.first) {
                all.first_at = done;
                all.first.emplace(detail::future_access::failed<void>(detail::future_access::why(r)));
            }
        }
        finish(done, std::move(r));
        if (options.progress) options.progress(done + 1);
    }
    return all;
}
/// The same, where only failures matter.
template <class Start>
bulk_result bulk(std::size_t count, Start start, const bulk_options& options = {}, const std::stop_token& stop = {}) {
    return bulk(count, std::move(start), [](std::size_t, const auto&) {}, options, stop);
}

} // namespace kazoo

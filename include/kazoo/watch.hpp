#pragma once
// Watches as values: a one-shot watch is a future, a persistent one is a stream.
#include <kazoo/future.hpp>
#include <kazoo/types.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>

namespace kazoo {

class gathering;
class tree_cache;
class watch_stream;

namespace detail {
class watch_queue;
class listener;
} // namespace detail

/// What was read, and the future of the one change that the server will report for it.
///
/// The watch survives reconnects: it is set again with the last transaction seen, so that a change made meanwhile is
/// reported too. If the session is lost it fails with errc::session_expired. Dropping `changed` forgets the watch.
template <class T> struct watched {
    T value;                     ///< what was there when the watch was set
    future<watch_event> changed; ///< the one change; get() waits without limit
};

/// Keeps a listener registered. The destructor, reset() and assignment end that: when they return no call is running
/// and none will come. They wait for a call in progress, except when they are called inside it: then none will come
/// after that one. Thread safety: one thread at a time.
class [[nodiscard]] KAZOO_EXPORT subscription {
  public:
    /// No listener.
    subscription() noexcept;
    /// Takes the listener over; the other one has none afterwards.
    subscription(subscription&&) noexcept;
    /// Does as reset(), and takes the other one's listener over.
    subscription& operator=(subscription&&) noexcept;
    ~subscription();
    /// Ends the registration, if there is one.
    void reset() noexcept;

  private:
    friend class client;
    friend class watch_stream;
    friend class gathering;
    friend class tree_cache;
    friend class set_partitioner;
    explicit subscription(detail::ref<detail::listener>) noexcept;

    detail::ref<detail::listener> listener_;
};

/// A persistent watch (addWatch, servers from 3.6): every change of a path, or of all below it, in the server's order.
///
/// After a reconnect, and after a lost session, an event_type::gap comes before anything new: the servers do not tell
/// what happened meanwhile (ZOOKEEPER-4698), so read again what you hold. The destructor ends the watch and never
/// blocks. Thread safety: one thread at a time.
class [[nodiscard]] KAZOO_EXPORT watch_stream {
  public:
    /// No watch: only valid(), assigning and destroying are allowed.
    watch_stream() noexcept;
    /// Takes the watch over; the other one has none afterwards.
    watch_stream(watch_stream&&) noexcept;
    /// Ends the watch that this one has, and takes the other one's over.
    watch_stream& operator=(watch_stream&&) noexcept;
    ~watch_stream();

    /// The next event. Precondition: valid(). Only one may be waited for at a time: another fails with
    /// errc::bad_arguments. Fails with errc::closed when the client is closed, with errc::auth_failed when its
    /// credentials were refused, and with the server's error when it refused to set the watch again. Cancelling it
    /// loses no event; dropping one that has its event already does.
    future<watch_event> async_next();
    /// The blocking twin of async_next(): waits however long. Nothing when `stop` is requested or the client is closed;
    /// throws the other errors of async_next().
    std::optional<watch_event> next(const std::stop_token& stop = {});
    /// Blocks at most `limit`. Nothing if no event came in that time or the client is closed; throws the other errors
    /// of async_next(). A requested `stop` ends it with nothing, too.
    std::optional<watch_event> next_for(time_limit limit, const std::stop_token& stop = {});

    /// Calls f for each event from now on, in order, until the subscription ends: on the callback executor. What f
    /// throws is logged. The stream is used up. When the client is closed there are no more calls; when the servers
    /// refuse the watch that is logged, too. Throws std::bad_alloc, and kazoo::error without a watch.
    subscription on_event(std::function<void(const watch_event&)> f) &&;
    void on_event(const std::function<void(const watch_event&)>&) const& = delete; // used up: std::move(s).on_event(f)

    /// Whether there is a watch, ended or not: false for a stream that was default-constructed or moved from.
    bool valid() const noexcept { return static_cast<bool>(state_); }

  private:
    friend class detail::watch_queue;
    explicit watch_stream(detail::ref<detail::watch_queue>) noexcept;

    detail::ref<detail::watch_queue> state_;
};

} // namespace kazoo

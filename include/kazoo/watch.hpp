#pragma once
// Watches as values: a one-shot watch is a future, a persistent one is a stream.
#include <kazoo/future.hpp>
#include <kazoo/types.hpp>

#include <chrono>
#include <optional>
#include <stop_token>

namespace kazoo {

namespace detail {
class watch_queue;
class listener;
} // namespace detail

/// What was read, and the future of the one change that the server will report for it.
///
/// The watch survives reconnects: it is set again with the last transaction seen, so that a change made meanwhile is
/// reported too. If the session is lost it fails with errc::session_expired. Dropping `changed` forgets the watch.
template <class T> struct watched {
    T value;
    future<watch_event> changed;
};

/// A persistent watch (addWatch, servers from 3.6): every change of a path, or of all below it, in the server's order.
///
/// After a reconnect, and after a lost session, an event_type::gap comes before anything new: the servers do not tell
/// what happened meanwhile (ZOOKEEPER-4698), so read again what you hold. The destructor ends the watch and never
/// blocks. Thread safety: one thread at a time.
class [[nodiscard]] KAZOO_EXPORT watch_stream {
  public:
    watch_stream() noexcept;
    watch_stream(watch_stream&&) noexcept;
    watch_stream& operator=(watch_stream&&) noexcept;
    ~watch_stream();

    /// The next event. Only one may be waited for at a time: another fails with errc::bad_arguments. Fails with
    /// errc::closed when the client is closed and with the server's error when it refused to set the watch again.
    /// Cancelling it loses no event.
    future<watch_event> async_next();
    /// Blocks until the next event, however long; nothing when `stop` is requested or the client is closed.
    std::optional<watch_event> next(const std::stop_token& stop = {});
    /// Blocks at most `limit`; nothing if no event came or the client is closed.
    std::optional<watch_event> next_for(detail::time_limit limit);

    bool valid() const noexcept { return static_cast<bool>(state_); }
    /// For the library.
    explicit watch_stream(detail::ref<detail::watch_queue>) noexcept;

  private:
    detail::ref<detail::watch_queue> state_;
};

/// Keeps a registration alive. The destructor ends it: when it returns no call is running and none will come, except
/// when it is called from inside the callback itself (then none will come after that one).
class [[nodiscard]] KAZOO_EXPORT subscription {
  public:
    subscription() noexcept;
    subscription(subscription&&) noexcept;
    subscription& operator=(subscription&&) noexcept;
    ~subscription();
    void reset() noexcept;
    explicit subscription(detail::ref<detail::listener>) noexcept;

  private:
    detail::ref<detail::listener> listener_;
};

} // namespace kazoo

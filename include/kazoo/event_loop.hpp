#pragma once
// The thread that runs clients, and the place where user code runs.
#include <kazoo/export.hpp>

#include <functional>
#include <memory>

namespace kazoo {

namespace detail {
class loop;
struct loop_access;
} // namespace detail

/// Where watch callbacks, listeners, continuations and user coroutines run. Replace it to run them on your own threads.
///
/// A client hands over one piece of work at a time and the next one only after that returned, so its callbacks run in
/// order however many threads the executor has.
class KAZOO_EXPORT executor {
  public:
    virtual ~executor() = default;
    /// Runs `work` once, soon, on any thread that may block; not inside this call. (inline_executor() is the exception
    /// to both.) Called from any thread. If it throws, the work counts as not taken and comes again a little later, up
    /// to eight times in a row. Work that is dropped loses the client's callbacks from then on.
    virtual void execute(std::function<void()> work) = 0;
};

/// For client_options::callback_executor: callbacks run on the loop's own thread, between its other work. That saves a
/// change of threads for each, and has limits: while one runs, all sessions of that loop stand still (a long one costs
/// them their connections), and blocking calls in it throw would_deadlock_error. Always the same object; runs what it
/// is given in the call if others than a client use it. Any thread.
KAZOO_EXPORT const std::shared_ptr<executor>& inline_executor();

/// An event loop: a thread for sessions and sockets, one for callbacks, and one for the callbacks of stop tokens.
/// Several clients may share one through client_options::loop. It ends with the last client and the last reference to
/// it. Thread-safe.
class KAZOO_EXPORT event_loop {
  public:
    /// Starts its threads, which take no signals but those they cause themselves. Throws std::system_error when the
    /// system is out of threads, descriptors or random numbers, and std::bad_alloc.
    event_loop();
    event_loop(const event_loop&) = delete;
    event_loop& operator=(const event_loop&) = delete;
    ~event_loop();

  private:
    friend struct detail::loop_access;
    explicit event_loop(std::unique_ptr<detail::loop>) noexcept;

    std::unique_ptr<detail::loop> loop_;
};

} // namespace kazoo

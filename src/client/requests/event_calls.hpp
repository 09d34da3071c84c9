#pragma once
// A stream of events that calls a function instead of being asked.
#include "client/listener.hpp"
#include "client/requests/watch_states.hpp"

#include <functional>

namespace kazoo::detail {

/// Fetches one event after another and calls the function with each, on the callback executor.
class event_calls final : public listener_for<watch_event>, continuation, job {
  public:
    event_calls(core&, ref<watch_queue>, std::function<void(const watch_event&)>);
    /// Asks for the next event.
    void wait() noexcept;
    void end() noexcept override;

  private:
    static void arrived(continuation*) noexcept;
    static void run_job(job*) noexcept;
    void tell(watch_event) noexcept;
    void report(std::string_view what) noexcept;

    const ref<core> owner_;
    const ref<watch_queue> queue_;
    ref<shared_state<watch_event>> next_;
};

} // namespace kazoo::detail

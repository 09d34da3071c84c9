#pragma once
// One client's user callbacks, in order: jobs are handed to the executor one drain at a time.
#include "util/backoff.hpp"
#include "util/mutex.hpp"

#include <kazoo/detail/shared_state.hpp>
#include <kazoo/event_loop.hpp>

namespace kazoo::detail {

/// Thread-safe. `owner` is kept alive while a drain is under way.
class callback_fifo {
  public:
    /// Runs on the owner's loop if there is no executor.
    callback_fifo(context& owner, executor* runs_on) noexcept;
    /// An order of its own on the same executor: what takes long here delays nobody there, if the executor has another
    /// thread. `main` outlives this.
    callback_fifo(context& owner, const callback_fifo& main) noexcept;

    void post(job&) noexcept KAZOO_EXCLUDES(mutex_);
    /// Whether the calling thread is in a callback of this one, or of one that was made beside it.
    bool on_this_thread() const noexcept;

  private:
    void hand_over() noexcept;
    void drain_on_loop() noexcept;
    void try_later() noexcept;
    void plan_retry() noexcept;
    void retry() noexcept;
    void start_small() noexcept;
    void drain() noexcept KAZOO_EXCLUDES(mutex_);

    context& owner_;
    executor* const executor_;
    const callback_fifo* const main_;
    bound_job<&callback_fifo::drain_on_loop> drain_{*this};
    bound_job<&callback_fifo::plan_retry> plan_retry_{*this};
    bound_job<&callback_fifo::retry> retry_{*this};
    unsigned failures_ = 0; ///< in a row; these two belong to whoever hands over
    util::backoff pauses_;
    util::mutex mutex_;
    job* first_ KAZOO_GUARDED_BY(mutex_) = nullptr;
    job* last_ KAZOO_GUARDED_BY(mutex_) = nullptr;
    bool draining_ KAZOO_GUARDED_BY(mutex_) = false;
};

} // namespace kazoo::detail

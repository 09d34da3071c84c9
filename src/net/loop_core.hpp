#pragma once
// What the loop's thread runs. Shared with that thread and with the streams, because each of them may be the last.
#include "loop/loop.hpp"
#include "net/alarm.hpp"
#include "net/asio.hpp"
#include "net/exit_wait.hpp"
#include "net/job_queue.hpp"
#include "net/lookup.hpp"
#include "net/operation_memory.hpp"
#include "net/thread.hpp"
#include "net/timer_queue.hpp"
#include "util/mutex.hpp"

#include <map>
#include <string>
#include <vector>

namespace kazoo::net {

class loop_core : public std::enable_shared_from_this<loop_core> {
  public:
    explicit loop_core(lookup_function);
    loop_core(const loop_core&) = delete;
    loop_core& operator=(const loop_core&) = delete;

    /// Throws std::system_error. Until then nothing runs.
    void start(std::shared_ptr<ending_loop>) KAZOO_EXCLUDES(mutex_);

    // -- any thread ---------------------------------------------------------------------------------------------------
    static bool on_loop_thread() noexcept;
    bool is_current() const noexcept;
    bool forked() const noexcept { return generation_ != fork_generation(); }
    void post(detail::job& j) noexcept KAZOO_EXCLUDES(mutex_) { try_post(j); }
    /// False: dropped.
    bool try_post(detail::job&) noexcept KAZOO_EXCLUDES(mutex_);
    /// Jobs posted before this still run, later ones are dropped, timers and answers too. Returns when the thread has
    /// ended, unless this is the thread.
    void stop() noexcept KAZOO_EXCLUDES(mutex_);

    // -- on the loop --------------------------------------------------------------------------------------------------
    detail::timer_id start_timer(time_point when, detail::job&);
    /// Whoever asks for a name that is being looked up gets the answer of that look-up.
    void resolve(const std::string& host, detail::loop::resolved);
    bool cancel_timer(detail::timer_id id) noexcept { return timers_.cancel(id); }
    kazoo_asio::io_context& io() noexcept { return io_; }

  private:
    struct answer;

    void run() noexcept KAZOO_EXCLUDES(mutex_);
    void wake() noexcept;
    void run_posted() noexcept KAZOO_EXCLUDES(mutex_);
    void arm_timer() noexcept;
    void run_timers() noexcept;
    void finish_lookup(answer&) noexcept;

    const std::uint64_t generation_ = fork_generation();
    const lookup_function lookup_;
    operation_memory wake_memory_, alarm_memory_;
    kazoo_asio::io_context io_{1};

    util::mutex mutex_;
    job_queue posted_ KAZOO_GUARDED_BY(mutex_);
    bool awake_ KAZOO_GUARDED_BY(mutex_) = false; ///< run_posted() is on its way
    bool stopping_ KAZOO_GUARDED_BY(mutex_) = false;
    thread thread_; ///< started under mutex_, ended after `stopping_`

    // On the loop only.
    timer_queue timers_;
    alarm alarm_{io_, alarm_memory_};
    time_point armed_ = never; ///< when the alarm rings; a cancelled timer leaves it, it then rings for nothing
    bool stopped_ = false;
    std::map<std::string, std::vector<detail::loop::resolved>> resolving_; ///< who waits for which name
};

} // namespace kazoo::net

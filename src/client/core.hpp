#pragma once
// What all handles of one client share: the submit queue, the callbacks, the state, and the driver on the loop.
#include "client/callback_fifo.hpp"
#include "client/driver.hpp"
#include "client/grants.hpp"
#include "client/log_gate.hpp"
#include "client/operation_counters.hpp"
#include "client/repeated_lines.hpp"
#include "client/session_board.hpp"
#include "client/submit_queue.hpp"
#include "loop/loop_access.hpp"
#include "session/session.hpp"
#include "task/task_host.hpp"

#include <kazoo/options.hpp>
#include <kazoo/servers.hpp>

#include <atomic>
#include <memory>
#include <string>

namespace kazoo::detail {

/// Two counts: user handles (the last one gone begins close) and memory (handles, the loop until closed, unfinished
/// futures and tasks).
class core final : public ref_counted<core, task_host> {
  public:
    static ref<core> start(session::config, client_options, std::vector<std::shared_ptr<session::credential>>);
    core(const core&) = delete;
    core& operator=(const core&) = delete;

    // -- counts -------------------------------------------------------------------------------------------------------
    void add_handle() noexcept { handles_.fetch_add(1, std::memory_order_relaxed); }
    void drop_handle() noexcept;

    // -- context ------------------------------------------------------------------------------------------------------
    void post(job& j) noexcept override { callbacks_.post(j); }
    void post_to_loop(job& j) noexcept override { loop().post(j); }
    std::uint64_t start_timer(std::chrono::nanoseconds delay, job& j) noexcept override;
    bool cancel_timer(std::uint64_t t) noexcept override { return loop().cancel_timer(t); }
    std::chrono::nanoseconds operation_limit() const noexcept override { return options_.operation_timeout; }
    errc may_block(bool for_executor) const noexcept override;
    std::string why_no_connection() const override;
    bool pump(shared_state_base&, std::chrono::nanoseconds limit, const std::stop_token&) noexcept override;

    // -- any thread ---------------------------------------------------------------------------------------------------
    /// Encodes the request and puts it into the queue, or fails it before this returns.
    template <class Encode> void submit(queued_request& r, encoded where, Encode&& encode) {
        r.retain_request(); // until it has completed
        submit_queue::verdict verdict{errc::forked, false};
        try {
            if (!loop().forked()) verdict = queue_.push(r, where, std::forward<Encode>(encode));
        } catch (...) { // out of memory: it is not in the queue
            r.release_request();
            throw;
        }
        if (verdict.refused != errc{}) r.on_failure(verdict.refused, outcome::not_applied);
        if (verdict.wake_loop) wake();
    }
    /// True if the request was still waiting: it will not be sent.
    bool withdraw(queued_request& r) noexcept { return !loop().forked() && queue_.withdraw(r); }
    /// Why nothing new is accepted; errc{} if it is.
    errc refusing() const noexcept override { return loop().forked() ? errc::forked : queue_.refusing(); }
    /// Whether what waits may be sent in the next session, unless it belongs to this one.
    bool carries_over(bool write) const noexcept {
        return options_.carried_over == carry_over::reads_and_writes ||
               (options_.carried_over == carry_over::reads && !write);
    }
    void add_credential(std::shared_ptr<session::credential>);
    void remove_credential(std::string scheme, std::string secret);
    void set_hosts(std::vector<session::host_port>);
    void take_hosts(std::vector<session::host_port>);
    /// Of the host string that the client was made with: "" or "/a/b".
    const std::string& first_chroot() const noexcept { return first_chroot_; }
    operation_counters& counters() noexcept { return operations_; }
    client_metrics metrics() const;
    /// What the user's tracer gave for an operation that begins; 0 without one.
    std::uint64_t trace(std::string_view operation, std::string_view path) noexcept {
        return traces() ? begin_trace({operation, path}) : 0;
    }
    void end_trace(std::uint64_t begun, const traced_end& end) noexcept {
        if (traces()) tell_end(begun, end);
    }
    ref<shared_state<void>> close();
    ref<shared_state<session_ticket>> detach();
    /// False: that was begun before.
    bool begin_close() noexcept KAZOO_EXCLUDES(close_mutex_) { return begin_ending({}); }
    void log(log_level level, std::string_view line) noexcept { log_.write(level, line); }
    /// That `who`, somebody else's code, threw what is being handled.
    void log_exception(std::string_view who) noexcept;
    void set_log_threshold(log_level);
    bool on_callback_thread() const noexcept;
    /// For others beside it.
    const callback_fifo& callbacks() const noexcept { return callbacks_; }

    detail::loop& loop() const noexcept override { return loop_access::loop_of(*loop_); }
    session_board& board() noexcept { return board_; }
    submit_queue& queue() noexcept { return queue_; }
    detail::driver& driver() noexcept { return *driver_; }

    // -- on the loop --------------------------------------------------------------------------------------------------
    /// The hosts are the members of this configuration from now on.
    void follow(const ensemble_config&);
    void publish_counts(const session::session& s) noexcept {
        gauges_.in_flight.set(s.pending());
        gauges_.watches.set(s.watches());
        gauges_.events.set(s.events());
    }
    /// Where every connection of the client begins.
    std::unique_ptr<byte_stream> connect(const util::endpoint& to, byte_stream_events& events) {
        return loop().connect(to, to.tls ? tls_ : nullptr, events);
    }
    /// How every connection is authenticated, if it is.
    std::unique_ptr<sasl_exchange> authenticate(const util::endpoint& at) { return loop().authenticate(at, sasl_); }
    bool all_by_tls() const noexcept { return options_.tls.has_value(); }
    void on_closed() noexcept;
    /// Our side of the session ends, and it stays at the servers.
    void on_detached(const session::identity&) noexcept;
    /// Log lines carry the id of the new session, unless the client has a name.
    void name_after(session_id) noexcept;
    /// For the log that goes to standard error: when lines that repeated themselves are to be told, and doing so.
    time_point log_due() const noexcept { return to_stderr_ ? to_stderr_->due() : never; }
    void summarise_log(time_point now) noexcept;
    void end_log() noexcept;
    /// Grants that last as long as the session is certain, and grants that last until it is over for us.
    grants& certain_grants() noexcept { return certain_grants_; }
    grants& session_grants() noexcept { return session_grants_; }
    /// Who looks after what servers may not tell, if anybody does (recipe/parts/patrol.hpp).
    std::weak_ptr<void>& patrol() noexcept { return patrol_; }

  private:
    core(session::config, client_options, std::shared_ptr<event_loop>);
    ~core() override;
    friend class ref_counted<core, task_host>; // destroys it
    static executor* executor_of(const client_options&, detail::loop&) noexcept;
    void wake() noexcept;
    void start_driver() noexcept;
    void turn() noexcept;
    void close_driver() noexcept;
    bool give_up_count() noexcept;
    void count_what_is_under_way() noexcept;
    /// False: that had begun before.
    bool begin_ending(ref<shared_state<session_ticket>> detacher) noexcept KAZOO_EXCLUDES(close_mutex_);

    /// Where the client is between its first close() and its end.
    enum class ending : std::uint8_t {
        no,
        begun,
        done
    };

    log_sink default_sink();
    /// In a forked child somebody may have held the tracer's locks.
    bool traces() const noexcept { return tracer_ != nullptr && !loop().forked(); }
    std::uint64_t begin_trace(const traced_operation&) noexcept;
    void tell_end(std::uint64_t begun, const traced_end&) noexcept;

    client_options options_;
    const std::string first_chroot_;
    operation_tracer* const tracer_; ///< that of the options
    const std::shared_ptr<const tls_options> tls_;
    const std::shared_ptr<sasl_means> sasl_; ///< empty: no SASL
    std::shared_ptr<event_loop> loop_;
    std::shared_ptr<repeated_lines> to_stderr_; ///< if there is no other sink
    log_gate log_;
    std::atomic<std::uint32_t> handles_{0};
    submit_queue queue_;
    callback_fifo callbacks_;
    session_board board_;
    /// Written when the clocks are published: at the end of each turn, and with a change of state.
    struct gauges {
        util::tally in_flight, watches, events;
    };
    gauges gauges_;
    operation_counters operations_;
    const std::shared_ptr<session::counters> session_counters_;
    std::unique_ptr<detail::driver> driver_;
    bool over_ = false; ///< on_closed() was called. On the loop only

    std::atomic<bool> wake_posted_{false};
    std::vector<std::shared_ptr<session::credential>> first_credentials_;
    bound_job<&core::start_driver> start_{*this};
    bound_job<&core::turn> wake_{*this};
    bound_job<&core::close_driver> close_{*this};
    util::mutex close_mutex_;
    ending ending_ KAZOO_GUARDED_BY(close_mutex_) = ending::no;
    std::vector<ref<shared_state<void>>> closers_ KAZOO_GUARDED_BY(close_mutex_);
    ref<shared_state<session_ticket>> detacher_ KAZOO_GUARDED_BY(close_mutex_); ///< set: the session is to stay
    session_ticket left_; ///< what a detacher gets, when all else is over
    grants certain_grants_, session_grants_;
    std::weak_ptr<void> patrol_;
};

} // namespace kazoo::detail

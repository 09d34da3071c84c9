#pragma once
// The seam between the client and the world: clocks, timers, streams, names, threads. The real one is src/net; the
// other one is simulated. "On the loop" means: called by the loop, never two at a time.
#include "loop/byte_stream.hpp"
#include "loop/sasl_exchange.hpp"
#include "util/clock.hpp"
#include "util/endpoint.hpp"
#include "util/undying.hpp"

#include <kazoo/detail/shared_state.hpp>
#include <kazoo/event_loop.hpp>
#include <kazoo/export.hpp>
#include <kazoo/tls.hpp>
#include <kazoo/types.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace kazoo::detail {

using timer_id = std::uint64_t; ///< 0 is no timer

/// Clients that close in the background. Thread-safe; lives until the end of the process.
class closing_watch {
  public:
    virtual ~closing_watch() = default;
    virtual void begin() noexcept {}
    /// With the loop of what was closed. What still runs on its executor may be the last to keep it.
    virtual void end(std::shared_ptr<event_loop>) noexcept {}
    /// To be called when the last handle of a client is gone: at the end of the process nobody else waits for the
    /// client, so this does, for a moment.
    virtual void wait_if_process_ends() noexcept {}
};

class KAZOO_EXPORT loop {
  public:
    loop() = default;
    loop(const loop&) = delete;
    loop& operator=(const loop&) = delete;
    virtual ~loop() = default;

    // -- any thread ---------------------------------------------------------------------------------------------------
    virtual time_point now() const noexcept = 0;
    /// What a clock on the wall shows: it may be wrong, and be set. For what people and other machines are told.
    virtual std::chrono::system_clock::time_point wall_clock() const noexcept = 0;
    /// Runs the job on the loop, in the order of the posts. The job must live until then.
    virtual void post(job&) noexcept = 0;
    /// Requests stop on the signal thread: request_stop() runs user code.
    virtual void signal(std::stop_source) noexcept = 0;
    /// Where user code runs unless client_options::callback_executor says otherwise.
    virtual executor& default_executor() noexcept = 0;
    virtual std::uint64_t entropy() noexcept = 0;
    /// Whether the calling thread runs this or another loop: it must not block.
    virtual bool on_loop_thread() const noexcept = 0;
    virtual bool on_signal_thread() const noexcept = 0;
    /// Whether the calling thread is the one of default_executor(): what needs that executor cannot be waited for
    /// there.
    virtual bool on_default_executor() const noexcept = 0;
    /// True in a child of the process that made the loop: nothing will ever run here.
    virtual bool forked() const noexcept = 0;
    virtual closing_watch& closings() noexcept;
    /// A simulated loop runs the world until `done(arg)` or until `limit` of its time has passed, and returns true. A
    /// real one returns false: the caller blocks its thread.
    virtual bool pump(bool (*done)(void*), void* arg, duration limit) noexcept = 0;

    // -- on the loop --------------------------------------------------------------------------------------------------
    /// Runs the job at `when` or soon after. The job must live until then or until cancel().
    virtual timer_id start_timer(time_point when, job&) noexcept = 0;
    /// False: the job has run or is running.
    virtual bool cancel_timer(timer_id) noexcept = 0;
    /// Starts opening a connection to the endpoint's address or socket. With settings it is one by TLS: opened when
    /// hands are shaken, with whoever can show that he is the endpoint's host.
    virtual std::unique_ptr<byte_stream> connect(const util::endpoint&, std::shared_ptr<const tls_options>,
                                                 byte_stream_events&) = 0;
    /// Looks a name up without blocking; calls back on the loop with numeric addresses, or an error and none. Whoever
    /// asks for a name that is being looked up gets the answer to that.
    using resolved = std::function<void(std::error_code, std::vector<std::string>)>;
    virtual void resolve(const std::string& host, resolved) = 0;
    /// Begins to authenticate at the endpoint's host; empty: this world has no SASL.
    virtual std::unique_ptr<sasl_exchange> authenticate(const util::endpoint&, std::shared_ptr<sasl_means>);
};

inline std::unique_ptr<sasl_exchange> loop::authenticate(const util::endpoint&, std::shared_ptr<sasl_means>) {
    return nullptr;
}

inline closing_watch& loop::closings() noexcept {
    static const util::undying<closing_watch> nobody_waits;
    return nobody_waits.get();
}

} // namespace kazoo::detail

#include "client/core.hpp"

#include "client/config_follower.hpp"
#include "client/url_options.hpp"
#include "loop/post.hpp"
#include "task/task_scope.hpp"

#include <algorithm>
#include <new>

namespace kazoo::detail {

namespace {

class detach_state final : public shared_state<session_ticket> {
  public:
    using shared_state::shared_state;
    std::string_view operation() const noexcept override { return "detach"; }
    outcome on_abandoned() noexcept override { return outcome::unknown; } // it goes on
};

class close_state final : public shared_state<void> {
  public:
    using shared_state::shared_state;
    std::string_view operation() const noexcept override { return "close"; }
};

std::string first_host(const session::host_spec& s) {
    if (s.hosts.empty()) return {};
    const session::host_port& first = s.hosts.front();
    const std::string name = first.is_socket() ? "unix:" + first.host : first.host + ":" + std::to_string(first.port);
    return name + (s.hosts.size() > 1 ? ",\u2026" : "");
}

} // namespace

ref<core> core::start(session::config config, client_options opts,
                      std::vector<std::shared_ptr<session::credential>> credentials) {
    auto loop = opts.loop ? opts.loop : std::make_shared<event_loop>();
    config.seed = loop_access::loop_of(*loop).entropy();
    ref<core> c(new core(std::move(config), std::move(opts), std::move(loop)));
    c->retain(); // the loop's, until on_closed()
    c->first_credentials_ = std::move(credentials);
    c->loop().post(c->start_);
    return c;
}

/// Where the callbacks run; null: on the loop.
executor* core::executor_of(const client_options& o, detail::loop& l) noexcept {
    if (!o.callback_executor) return &l.default_executor();
    return o.callback_executor == inline_executor() ? nullptr : o.callback_executor.get();
}

core::core(session::config config, client_options opts, std::shared_ptr<event_loop> loop)
    : options_(std::move(opts)),
      first_chroot_(config.hosts.chroot),
      tracer_(options_.tracer.get()),
      tls_(std::make_shared<tls_options>(options_.tls.value_or(tls_options{}))),
      sasl_(options_.sasl ? std::make_shared<sasl_means>(*options_.sasl) : nullptr),
      loop_(std::move(loop)),
      to_stderr_(options_.log.write ? nullptr : std::make_shared<repeated_lines>(&print_to_stderr)),
      log_(to_stderr_ ? default_sink() : std::exchange(options_.log, {}),
           options_.name.empty() ? first_host(config.hosts) : options_.name),
      queue_({options_.max_waiting_requests, options_.max_waiting_bytes, options_.max_request_bytes}, &this->loop()),
      callbacks_(*this, executor_of(options_, this->loop())),
      board_(this->loop().now()),
      session_counters_(config.count),
      driver_(nullptr) {
    board_.set_hosts(to_string(config.hosts.hosts));
    driver_ = std::make_unique<detail::driver>(*this, std::move(config));
}

core::~core() = default;

void core::wake() noexcept {
    if (wake_posted_.exchange(true)) return;
    retain(); // until turn()
    loop().post(wake_);
}

// -- its jobs on the loop ---------------------------------------------------------------------------------------------

void core::start_driver() noexcept { driver_->start(std::exchange(first_credentials_, {})); }

void core::turn() noexcept {
    wake_posted_.store(false);
    if (give_up_count()) driver_->turn();
}

/// Of a job on the loop, ahead of its work: that may end the session, and closing_watch::end() should find nothing on
/// the loop that still keeps the client. False: the session was over already, and this may be destroyed.
bool core::give_up_count() noexcept {
    const bool goes_on = !over_;
    release();
    return goes_on;
}

void core::close_driver() noexcept {
    certain_grants_.doubt_all();
    session_grants_.doubt_all();
    end_tasks(errc::closed);
    bool session_stays = false;
    {
        const util::lock_guard lock(close_mutex_);
        session_stays = static_cast<bool>(detacher_);
    }
    if (!give_up_count()) return;
    if (session_stays)
        driver_->begin_detach(options_.close_timeout);
    else
        driver_->begin_close(options_.close_timeout);
}

// -- any thread -------------------------------------------------------------------------------------------------------

void core::drop_handle() noexcept {
    // What other threads were changing at the moment of the fork can be neither used nor destroyed here.
    if (loop().forked()) return;
    if (handles_.fetch_sub(1, std::memory_order_acq_rel) > 1) return release();
    const bool on_loop = loop().on_loop_thread(); // it must not wait for itself
    log_.shut(!on_loop);                          // what the sink refers to may end with the handle
    closing_watch& closings = loop().closings();
    const bool was_closed = !begin_close();
    if (was_closed && !on_loop && is_shared()) count_what_is_under_way();
    release();
    if (!on_loop) closings.wait_if_process_ends();
}

/// Of a client that was closed before: a job that somebody has posted to the loop may be the last that keeps it, and is
/// waited for at the end of the process as a closing is.
void core::count_what_is_under_way() noexcept {
    closing_watch& closings = loop().closings();
    closings.begin();
    try {
        post_to(loop(), [&closings, kept = loop_]() mutable { closings.end(std::move(kept)); });
    } catch (const std::bad_alloc&) {
        closings.end(loop_);
    }
}

std::uint64_t core::start_timer(std::chrono::nanoseconds delay, job& j) noexcept {
    return loop().start_timer(saturating_add(loop().now(), delay), j);
}

errc core::may_block(bool for_executor) const noexcept {
    if (loop().forked()) return errc::forked;
    if (loop().on_loop_thread()) return errc::would_deadlock;
    const bool default_executor = !options_.callback_executor;
    if (for_executor && (callbacks_.on_this_thread() || (default_executor && loop().on_default_executor())))
        return errc::would_deadlock;
    return errc{};
}

client_metrics core::metrics() const {
    client_metrics m;
    operations_.read(m);
    const auto copy = [](const util::duration_tally& from, duration_histogram& to) {
        for (std::size_t i = 0; i < to.counts.size(); ++i) to.counts[i] = from.count(i);
        to.sum = from.sum();
    };
    copy(queue_.waits(), m.queue_wait);
    const session::counters& s = *session_counters_;
    copy(s.round_trip.published(), m.round_trip);
    m.bytes_sent = s.bytes_sent.get();
    m.bytes_received = s.bytes_received.get();
    m.in_flight = gauges_.in_flight.get();
    m.connections = s.connections.get();
    m.failed_attempts = s.failed_attempts.get();
    for (std::size_t i = 0; i < m.disconnects.size(); ++i) m.disconnects[i] = s.disconnects[i].get();
    m.sessions = s.sessions.get();
    m.sessions_lost = s.sessions_lost.get();
    m.watches = gauges_.watches.get();
    m.events = gauges_.events.get();
    m.state = board_.state();
    if (loop().forked()) return m; // somebody may have held a lock
    m.waiting = queue_.size();
    const auto [state, since] = board_.state_and_since();
    m.state = state;
    m.in_state = loop().now() - since;
    return m;
}

std::uint64_t core::begin_trace(const traced_operation& o) noexcept {
    try {
        return tracer_->begun(o);
    } catch (...) {
        log_exception("a tracer");
        return 0;
    }
}

void core::tell_end(std::uint64_t begun, const traced_end& end) noexcept {
    try {
        tracer_->ended(begun, end);
    } catch (...) {
        log_exception("a tracer");
    }
}

void core::log_exception(std::string_view who) noexcept {
    const auto tell = [&](std::string_view what) {
        try {
            log(log_level::warn, std::string(who) + " threw: " + std::string(what));
        } catch (const std::bad_alloc&) {
            log(log_level::warn, who);
        }
    };
    try {
        throw;
    } catch (const std::exception& e) {
        tell(e.what());
    } catch (...) {
        tell("something that is no std::exception");
    }
}

std::string core::why_no_connection() const {
    return loop().forked() ? std::string() : board_.why_no_connection(loop().now());
}

bool core::pump(shared_state_base& s, std::chrono::nanoseconds limit, const std::stop_token& stop) noexcept {
    struct waiting {
        shared_state_base& state;
        const std::stop_token& stop;
    } w{s, stop};
    const auto done = [](void* arg) {
        const auto& self = *static_cast<waiting*>(arg);
        return self.state.ready() || self.stop.stop_requested();
    };
    return loop().pump(done, &w, limit);
}

// -- its log ----------------------------------------------------------------------------------------------------------

log_sink core::default_sink() {
    return {options_.log.threshold, [lines = to_stderr_, &l = loop()](log_level level, std::string_view line) {
                lines->write(level, line, l.now());
            }};
}

void core::set_hosts(std::vector<session::host_port> hosts) {
    if (loop().forked()) return;
    reach_as_said(hosts, options_);
    {
        const util::lock_guard lock(close_mutex_);
        if (ending_ != ending::no) return;
        board_.set_hosts(to_string(hosts));
    }
    post_to(loop(), [self = ref<core>::share(this), hosts = std::move(hosts)]() mutable {
        self->take_hosts(std::move(hosts));
    });
}

/// On the loop. What others said meanwhile may be on the board: the last one that is taken counts.
void core::take_hosts(std::vector<session::host_port> hosts) {
    board_.set_hosts(to_string(hosts));
    driver_->set_hosts(std::move(hosts));
}

void core::follow(const ensemble_config& config) {
    constexpr std::string_view problem = "the configuration cannot be followed: ";
    const auto addresses = client_addresses(config);
    if (!addresses) return log(log_level::warn, std::string(problem) + "it does not say where clients connect");
    auto hosts = driver_->session().named(*addresses);
    if (!hosts)
        return log(log_level::warn,
                   std::string(problem) + "it names neither sockets nor the ports of these hosts by TLS");
    take_hosts(std::move(*hosts));
}

void core::set_log_threshold(log_level level) {
    log_.set_threshold(level);
    post_to(loop(), [self = ref<core>::share(this), level] { self->driver_->set_log_threshold(level); });
}

void core::name_after(session_id id) noexcept {
    try {
        if (options_.name.empty()) log_.set_name(to_string(id));
    } catch (const std::bad_alloc&) { // then it keeps its old name
    }
}

void core::end_log() noexcept {
    try {
        if (to_stderr_) to_stderr_->end(loop().now());
    } catch (const std::bad_alloc&) { // a log that cannot be written must not take the session down
    }
}

void core::summarise_log(time_point now) noexcept {
    try {
        if (to_stderr_ && to_stderr_->due() <= now) to_stderr_->summarise(now);
    } catch (const std::bad_alloc&) { // a log that cannot be written must not take the session down
    }
}

// -- any thread, again ------------------------------------------------------------------------------------------------

void core::add_credential(std::shared_ptr<session::credential> c) {
    post_to(loop(), [self = ref<core>::share(this), c = std::move(c)]() mutable {
        self->driver_->add_credential(std::move(c));
    });
}

void core::remove_credential(std::string scheme, std::string secret) {
    if (loop().forked()) return;
    post_to(loop(), [self = ref<core>::share(this), scheme = std::move(scheme), secret = std::move(secret)] {
        self->driver_->remove_credential(scheme, secret);
    });
}

bool core::on_callback_thread() const noexcept {
    return callbacks_.on_this_thread() || loop().on_default_executor() || loop().on_loop_thread() ||
           loop().on_signal_thread();
}

ref<shared_state<void>> core::close() {
    ref<shared_state<void>> closed(new close_state(*this));
    bool done = loop().forked(); // there no lock may be taken: a thread that is not in this process may hold it
    if (!done) {
        const util::lock_guard lock(close_mutex_);
        done = ending_ == ending::done;
        if (!done) closers_.push_back(closed);
    }
    if (!done)
        begin_close();
    else if (closed->claim())
        closed->publish(unit{});
    return closed;
}

ref<shared_state<session_ticket>> core::detach() {
    ref<shared_state<session_ticket>> detached(new detach_state(*this));
    const errc reason = loop().forked() ? errc::forked : errc::closed;
    const bool begun = reason != errc::forked && begin_ending(detached);
    if (!begun && detached->claim()) detached->publish_failure(reason);
    return detached;
}

/// Needs no memory: the destructor of the last handle must not fail.
bool core::begin_ending(ref<shared_state<session_ticket>> detacher) noexcept {
    {
        const util::lock_guard lock(close_mutex_);
        if (ending_ != ending::no) return false;
        ending_ = ending::begun;
        detacher_ = std::move(detacher);
        loop().closings().begin();
    }
    queue_.refuse(errc::closed);
    retain(); // until close_driver()
    loop().post(close_);
    return true;
}

void core::on_detached(const session::identity& left) noexcept {
    left_ = {left.id, left.password, left.negotiated_timeout};
}

void core::on_closed() noexcept {
    end_log(); // whoever waits for the end has heard all then
    std::vector<ref<shared_state<void>>> closers;
    ref<shared_state<session_ticket>> detacher;
    bool was_asked = false;
    {
        const util::lock_guard lock(close_mutex_);
        was_asked = std::exchange(ending_, ending::done) == ending::begun;
        closers.swap(closers_);
        detacher = std::move(detacher_);
    }
    if (detacher && detacher->claim()) {
        if (left_.id == session_id::none)
            detacher->publish_failure(errc::connection_loss); // there was none, or it was lost meanwhile
        else
            detacher->publish(left_);
    }
    for (const auto& c : closers)
        if (c->claim()) c->publish(unit{});
    closers.clear(); // they keep the client, too: none may be the last to do so behind closing_watch::end()
    detacher.reset();
    over_ = true;
    closing_watch& closings = loop().closings();
    std::shared_ptr<event_loop> kept = loop_;
    release(); // the loop's
    if (was_asked) closings.end(std::move(kept));
}

} // namespace kazoo::detail

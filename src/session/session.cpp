#include "session/session.hpp"

#include "session/session_impl.hpp"
#include "util/duration_text.hpp"

#include <algorithm>
#include <cassert>

namespace kazoo::session {

// -- timers -----------------------------------------------------------------------------------------------------------

void session::impl::advance(time_point now) {
    now_ = std::max(now_, now);
    while (run_one_timer()) {
    }
}

bool session::impl::run_one_timer() {
    if (now_ >= certainty_.over_at()) {
        end_certainty();
        return true;
    }
    if (now_ >= session_limit()) {
        lose_session("its lease ended");
        return true;
    }
    switch (phase_) {
    case phase::idle:
    case phase::over: return false;
    case phase::resolving:
        if (now_ < limit_) return run_opening_timer();
        stop_resolving();
        return true;
    case phase::waiting:
        if (now_ < limit_) return false;
        begin_round();
        return true;
    case phase::connecting:
    case phase::handshaking: return run_opening_timer();
    case phase::sasl: return false;
    case phase::authenticating:
    case phase::restoring:
    case phase::ready: break;
    }
    if (ping_wanted() && now_ >= lease_.ping_due()) {
        send_ping();
        return true;
    }
    if (searches() && now_ >= search_.due()) {
        run_search_timer();
        return true;
    }
    if (const certainty::step due = certainty_.due(now_); pairs_run() && due != certainty::step::wait) {
        send_half_pair(due);
        return true;
    }
    return false;
}

/// `read_until` may be long ago: if the process slept, the answer may wait in the socket.
void session::impl::judge_peer(time_point read_until) {
    if (phase_ == phase::handshaking && read_until >= limit_) {
        round_.note_late();
        const std::string limit = " within " + util::to_text(limit_ - tried_since_);
        return connection_ended(why_no_answer(std::string(no_answer) + limit), disconnect::silence);
    }
    if (phase_ == phase::sasl && read_until >= limit_) {
        round_.note_late();
        const std::string limit = " within " + util::to_text(limit_ - tried_since_);
        return connection_ended(std::string(sasl_waits_for()) + limit, disconnect::silence);
    }
    if (!established() || read_until < peer_limit()) return;
    const bool silent = read_until >= peer_patience().silence_limit();
    connection_ended(silent ? "the server is silent" : "the server answers nothing", disconnect::silence);
}

patience session::impl::peer_patience() const noexcept {
    const duration timeout = lease_.timeout();
    // A ping, or a pair in its place, was sent because of a silence: that silence counts against the peer as well.
    const time_point put = std::min(ping_put_, pair_put_);
    const time_point ping = put == never ? never : put - timeout / 3;
    return {.timeout = timeout,
            .asked = std::min({in_flight_.oldest_sent(), auths_.oldest(), set_watches_.oldest(), ping}),
            .stalled = stalled_since_,
            .heard = lease_.last_heard(),
            .replied = replied_};
}

time_point session::impl::peer_limit() const noexcept {
    const patience p = peer_patience();
    return std::min(p.silence_limit(), p.answer_limit(lease_.end_time()));
}

/// The end of the lease, but not while a reply is arriving: the answers that would prolong it wait behind that reply.
time_point session::impl::session_limit() const noexcept {
    if (!established()) return lease_.end_time();
    return std::max(lease_.end_time(), peer_patience().reply_limit());
}

/// One ping at a time; but while a long reply is arriving more are sent, so that the server goes on hearing of us. If a
/// pair is about to start, that does a ping's work.
bool session::impl::ping_wanted() const noexcept {
    const time_point soon = saturating_add(lease_.ping_due(), lease_.timeout() / 12);
    const bool pair_does_it = pairs_run() && certainty_.next() <= soon;
    return outbox_.empty() && !pair_does_it && (!pings_.awaited() || replied_ >= pings_.newest());
}

time_point session::impl::deadline() const noexcept {
    time_point next = std::min(session_limit(), certainty_.over_at());
    if (pairs_run()) next = std::min(next, certainty_.check_due() ? now_ : certainty_.next());
    if (established()) {
        next = std::min(next, peer_limit());
        if (ping_wanted()) next = std::min(next, lease_.ping_due());
        if (searches()) next = std::min(next, search_.due());
    } else if (phase_ != phase::idle && phase_ != phase::over) {
        next = std::min({next, limit_, openings_.deadline()});
        if (phase_ == phase::connecting) next = std::min(next, next_opening_);
    }
    return next;
}

void session::impl::end_certainty() {
    if (!certainty_.exists()) return;
    certainty_.end();
    observer_.on_certainty_over();
}

void session::impl::set_state(session_state state) {
    if (state_ == state) return;
    state_ = state;
    log(log_level::info, "session state: ", to_string(state));
    observer_.on_state(state);
}

// -- facts ------------------------------------------------------------------------------------------------------------

session::session(config c, observer& o) : impl_(std::make_unique<impl>(std::move(c), o)) {}
session::~session() = default;

void session::start(time_point now) {
    impl_->now_ = now;
    if (impl_->phase_ != impl::phase::idle) return;
    if (impl_->config_.resume) {
        impl_->identity_ = *impl_->config_.resume;
        impl_->seen_read_write_ = true;
    }
    impl_->begin_round();
}

void session::on_resolved(std::string_view host, std::vector<std::string> addresses, time_point now) {
    impl_->advance(now);
    const bool complete = impl_->round_.resolved(host, std::move(addresses));
    if (impl_->established()) impl_->round_.forget_late(); // the next round may be days away
    if (complete && impl_->phase_ == impl::phase::resolving) impl_->start_attempts();
}

void session::on_resolve_failed(std::string_view host, std::error_code ec, time_point now) {
    impl_->advance(now);
    if (impl_->phase_ == impl::phase::over) return;
    impl_->log(log_level::warn, "cannot resolve ", host, ": ", ec.message());
    const bool complete = impl_->round_.resolve_failed(host, "cannot be resolved: " + ec.message());
    if (complete && impl_->phase_ == impl::phase::resolving) impl_->start_attempts();
}

void session::on_connected(std::uint64_t connection, time_point now) {
    impl_->advance(now);
    if (connection != 0 && connection == impl_->search_.asked())
        impl_->orders_.emplace_back(ask_order{connection, std::string(impl_->search_.word())});
    opening* const opened = impl_->openings_.find(connection);
    if (opened == nullptr) return;
    opened->opened = impl_->now_;
    if (impl_->phase_ == impl::phase::connecting) impl_->next_attempt();
}

void session::on_closed(std::uint64_t connection, std::error_code ec, time_point now, std::string_view why) {
    impl_->advance(now);
    if (connection != 0 && connection == impl_->search_.asked()) {
        impl_->search_.answered();
        if (impl_->searches()) impl_->ask_next();
        return;
    }
    std::string reason = !why.empty() ? std::string(why) : ec ? ec.message() : "closed by the server";
    if (impl_->openings_.find(connection) != nullptr) return impl_->opening_ended(connection, reason);
    if (connection != impl_->current_number_ || !impl_->has_connection()) return;
    if (impl_->phase_ == impl::phase::handshaking)
        reason = impl_->why_no_answer(ec ? std::string(impl::no_answer) + ": " + reason : impl_->closed_unanswered());
    if (impl_->phase_ == impl::phase::sasl) reason = "SASL: " + reason;
    impl_->connection_ended(reason, ec ? disconnect::network_error : disconnect::closed_by_server);
}

void session::on_answer(std::uint64_t connection, std::string_view answer, time_point now) {
    impl_->advance(now);
    if (connection != 0 && connection == impl_->search_.asked()) impl_->take_answer(answer);
}

void session::on_sasl(std::uint64_t connection, util::sasl_step step, time_point now) {
    impl_->advance(now);
    if (connection != impl_->current_number_ || impl_->phase_ != impl::phase::sasl || !impl_->sasl_.ours) return;
    impl_->take_sasl_step(step);
}

void session::on_read(std::size_t n, time_point now) {
    const auto connection = impl_->connection_;
    impl_->advance(now);
    if (connection != impl_->connection_ || !impl_->has_connection() || n == 0) return;
    impl_->inbox_.received(n);
    impl_->count_.bytes_received.add(n);
    impl_->lease_.heard(impl_->now_);
    impl_->read_frames();
}

void session::on_written(std::size_t n, time_point now) {
    // Before any timer runs: bytes that the kernel has cannot be taken back, so they count as sent.
    if (impl_->has_connection() && n > 0) impl_->written(n, now);
    impl_->advance(now);
}

void session::on_time(time_point now) { impl_->advance(now); }

void session::on_all_read(time_point until, time_point now) {
    impl_->advance(now);
    impl_->judge_peer(std::min(until, impl_->now_));
}

// -- work from the client ---------------------------------------------------------------------------------------------

bool session::accepts_requests() const noexcept { return impl_->accepts_requests(); }

void session::submit(request_list& requests, std::string& frames) {
    assert(impl_->accepts_requests());
    impl_->submit(requests, frames);
}

void session::set_log_threshold(log_level l) { impl_->log_from(l); }

void session::set_hosts(std::vector<host_port> hosts, time_point now) {
    impl_->advance(now);
    impl_->set_hosts(std::move(hosts));
}

std::optional<std::vector<host_port>> session::named(const std::vector<host_port>& servers) const {
    return impl_->round_.named(servers);
}

void session::add_credential(std::shared_ptr<credential> c) {
    if (impl_->phase_ == impl::phase::over) {
        c->on_refused(impl_->state_ == session_state::auth_failed ? errc::auth_failed : errc::closed);
        return;
    }
    impl_->credentials_.add(std::move(c));
    if (impl_->established() && !impl_->closing_)
        impl_->credentials_.send_newest(
            [this](const std::string& scheme, const std::string& secret) { impl_->send_auth(scheme, secret); });
}

void session::remove_credential(std::string_view scheme, std::string_view secret) {
    impl_->credentials_.remove(scheme, secret);
}

void session::forget(watcher& w) {
    impl_->watches_.forget(w);
    impl_->send_watch_orders();
}

void session::give_back() noexcept {
    impl_->inbox_.give_back();
    impl_->outbox_.give_back();
}

void session::close(time_point now) {
    impl_->advance(now);
    if (impl_->state_ == session_state::closed || impl_->closing_) return;
    impl_->closing_ = true;
    if (!impl_->has_session())
        impl_->finish(session_state::closed, errc::closed);
    else if (impl_->established())
        impl_->send_close();
}

void session::abort(time_point now) {
    impl_->now_ = std::max(impl_->now_, now);
    if (impl_->state_ != session_state::closed) impl_->finish(session_state::closed, errc::closed);
}

void session::want_certainty(bool on, time_point now) {
    impl_->certainty_.want(on, now);
    impl_->advance(now);
}

certainty::offered_node session::offer_node(std::string absolute_path, time_point now) {
    return impl_->certainty_.offer(std::move(absolute_path), now);
}

void session::withdraw_node(certainty::offered_node n) noexcept { impl_->certainty_.withdraw(n); }

void session::expire(time_point now) {
    impl_->advance(now);
    if (impl_->has_session()) impl_->lose_session("it was told to");
}

// -- orders and bytes out ---------------------------------------------------------------------------------------------

order session::next_order() {
    if (impl_->orders_.empty()) return {};
    order next = std::move(impl_->orders_.front());
    impl_->orders_.pop_front();
    return next;
}

std::string_view session::output() const noexcept { return impl_->outbox_.next(); }
std::span<char> session::read_space() { return impl_->inbox_.space(); }
time_point session::deadline() const noexcept { return impl_->deadline(); }

// -- what is known ----------------------------------------------------------------------------------------------------

session_state session::state() const noexcept { return impl_->state_; }
const identity& session::identity() const noexcept { return impl_->identity_; }
time_point session::lease_end() const noexcept { return impl_->lease_.end_time(); }
time_point session::certain_until() const noexcept { return impl_->certainty_.until(); }
bool session::certainty_not_permitted() const noexcept { return impl_->certainty_.not_permitted(); }
bool session::certainty_lasts(time_point now) const noexcept { return impl_->certainty_.lasts(now); }
session::attempt session::present_attempt() const { return impl_->present_attempt(); }
bool session::refused() const noexcept { return impl_->refused_; }
std::string session::last_failures() const { return impl_->round_.failures(); }
std::size_t session::pending() const noexcept { return impl_->in_flight_.size() - impl_->own_requests_.size(); }
std::size_t session::watches() const noexcept { return impl_->watches_.held(); }
std::uint64_t session::events() const noexcept { return impl_->watches_.told(); }
std::size_t session::buffer_capacity() const noexcept {
    return impl_->inbox_.capacity() + impl_->inbox_.pool().kept() + impl_->outbox_.capacity();
}

} // namespace kazoo::session

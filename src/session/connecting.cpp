// Looking names up, trying addresses, and what a new connection needs before requests may flow.
#include "session/session_impl.hpp"
#include "session/set_watches.hpp"
#include "util/duration_text.hpp"

#include <algorithm>

namespace kazoo::session {

namespace {
/// So long an address is tried alone (RFC 8305).
constexpr std::chrono::milliseconds patience_with_one{250};
constexpr std::chrono::milliseconds least_attempt{200};
constexpr std::size_t least_shares = 3;
constexpr std::string_view hosts_have_changed = "left, as the hosts have changed";
} // namespace

/// A frozen server must not cost the session, so all addresses share T (C18). A lone one gets no more than a third: a
/// real server that is starting may accept a connection and never answer it, and answers the next. Each further round
/// gives slow servers twice as long; beyond a third only while there is no session to lose.
duration session::impl::attempt_timeout() const noexcept {
    const std::size_t candidates = phase_ == phase::resolving ? round_.hosts() : round_.size();
    const duration whole = lease_.exists() ? lease_.timeout() : duration(config_.timeout);
    const duration share = std::max<duration>(least_attempt, whole / std::max(candidates, least_shares));
    const duration most = lease_.exists() ? duration(whole / least_shares) : whole * 2 / 3;
    duration grown = share;
    for (int i = 0; i < failed_rounds_ && grown < most; ++i) grown *= 2;
    return std::max(share, std::min(grown, most));
}

void session::impl::begin_round() {
    hosts_changed_ = false;
    for (std::string& name : round_.begin()) orders_.push_back(resolve_order{std::move(name)});
    if (!round_.awaits_names()) return start_attempts();
    // Other hosts again and again must not put off the attempts.
    if (std::exchange(phase_, phase::resolving) == phase::resolving) return;
    tried_since_ = now_;
    limit_ = saturating_add(now_, attempt_timeout());
}

void session::impl::stop_resolving() {
    for (const std::string& name : round_.stop_resolving()) {
        log(log_level::warn, "cannot resolve ", name, ": no answer in time");
        round_.note_failure(name, "not resolved in time");
    }
    start_attempts();
}

void session::impl::start_attempts() {
    round_.order(config_.randomize_hosts, random_, dropped_);
    dropped_ = {};
    if (round_.size() == 0) round_.note_failure("hosts", make_error_code(errc::no_hosts).message());
    next_attempt();
}

/// Nothing is connected: shakes hands where a connection is open, or else begins to open the next one at once. The
/// handshake is with one server at a time: two that answer it would make two sessions, or move ours back and forth.
void session::impl::next_attempt() {
    phase_ = phase::connecting;
    limit_ = never;
    if (const opening* open = openings_.first_open()) return shake_hands(openings_.take(open->number));
    if (open_next() || !openings_.empty()) return;
    ++failed_rounds_;
    log(log_level::warn, "no server can be reached: ", round_.failures());
    refused_ = round_.refused();
    wait();
}

/// False at the end of the round.
bool session::impl::open_next() {
    const util::endpoint* next = round_.next();
    while (next && openings_.lead_to(*next)) next = round_.next(); // since before the hosts changed
    next_opening_ = next ? saturating_add(now_, patience_with_one) : never;
    if (!next) return false;
    openings_.add({.number = ++last_opening_, .to = *next, .since = now_, .budget = attempt_timeout()});
    log(log_level::debug, "connecting to ", to_string(*next));
    orders_.push_back(connect_order{last_opening_, *next});
    return true;
}

bool session::impl::run_opening_timer() {
    if (const opening* due = openings_.first_due(); due != nullptr && now_ >= due->limit()) {
        const std::uint64_t number = due->number;
        round_.note_late();
        disconnect_from(number, {});
        opening_ended(number, std::string(no_connection(due->to)) + " within " + util::to_text(due->budget));
        return true;
    }
    if (phase_ != phase::connecting || now_ < next_opening_) return false;
    open_next();
    return true;
}

void session::impl::opening_ended(std::uint64_t number, std::string_view reason) {
    const opening ended = openings_.take(number);
    log(log_level::debug, "connection to ", to_string(ended.to), ": ", reason);
    round_.note_failure(to_string(ended.to), reason);
    count_.failed_attempts.add();
    if (phase_ == phase::connecting) next_attempt();
}

void session::impl::give_up_openings() {
    for (const opening& o : openings_.all()) disconnect_from(o.number, {});
    openings_.clear();
}

void session::impl::wait() {
    phase_ = phase::waiting;
    limit_ = saturating_add(now_, backoff_.next(random_));
}

/// Without chance only those move whose server is not in the list any more.
migration session::impl::migration_to(const std::vector<host_port>& hosts) {
    if (home_.address.empty()) return {};
    if (config_.randomize_hosts) return decide_migration(round_.host_list(), hosts, home_, random_);
    return {.moves = std::ranges::none_of(hosts, [this](const host_port& h) { return is_at(h, home_); })};
}

/// Connections that are being opened to hosts of the new list, too, go on.
void session::impl::give_up_other_openings() {
    std::vector<std::uint64_t> others;
    for (const opening& o : openings_.all())
        if (!round_.has(o.to)) others.push_back(o.number);
    for (const std::uint64_t number : others) {
        openings_.take(number);
        disconnect_from(number, {});
    }
}

void session::impl::set_hosts(std::vector<host_port> hosts) {
    if (phase_ == phase::over) return;
    if (std::ranges::is_permutation(hosts, round_.host_list())) return round_.reorder(std::move(hosts));
    migration m = migration_to(hosts);
    if (!m.order.empty()) {
        const host_port& next = m.order.front();
        home_ = {.address = next.host, .port = next.port, .host = next.host, .tls = next.tls};
    }
    const bool moves = m.moves;
    round_.set_hosts(std::move(hosts), std::move(m.order));
    log(log_level::info, "the hosts have changed", moves && granted() ? ": moves to another one" : "");
    hosts_changed_ = true;
    if (phase_ == phase::idle) return;
    if (granted()) {
        end_search();
        if (moves && !closing_ && !leaving_) return move(hosts_have_changed);
        if (searches()) search_.begin(now_, random_);
        return;
    }
    give_up_other_openings();
    if (phase_ != phase::handshaking) return begin_round();
    if (!round_.has(current_)) move(hosts_have_changed);
}

void session::impl::move(std::string_view why) {
    moves_ = true;
    leave(why);
}

/// After a connection or an attempt ended.
void session::impl::schedule_next() {
    const std::optional<util::endpoint> next = std::exchange(move_to_, {});
    const bool moved = std::exchange(moves_, false), proven = std::exchange(proven_, false);
    if (next && round_.has(*next)) {
        round_.begin_at(*next);
        return next_attempt();
    }
    if (moved || (hosts_changed_ && !proven)) {
        dropped_ = current_;
        return begin_round();
    }
    if (!proven) return next_attempt();
    dropped_ = current_;
    // Servers that accept, serve a little and drop must not be hammered either.
    const bool lasted = now_ - ready_since_ >= duration(config_.reconnect.initial_delay);
    if (lasted && round_.size() > 1) return begin_round();
    wait();
}

void session::impl::shake_hands(const opening& with) {
    current_ = with.to;
    current_number_ = with.number;
    orders_.emplace_back(use_order{with.number});
    phase_ = phase::handshaking;
    tried_since_ = now_;
    limit_ = saturating_add(now_, with.left());
    resuming_ = has_session();
    connect_sent_ = never;
    send_connect();
}

session::attempt session::impl::present_attempt() const {
    if (phase_ == phase::resolving) {
        const std::string names = round_.awaited_names();
        return names.empty() ? attempt{} : attempt{names + ": not resolved", tried_since_};
    }
    if (phase_ == phase::handshaking || phase_ == phase::sasl) {
        const std::string address = to_string(current_);
        const std::string_view so_far = phase_ == phase::handshaking ? no_answer : sasl_waits_for();
        if (!round_.has_failure(address)) return {(address + ": ").append(so_far), tried_since_};
    }
    for (const opening& o : openings_.all()) {
        const std::string address = to_string(o.to);
        if (o.opened == never && !round_.has_failure(address))
            return {(address + ": ").append(no_connection(o.to)), o.since};
    }
    return {};
}

std::string_view session::impl::no_connection(const util::endpoint& to) noexcept {
    return to.tls ? "no connection by TLS" : "no connection";
}

/// So ends a connection to a server's port for TLS, too, and so a server refuses whoever has seen more than itself.
std::string session::impl::closed_unanswered() const {
    std::string text = "connected, but closed without an answer to the handshake";
    if (!inbox_.unread().empty()) return text;
    if (last_zxid_ == 0) return current_.tls ? text : text + "; it may expect TLS";
    text += "; it may have no quorum or too many connections, ";
    return text + (current_.tls ? "or be behind what this client has seen"
                                : "be behind what this client has seen, or expect TLS");
}

/// For a peer that did not shake hands: what its bytes say it is, if there are any. A server's own may have come in
/// part.
std::string session::impl::why_no_answer(std::string_view otherwise) const {
    const std::string_view bytes = inbox_.unread();
    if (bytes.empty()) return std::string(otherwise);
    return may_begin_a_frame(bytes) ? std::string(otherwise) + ", only a part of it" : describe_stranger(bytes);
}

void session::impl::take_connect_answer(std::string_view payload) {
    const connect_answer answer = read_connect_answer(payload);
    switch (answer.verdict) {
    case connect_verdict::granted:
        if (resuming_ && answer.who.id != identity_.id) return lose_session("the server answered with another one");
        return take_session(answer.who);
    case connect_verdict::over:
        // A read-only server knows only sessions of its own: that it does not know ours does not mean that ours is
        // over.
        if (config_.read_only && answer.who.read_only)
            return connection_ended("refused by a read-only server that does not know the session", disconnect::left);
        if (!resuming_) return connection_ended("refused a new session", disconnect::left);
        round_.note_failure(to_string(current_), "session expired");
        round_.note_late(); // the server would take a new one
        return lose_session("the server says that it expired");
    case connect_verdict::refused:
        if (answer.err == static_cast<std::int32_t>(errc::not_read_only))
            return connection_ended("refused: it has no quorum, and no sessions of its own (localSessionsEnabled)",
                                    disconnect::left);
        return connection_ended("refused: " + describe_error(answer.err), disconnect::left);
    case connect_verdict::unreadable: return violation("answer to the connect request");
    }
}

void session::impl::take_session(const kazoo::session::identity& granted) {
    if (connect_sent_ == never) return violation("answer ahead of the connect request");
    // A session that was taken over counts as well.
    if (!resuming_ || count_.connections.get() == 0) count_.sessions.add();
    count_.connections.add();
    identity_ = granted;
    round_.forget_late();
    home_ = current_;
    seen_read_write_ = seen_read_write_ || !granted.read_only;
    lease_.grant(granted.negotiated_timeout, connect_sent_, resuming_, now_);
    if (!certainty_.granted(granted.negotiated_timeout, connect_sent_, resuming_, now_)) observer_.on_certainty_over();
    give_up_openings();
    replied_ = now_;
    log(log_level::info, resuming_ ? "resumed session " : "got session ", to_string(granted.id), " at ",
        to_string(current_), ", timeout ", std::to_string(granted.negotiated_timeout.count()), " ms");
    phase_ = config_.sasl ? phase::sasl : phase::authenticating;
    if (now_ >= lease_.end_time()) return lose_session("it was granted too late");
    if (config_.sasl) return begin_sasl();
    send_credentials();
}

void session::impl::send_credentials() {
    phase_ = phase::authenticating;
    failed_rounds_ = 0; // not ahead of SASL, which has as much time
    limit_ = never;
    if (closing_) return send_close();
    watches_.tell_gap();
    credentials_.send_all([this](const std::string& scheme, const std::string& secret) { send_auth(scheme, secret); });
    if (credentials_.all_judged()) restore_watches();
}

void session::impl::restore_watches() {
    phase_ = phase::restoring;
    for (const set_watches_batch& batch : watches_.restore(set_watches_bytes_)) send_set_watches(batch, last_zxid_);
    if (set_watches_ops_.empty()) become_ready();
}

void session::impl::become_ready() {
    phase_ = phase::ready;
    ready_since_ = now_;
    proven_ = false;
    refused_ = false;
    round_.forget_failures();
    if (identity_.read_only) search_.begin(now_, random_);
    set_state(identity_.read_only ? session_state::connected_read_only : session_state::connected);
}

} // namespace kazoo::session

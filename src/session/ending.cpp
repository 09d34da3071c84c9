// How connections, sessions and the client's side of things end.
#include "proto/framing.hpp"
#include "proto/multi.hpp"
#include "session/session_impl.hpp"

#include <algorithm>

namespace kazoo::session {

/// The peer does not speak our protocol, or we do not understand it: start over on another connection (C02, C04).
void session::impl::violation(std::string_view what) {
    connection_ended("protocol violation: " + std::string(what), disconnect::protocol_violation);
}

void session::impl::connection_ended(std::string_view reason, disconnect why) {
    const bool moved = moves_ && why == disconnect::left;
    const log_level level = !established() ? log_level::debug : moved ? log_level::info : log_level::warn;
    log(level, "connection to ", to_string(current_), ": ", reason);
    if (!moved) round_.note_failure(to_string(current_), reason);
    (granted() ? count_.of(why) : count_.failed_attempts).add();
    // Perhaps a request above the server's jute.maxbuffer, which nobody would tell us.
    if (by_peer(why) && phase_ == phase::restoring)
        set_watches_bytes_ = std::max<std::size_t>(set_watches_bytes_ / 2, 1);
    const bool close_done = by_peer(why) && close_sent_ && outbox_.empty();
    judge_hang_up(why);
    fail_lost_requests();
    tear_down(why);
    if (close_done) return finish(session_state::closed, errc::closed);
    if (state_ == session_state::connected || state_ == session_state::connected_read_only)
        set_state(session_state::suspended);
    // A session that only read-only servers have seen is unknown to all other servers.
    if (has_session() && !seen_read_write_) lose_session("only a read-only server knew it");
    if (phase_ != phase::over) schedule_next();
}

/// Whether the server ended the connection because of the request that it should have answered next.
void session::impl::judge_hang_up(disconnect why) {
    if (leaving_) return; // it said why
    const bool at_request = by_peer(why) && phase_ == phase::ready && in_flight_.front_sent() &&
                            !in_flight_.front()->is_write && unknown_operations::may_be_unknown(in_flight_.front()->op);
    if (at_request)
        unknown_.hung_up(to_string(current_), in_flight_.front()->op);
    else
        unknown_.forget(to_string(current_));
}

/// Writes that were under way may have been applied. Nothing behind a lost write may go out later: applied writes are
/// to be a prefix of the submitted ones.
void session::impl::fail_lost_requests() {
    const std::string_view batch = outbox_.batch();
    const std::string_view unsent_frames =
        batch.empty() ? batch : batch.substr(outbox_.batch_written() - in_flight_.partly_written());
    request_list unsent;
    bool write_lost = false;
    bool first = true;
    while (!in_flight_.empty()) {
        bool sent = false;
        request& r = in_flight_.take(sent);
        if (r.watcher) watches_.not_answered(r);
        if (std::exchange(first, false) && sent && unknown_.contains(to_string(current_), r.op)) {
            r.on_failure(errc::unimplemented, outcome::not_applied);
            continue;
        }
        if (!sent && !write_lost && r.xid != proto::xid::own) {
            unsent.push_back(r);
            continue;
        }
        const bool unknown = sent && r.is_write;
        write_lost = write_lost || unknown;
        r.on_failure(errc::connection_loss, unknown ? outcome::unknown : outcome::not_applied);
    }
    if (!unsent.empty()) observer_.on_unsent(unsent, unsent_frames);
    if (write_lost) observer_.on_write_lost();
}

bool session::impl::fail_all_requests(errc reason) {
    bool write_failed = false;
    while (!in_flight_.empty()) {
        bool sent = false;
        request& r = in_flight_.take(sent);
        if (r.watcher) watches_.not_answered(r);
        write_failed = write_failed || r.is_write;
        const bool asks_again = reason == errc::session_expired && r.outlives_session && !r.is_write;
        r.on_failure(asks_again ? errc::connection_loss : reason,
                     sent && r.is_write ? outcome::unknown : outcome::not_applied);
    }
    return write_failed;
}

void session::impl::tear_down(disconnect why) {
    ++connection_;
    if (!by_peer(why)) disconnect_from(current_number_, last_words());
    end_search();
    phase_ = phase::idle;
    limit_ = never;
    std::erase_if(orders_, [](const order& o) { return std::holds_alternative<sasl_order>(o); });
    sasl_ = {};
    close_sent_ = leaving_ = false;
    leaving_why_ = {};
    stalled_since_ = ping_put_ = pair_put_ = never;
    inbox_.clear();
    outbox_.clear();
    pings_.clear();
    auths_.clear();
    set_watches_.clear();
    set_watches_ops_.clear();
    credentials_.connection_lost();
    watches_.connection_lost();
    certainty_.connection_lost();
}

void session::impl::disconnect_from(std::uint64_t number, std::string last_words) {
    const auto not_begun = std::erase_if(orders_, [number](const order& o) {
        const auto* connect = std::get_if<connect_order>(&o);
        return connect != nullptr && connect->connection == number;
    });
    if (not_begun == 0) orders_.emplace_back(disconnect_order{number, std::move(last_words)});
}

/// A new session that was asked for may have been opened: it is closed again, so the server need not keep it for T.
std::string session::impl::last_words() const {
    std::string frame;
    if (phase_ == phase::handshaking && !resuming_ && connect_sent_ != never)
        proto::put_request(frame, proto::xid::own, proto::opcode::close_session);
    return frame;
}

void session::impl::lose_session(std::string_view why) {
    log(log_level::warn, "session ", to_string(identity_.id), " is over: ", why);
    end_certainty();
    const bool bound = granted() || (phase_ == phase::handshaking && resuming_);
    if (granted()) count_.of(disconnect::session_over).add();
    // One that we were to take over, and that was over before, never was ours.
    if (has_session() && !closing_ && count_.sessions.get() > 0) count_.sessions_lost.add();
    const bool write_failed = fail_all_requests(errc::session_expired);
    if (bound) tear_down(disconnect::session_over);
    identity_ = {};
    lease_.end();
    last_zxid_ = 0; // the next server may be of a younger ensemble; nothing is left that would need it
    seen_read_write_ = false;
    set_watches_bytes_ = set_watches_limit;
    watches_.end_one_shots(errc::session_expired);
    if (closing_) return finish(session_state::closed, errc::closed);
    if (state_ != session_state::connecting) {
        observer_.on_session_lost({errc::session_expired, write_failed});
        set_state(session_state::lost);
        set_state(session_state::connecting);
    }
    if (bound) schedule_next();
}

void session::impl::finish(session_state end, errc reason) {
    if (closing_) { // whoever closes the client is not interested in refused credentials any more
        end = session_state::closed;
        reason = errc::closed;
    }
    end_certainty();
    const bool write_failed = fail_all_requests(reason);
    if (end == session_state::auth_failed) {
        if (granted()) count_.of(disconnect::left).add();
        if (has_session()) count_.sessions_lost.add();
    }
    if (has_connection()) tear_down(disconnect::left);
    give_up_openings();
    std::erase_if(orders_, [](const order& o) { return std::holds_alternative<resolve_order>(o); });
    phase_ = phase::over;
    identity_ = {};
    lease_.end();
    watches_.end_one_shots(reason);
    watches_.end_streams(reason);
    credentials_.end(reason);
    if (end == session_state::auth_failed) observer_.on_session_lost({reason, write_failed});
    set_state(end);
}

namespace {

/// Of a transaction of one operation; 0 if it was applied.
std::int32_t transaction_error(const reply& r) {
    if (r.err != 0) return r.err;
    proto::reader in(r.body);
    proto::multi_result result;
    bool more = false;
    if (!proto::get_multi_result(in, result, more) || !more) return static_cast<std::int32_t>(errc::malformed_reply);
    return result.type == proto::opcode::error ? result.err : 0;
}

} // namespace

void session::impl::take_check(std::int32_t err) {
    const bool told = certainty_.not_permitted();
    certainty_.check_answered(err, now_);
    if (certainty_.not_permitted() && !told)
        log(log_level::warn, "neither / nor a node of ours may be read: nothing can be certain");
}

void session::impl::own_request_done(const reply* answer) noexcept {
    const proto::opcode op = own_requests_.front()->op;
    own_requests_.pop_front();
    if (answer == nullptr) return;
    switch (op) {
    case proto::opcode::sync:
        pair_put_ = never;
        return certainty_.sync_answered(answer->err == 0, answered_sent_, now_);
    case proto::opcode::multi: return take_check(transaction_error(*answer));
    case proto::opcode::close_session: return finish(session_state::closed, errc::closed);
    default: return; // removeWatches: nothing depends on its answer
    }
}

} // namespace kazoo::session

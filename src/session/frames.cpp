// Bytes in and out of an established connection.
#include "proto/framing.hpp"
#include "proto/multi.hpp"
#include "session/session_impl.hpp"
#include "session/set_watches.hpp"

#include <algorithm>

namespace kazoo::session {

namespace {
constexpr std::size_t first_frame_limit = 1024;
} // namespace

// -- out --------------------------------------------------------------------------------------------------------------

template <class Write> std::size_t session::impl::put_control(outbox::control kind, Write&& write) {
    const std::string_view frame = outbox_.put_control(kind, std::forward<Write>(write));
    if (stalled_since_ == never) stalled_since_ = now_;
    if (kind != outbox::control::connect && logs(log_level::wire)) log(log_level::wire, describe_request(frame));
    return frame.size();
}

template <class... Body> void session::impl::put_own_request(proto::opcode op, const Body&... body) {
    const std::size_t size = put_control(
        outbox::control::request, [&](std::string& out) { proto::put_request(out, proto::xid::own, op, body...); });
    in_flight_.push(*own_requests_.emplace_back(std::make_unique<own_request>(*this, op, size)));
}

void session::impl::send_connect() {
    log(log_level::wire, "> connect");
    put_control(outbox::control::connect, [this](std::string& out) {
        put_connect(out, identity_, last_zxid_, config_.timeout, config_.read_only);
    });
}

void session::impl::send_auth(const std::string& scheme, const std::string& secret) {
    log(log_level::debug, "sending a credential, scheme ", scheme);
    put_control(outbox::control::auth, [&](std::string& out) {
        proto::put_request(out, proto::xid::auth, proto::opcode::auth, proto::auth_request{0, scheme, secret});
    });
}

void session::impl::send_sasl(std::string_view token) {
    put_control(outbox::control::sasl, [&](std::string& out) {
        proto::put_request(out, proto::xid::own, proto::opcode::sasl, proto::token_record{token});
    });
}

void session::impl::send_set_watches(const set_watches_batch& batch, std::int64_t relative_zxid) {
    set_watches_ops_.push_back(batch.op());
    put_control(outbox::control::set_watches, [&](std::string& out) { put_set_watches(out, batch, relative_zxid); });
}

void session::impl::send_watch_orders() {
    if (!watches_.has_orders()) return;
    const watch_orders orders = watches_.take_orders();
    if (!established() || close_sent_) return;
    for (const watch_orders::one_shot& one_shot : orders.rearms) {
        set_watches_batch batch;
        batch.of(one_shot.kind).push_back(one_shot.path);
        send_set_watches(batch, one_shot.since);
    }
    if (unknown_.contains(to_string(current_), proto::opcode::remove_watches)) return;
    for (const std::string& path : orders.removals) {
        if (logs(log_level::debug)) log_watch("watches on " + path + ": removal sent");
        put_own_request(proto::opcode::remove_watches, proto::watches_request{path, proto::watcher_type::any});
    }
}

void session::impl::send_ping() {
    put_control(outbox::control::ping,
                [](std::string& out) { proto::put_request(out, proto::xid::ping, proto::opcode::ping); });
    if (ping_put_ == never) ping_put_ = now_;
}

void session::impl::send_half_pair(certainty::step half) {
    certainty_.sent(half);
    pair_put_ = half == certainty::step::sync ? now_ : never;
    if (half == certainty::step::sync)
        return put_own_request(proto::opcode::sync, proto::path_request{certainty_.path()});
    put_own_request(proto::opcode::multi,
                    proto::multi_header{static_cast<std::int32_t>(proto::opcode::check), false, -1},
                    proto::path_version_request{certainty_.path(), -1}, proto::multi_header{});
}

void session::impl::send_close() {
    close_sent_ = true;
    put_own_request(proto::opcode::close_session);
}

/// What this server is known to hang up at goes no further.
void session::impl::refuse_unknown(request_list& requests, std::string& frames) {
    const std::string server = to_string(current_);
    request_list kept;
    std::string kept_frames;
    for (const char* frame = frames.data(); !requests.empty();) {
        request& r = requests.pop_front();
        const std::string_view own(frame, r.frame_size);
        frame += r.frame_size;
        if (unknown_.contains(server, r.op)) {
            r.on_failure(errc::unimplemented, outcome::not_applied);
        } else {
            kept.push_back(r);
            kept_frames.append(own);
        }
    }
    requests.swap(kept);
    frames.swap(kept_frames);
}

void session::impl::submit(request_list& requests, std::string& frames) {
    if (!unknown_.empty()) {
        refuse_unknown(requests, frames);
        if (requests.empty()) return;
    }
    outbox_.put_batch(frames);
    stalled_since_ = now_;
    char* frame = outbox_.batch().data();
    const bool log_frames = logs(log_level::wire);
    for (request* r = requests.front(); r; r = r->next) {
        if (r->watcher) watches_.carry(*r, {frame, r->frame_size});
        if (log_frames) log(log_level::wire, describe_request({frame, r->frame_size}));
        frame += r->frame_size;
    }
    in_flight_.push(requests);
}

void session::impl::written(std::size_t n, time_point now) {
    count_.bytes_sent.add(n);
    outbox_.advance(
        std::min(n, outbox_.next().size()),
        [&](std::size_t bytes) {
            if (in_flight_.written(bytes, now)) lease_.touched(now);
        },
        [&](outbox::control kind, std::size_t size) { control_written(kind, size, now); });
    stalled_since_ = outbox_.empty() ? never : now_;
}

void session::impl::control_written(outbox::control kind, std::size_t size, time_point now) {
    // The server answers these outside the pipeline and does not renew the session for them.
    if (kind != outbox::control::auth && kind != outbox::control::sasl) lease_.touched(now);
    switch (kind) {
    case outbox::control::connect: connect_sent_ = now; break;
    case outbox::control::ping: pings_.sent(now); break;
    case outbox::control::auth: auths_.sent(now); break;
    case outbox::control::sasl: sasl_.sent = true; break;
    case outbox::control::set_watches: set_watches_.sent(now); break;
    case outbox::control::request: in_flight_.written(size, now); break;
    }
}

// -- in ---------------------------------------------------------------------------------------------------------------

void session::impl::read_frames() {
    const auto connection = connection_;
    while (connection == connection_ && (phase_ == phase::handshaking ? read_first_frame() : read_frame())) {
    }
    count_.round_trip.publish();
    if (connection == connection_ && reply_is_arriving()) replied_ = now_;
}

/// Whether the inbox holds the beginning of a reply whose end has not come yet.
bool session::impl::reply_is_arriving() const noexcept {
    if (inbox_.skips()) return true;
    const std::string_view in = inbox_.unread();
    return in.size() >= 8 && static_cast<std::int32_t>(proto::load_be32(in.data() + 4)) != proto::xid::notification;
}

/// False: there is no whole frame.
bool session::impl::read_first_frame() {
    const proto::frame first = proto::next_frame(inbox_.unread(), first_frame_limit);
    if (first.state == proto::frame::status::bad_length)
        return connection_ended(describe_stranger(inbox_.unread()), disconnect::protocol_violation), false;
    if (first.state == proto::frame::status::incomplete) return false;
    inbox_.consume(4 + first.length);
    take_connect_answer(first.payload);
    return true;
}

bool session::impl::read_frame() {
    const std::string_view in = inbox_.unread();
    const proto::frame frame = proto::next_frame(in, config_.max_reply_bytes);
    switch (frame.state) {
    case proto::frame::status::incomplete: return false;
    case proto::frame::status::bad_length:
        if (frame.length > 0x7fffffff) return violation("frame of negative length"), false;
        if (in.size() < 4 + proto::reply_header::size) return false;
        take_oversized(in.substr(4, proto::reply_header::size), frame.length);
        return true;
    case proto::frame::status::complete: break;
    }
    if (frame.length < proto::reply_header::size) return violation("frame shorter than a reply header"), false;
    inbox_.consume(4 + frame.length);
    if (phase_ == phase::ready && !proven_) {
        proven_ = true;
        backoff_.reset();
    }
    take_frame(frame.payload);
    return true;
}

void session::impl::take_frame(std::string_view payload) {
    proto::reply_header header;
    proto::decode(payload, header);
    const std::string_view body = payload.substr(proto::reply_header::size);
    if (header.xid != proto::xid::notification) replied_ = now_;
    if (is_demand_for_sasl(header)) return take_demand_for_sasl(header, body, payload.size());
    if (front_is(header.xid)) return take_reply(header, body, payload.size());
    const auto log_reply = [&](proto::opcode op) {
        if (logs(log_level::wire)) log(log_level::wire, describe_reply(op, header.xid, payload.size(), header.err));
    };
    switch (header.xid) {
    case proto::xid::notification: return take_notification(body, header.zxid);
    case proto::xid::ping:
        log_reply(proto::opcode::ping);
        if (!pings_.awaited()) return violation("reply to a ping that was not sent");
        lease_.answered(pings_.answered());
        ping_put_ = pings_.oldest();
        return;
    case proto::xid::auth:
        log_reply(proto::opcode::auth);
        if (!auths_.awaited()) return violation("reply to a credential that was not sent");
        return take_auth_reply(header.err);
    case proto::xid::set_watches:
        if (!set_watches_.awaited()) return violation("reply to setWatches that were not sent");
        log_reply(set_watches_ops_.front());
        return take_set_watches_reply(header.err);
    case proto::xid::own:
        if (!sasl_.sent) break;
        log_reply(proto::opcode::sasl);
        return take_sasl_reply(header.err, body);
    default: break;
    }
    const std::string expected = in_flight_.front_sent() ? std::to_string(in_flight_.front()->xid) : "none";
    violation("reply to xid " + std::to_string(header.xid) + ", expected " + expected);
}

void session::impl::count_answer(time_point sent) {
    lease_.answered(sent);
    count_.round_trip.add(now_ - sent);
    // Who has waited for it finds it counted.
    if (in_flight_.empty()) count_.round_trip.publish();
}

void session::impl::take_reply(const proto::reply_header& header, std::string_view body, std::size_t length) {
    request& r = in_flight_.answer(answered_sent_);
    count_answer(answered_sent_);
    // A refused opcode is answered with zxid -1.
    if (header.zxid > 0) last_zxid_ = std::max(last_zxid_, header.zxid);
    if (logs(log_level::wire)) log(log_level::wire, describe_reply(r.op, header.xid, length, header.err));
    if (r.watcher) {
        watches_.answered(r, header.err, header.zxid);
        send_watch_orders();
    }
    const proto::opcode op = r.op;
    r.on_reply({header.err, header.zxid, body, inbox_.memory()});
    if (header.err == static_cast<std::int32_t>(errc::unimplemented) && header.zxid < 0) {
        unknown_.told(to_string(current_), op);
        return leave("it does not know an operation");
    }
    if (unknown_.would_learn(op)) unknown_.answered(to_string(current_), op);
    if (leaving_) leave_when_answered();
}

/// The server is about to close: a request sent now would be lost for sure.
void session::impl::leave(std::string_view why) {
    leaving_ = true;
    leaving_why_ = why;
    leave_when_answered();
}

void session::impl::leave_when_answered() {
    if (in_flight_.empty()) connection_ended(leaving_why_, disconnect::left);
}

/// Fails the request whose reply is longer than max_reply_bytes, and skips the reply; the connection stays.
void session::impl::take_oversized(std::string_view start, std::size_t length) {
    proto::reply_header header;
    proto::decode(start, header);
    if (!front_is(header.xid)) return violation("frame of " + std::to_string(length) + " bytes");
    inbox_.skip(4 + length);
    time_point sent;
    request& r = in_flight_.answer(sent);
    count_answer(sent);
    if (header.zxid > 0) last_zxid_ = std::max(last_zxid_, header.zxid);
    log(log_level::warn, "reply of ", std::to_string(length), " bytes is above the limit, skipped: ", op_name(r.op));
    if (r.watcher) {
        watches_.answered(r, static_cast<std::int32_t>(errc::too_large), header.zxid);
        send_watch_orders();
    }
    r.on_failure(errc::too_large, r.is_write ? outcome::unknown : outcome::not_applied);
    if (leaving_) leave_when_answered();
}

void session::impl::take_notification(std::string_view body, std::int64_t zxid) {
    proto::watcher_event event;
    if (!proto::decode(body, event) || proto::is_null(event.path)) return violation("notification");
    if (logs(log_level::wire))
        log(log_level::wire, "< notification ", std::to_string(event.type), " path ", event.path);
    if (event.type < proto::event::created || event.type > proto::event::children_changed) return;
    watches_.dispatch(static_cast<event_type>(event.type), event.path, zxid);
    send_watch_orders();
}

void session::impl::take_auth_reply(std::int32_t err) {
    auths_.answered();
    const credentials::verdict verdict = credentials_.answered(err);
    if (err != 0 && verdict != credentials::verdict::final)
        log(log_level::error, "credential refused: ", describe_error(err));
    switch (verdict) {
    case credentials::verdict::final: return be_refused("credential refused");
    case credentials::verdict::retry: return connection_ended("credential: " + describe_error(err), disconnect::left);
    case credentials::verdict::refused: return leave("credential refused");
    case credentials::verdict::accepted: break;
    }
    if (phase_ == phase::authenticating && credentials_.all_judged()) restore_watches();
}

void session::impl::take_set_watches_reply(std::int32_t err) {
    lease_.answered(set_watches_.answered());
    const proto::opcode op = set_watches_ops_.front();
    set_watches_ops_.pop_front();
    if (err != 0) {
        // Servers before 3.6 have no streams. Asking again on each new connection would never end.
        if (op == proto::opcode::set_watches2 && err == static_cast<std::int32_t>(errc::unimplemented))
            watches_.end_streams(errc::unimplemented);
        return connection_ended(op_name(op) + ": " + describe_error(err), disconnect::left);
    }
    if (phase_ == phase::restoring && set_watches_ops_.empty()) become_ready();
}

} // namespace kazoo::session

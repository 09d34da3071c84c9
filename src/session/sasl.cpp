// Authentication by SASL, ahead of all else that goes over a connection. What is said, a mechanism knows that the owner
// has; this is who says something when, and what it means. A server without SASL agrees to everything, so only what the
// mechanism takes for a proof is one.
#include "session/session_impl.hpp"

namespace kazoo::session {

namespace {
constexpr auto demand = static_cast<std::int32_t>(errc::sasl_required);
} // namespace

/// Servers renew no session for it, and answer a ping ahead of it with the end: it has no more time than a handshake.
void session::impl::begin_sasl() {
    tried_since_ = now_;
    limit_ = saturating_add(now_, attempt_timeout());
    ask_mechanism({});
}

void session::impl::ask_mechanism(std::string_view said) {
    sasl_.ours = true;
    orders_.emplace_back(sasl_order{current_number_, current_, !sasl_.heard, std::string(said)});
}

void session::impl::take_sasl_step(const util::sasl_step& step) {
    sasl_.ours = false;
    if (step.is == util::sasl_step::state::failed) return connection_ended("SASL: " + step.why, disconnect::left);
    sasl_.done = step.is == util::sasl_step::state::done;
    if (sasl_.done && sasl_.heard && step.token.empty()) return end_sasl(); // the last word was the server's
    send_sasl(step.token);
}

void session::impl::take_sasl_reply(std::int32_t err, std::string_view body) {
    sasl_.sent = false;
    if (err == static_cast<std::int32_t>(errc::auth_failed)) return be_refused("SASL: the server refused it");
    if (err != 0) return connection_ended("SASL: " + describe_error(err), disconnect::left);
    proto::token_record record;
    if (!proto::decode(body, record)) return violation("SASL token");
    if (sasl_.done) return record.token.empty() ? end_sasl() : violation("SASL token behind the last one");
    if (proto::is_null(record.token)) {
        // So answer servers that let refused clients in (allowSaslFailedClients), too.
        if (sasl_.heard) return be_refused("SASL: the server refused it, and would go on without");
        return connection_ended("the server has no SASL, or would go on without", disconnect::left);
    }
    sasl_.heard = true;
    ask_mechanism(record.token);
}

void session::impl::end_sasl() {
    log(log_level::debug, "authenticated by SASL at ", to_string(current_));
    send_credentials();
}

std::string_view session::impl::sasl_waits_for() const noexcept {
    return sasl_.ours ? "SASL: no answer by the mechanism" : "SASL: no answer by the server";
}

/// What an answer of that number is to, if it is to none of the requests.
std::optional<proto::opcode> session::impl::awaited(std::int32_t xid) const noexcept {
    switch (xid) {
    case proto::xid::ping: return pings_.awaited() ? std::optional(proto::opcode::ping) : std::nullopt;
    case proto::xid::auth: return auths_.awaited() ? std::optional(proto::opcode::auth) : std::nullopt;
    case proto::xid::set_watches:
        return set_watches_.awaited() ? std::optional(set_watches_ops_.front()) : std::nullopt;
    case proto::xid::own: return sasl_.sent ? std::optional(proto::opcode::sasl) : std::nullopt;
    default: return {};
    }
}

/// Such is the answer to the first that is not authentication, whatever it is.
bool session::impl::is_demand_for_sasl(const proto::reply_header& header) const noexcept {
    return header.err == demand && (front_is(header.xid) || awaited(header.xid));
}

void session::impl::take_demand_for_sasl(const proto::reply_header& header, std::string_view body, std::size_t length) {
    const auto connection = connection_;
    const bool refused = sasl_.sent;
    if (front_is(header.xid))
        take_reply(header, body, length);
    else if (logs(log_level::wire))
        log(log_level::wire, describe_reply(*awaited(header.xid), header.xid, length, header.err));
    if (connection != connection_) return; // closed
    be_refused(refused ? "SASL: the server refused it, and wants authentication" : describe_error(demand));
}

/// Asking again would change nothing.
void session::impl::be_refused(const std::string& why) {
    log(log_level::error, "authentication failed at ", to_string(current_), ": ", why);
    round_.note_failure(to_string(current_), why);
    if (!closing_) observer_.on_refused(round_.failures());
    finish(session_state::auth_failed, errc::auth_failed);
}

} // namespace kazoo::session

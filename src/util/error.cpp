#include <kazoo/error.hpp>

#include "util/undying.hpp"

#include <ostream>
#include <string>

namespace kazoo {

namespace {

std::string_view text_of(errc e) noexcept {
    switch (e) {
    case errc::system_error: return "system error";
    case errc::runtime_inconsistency: return "not tried: an earlier operation failed";
    case errc::data_inconsistency: return "data inconsistency";
    case errc::connection_loss: return "connection lost";
    case errc::marshalling_error: return "the server could not read the request";
    case errc::unimplemented: return "not supported by the server";
    case errc::operation_timeout: return "timed out";
    case errc::bad_arguments: return "bad arguments";
    case errc::unknown_session: return "unknown session";
    case errc::new_config_no_quorum: return "no quorum for the new configuration";
    case errc::reconfig_in_progress: return "another reconfiguration is in progress";
    case errc::api_error: return "API error";
    case errc::no_node: return "no node";
    case errc::no_auth: return "not permitted";
    case errc::bad_version: return "version does not match";
    case errc::no_children_for_ephemerals: return "ephemeral nodes cannot have children";
    case errc::node_exists: return "node exists";
    case errc::not_empty: return "node has children";
    case errc::session_expired: return "session expired";
    case errc::invalid_callback: return "invalid callback";
    case errc::invalid_acl: return "invalid ACL";
    case errc::auth_failed: return "authentication failed";
    case errc::closed: return "client is closed";
    case errc::session_moved: return "session moved to another server";
    case errc::not_read_only: return "server is read-only";
    case errc::ephemeral_on_local_session: return "ephemeral node on a local session";
    case errc::no_watcher: return "no such watch";
    case errc::request_timeout: return "request timed out";
    case errc::reconfig_disabled: return "reconfiguration is disabled";
    case errc::sasl_required: return "the server requires authentication, by SASL or another scheme";
    case errc::quota_exceeded: return "quota exceeded";
    case errc::throttled: return "throttled by the server";
    case errc::rolled_back: return "rolled back: a later operation failed";
    case errc::cancelled: return "cancelled";
    case errc::invalid_path: return "invalid path";
    case errc::malformed_reply: return "malformed reply";
    case errc::would_deadlock: return "waiting here would deadlock";
    case errc::queue_full: return "too many requests are waiting";
    case errc::too_large: return "too large";
    case errc::bad_hosts: return "bad host string";
    case errc::no_hosts: return "no host could be resolved";
    case errc::broken_promise: return "abandoned without an answer";
    case errc::forked: return "the client belongs to the parent process";
    case errc::not_held: return "the lock is not held";
    }
    return {};
}

class kazoo_category final : public std::error_category {
  public:
    const char* name() const noexcept override { return "zookeeper"; }
    std::string message(int code) const override {
        const auto known = text_of(static_cast<errc>(code));
        return known.empty() ? "server error " + std::to_string(code) : std::string(known);
    }
};

class kazoo_condition_category final : public std::error_category {
  public:
    const char* name() const noexcept override { return "kazoo condition"; }
    std::string message(int code) const override {
        switch (static_cast<condition>(code)) {
        case condition::retryable: return "can succeed when tried again";
        case condition::session_lost: return "session lost";
        case condition::connection: return "no usable connection";
        }
        return "unknown condition";
    }
    bool equivalent(const std::error_code& code, int wanted) const noexcept override {
        if (code.category() != category()) return false;
        const auto e = static_cast<errc>(code.value());
        switch (static_cast<condition>(wanted)) {
        case condition::retryable: // C39: session_moved, throttled and request_timeout belong here
            return e == errc::connection_loss || e == errc::operation_timeout || e == errc::session_moved ||
                   e == errc::throttled || e == errc::request_timeout || e == errc::queue_full || e == errc::no_hosts;
        case condition::session_lost: return e == errc::session_expired || e == errc::unknown_session;
        case condition::connection:
            return e == errc::connection_loss || e == errc::session_moved || e == errc::no_hosts;
        }
        return false;
    }
};

std::string describe(std::error_code code, std::string_view operation, std::string_view path, std::string_view detail) {
    std::string text(operation);
    if (!path.empty()) text.append(" \"").append(path).append("\"");
    text.append(": ").append(code.message());
    text.append(" (").append(code.category().name()).append(":").append(std::to_string(code.value())).append(")");
    if (!detail.empty()) text.append(": ").append(detail);
    return text;
}

} // namespace

// A loop may still compare codes while the process exits.
const std::error_category& category() noexcept {
    static const util::undying<kazoo_category> instance;
    return instance.get();
}

const std::error_category& condition_category() noexcept {
    static const util::undying<kazoo_condition_category> instance;
    return instance.get();
}

std::string to_string(errc e) { return make_error_code(e).message(); }
std::string to_string(condition c) { return make_error_condition(c).message(); }
std::string_view to_string(outcome o) noexcept { return o == outcome::unknown ? "unknown" : "not applied"; }

std::ostream& operator<<(std::ostream& out, errc e) {
    return out << to_string(e) << " (" << category().name() << ':' << static_cast<int>(e) << ')';
}
std::ostream& operator<<(std::ostream& out, condition c) { return out << to_string(c); }
std::ostream& operator<<(std::ostream& out, outcome o) { return out << to_string(o); }

// std::system_error appends ": " and the code's message to a text it is given, so the text comes from what() instead.
error::error(std::error_code code, kazoo::outcome outcome, std::string_view operation, std::string_view path,
             std::string_view detail)
    : std::system_error(code),
      operation_(operation),
      path_(path),
      what_(std::make_shared<const std::string>(describe(code, operation, path, detail))),
      detail_size_(detail.size()),
      outcome_(outcome) {}

error::~error() = default;

const char* error::what() const noexcept { return what_->c_str(); }

template class error_of<errc::connection_loss>;
template class error_of<errc::operation_timeout>;
template class error_of<errc::no_node>;
template class error_of<errc::no_auth>;
template class error_of<errc::bad_version>;
template class error_of<errc::node_exists>;
template class error_of<errc::not_empty>;
template class error_of<errc::session_expired>;
template class error_of<errc::auth_failed>;
template class error_of<errc::closed>;
template class error_of<errc::cancelled>;
template class error_of<errc::invalid_path>;
template class error_of<errc::would_deadlock>;

namespace {

template <errc... Codes>
void throw_typed(std::error_code code, outcome o, std::string_view operation, std::string_view path,
                 std::string_view detail) {
    ((code == make_error_code(Codes) ? throw error_of<Codes>(code, o, operation, path, detail) : void()), ...);
}

} // namespace

void throw_error(std::error_code code, outcome o, std::string_view operation, std::string_view path,
                 std::string_view detail) {
    using enum errc;
    throw_typed<system_error, runtime_inconsistency, data_inconsistency, connection_loss, marshalling_error,
                unimplemented, operation_timeout, bad_arguments, unknown_session, new_config_no_quorum,
                reconfig_in_progress, api_error, no_node, no_auth, bad_version, no_children_for_ephemerals, node_exists,
                not_empty, session_expired, invalid_callback, invalid_acl, auth_failed, closed, session_moved,
                not_read_only, ephemeral_on_local_session, no_watcher, request_timeout, reconfig_disabled,
                sasl_required, quota_exceeded, throttled, rolled_back, cancelled, invalid_path, malformed_reply,
                would_deadlock, queue_full, too_large, bad_hosts, no_hosts, broken_promise, forked, not_held>(
        code, o, operation, path, detail);
    throw error(code, o, operation, path, detail);
}

} // namespace kazoo

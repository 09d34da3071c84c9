#pragma once
// Every way an operation can fail, and what a caller can do about it.
#include <kazoo/export.hpp>

#include <cstddef>
#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

namespace kazoo {

/// Server codes keep their protocol value (a code that is not listed here passes through as its number); codes that
/// only this library gives are positive.
enum class errc : int {
    // from the server
    system_error = -1,                 ///< the server failed
    runtime_inconsistency = -2,        ///< an operation of a failed transaction, behind the one that failed
    data_inconsistency = -3,           ///< the server found its data inconsistent
    connection_loss = -4,              ///< the connection broke while the request, or one ahead of it, was under way
    marshalling_error = -5,            ///< the server could not read the request
    unimplemented = -6,                ///< the server is too old or not configured for it
    operation_timeout = -7,            ///< the deadline passed
    bad_arguments = -8,                ///< refused by the server; or an option of this library that makes no sense
    unknown_session = -12,             ///< the server does not know the session
    new_config_no_quorum = -13,        ///< reconfiguration: no quorum for the new configuration
    reconfig_in_progress = -14,        ///< reconfiguration: another one is under way
    api_error = -100,                  ///< the base of the codes below
    no_node = -101,                    ///< the node, or the parent of a new one, does not exist
    no_auth = -102,                    ///< the node's ACL does not permit it
    bad_version = -103,                ///< the node has another version than was expected
    no_children_for_ephemerals = -108, ///< ephemeral nodes cannot have children
    node_exists = -110,                ///< the node exists already
    not_empty = -111,                  ///< the node that should be removed has children
    session_expired = -112,            ///< the session that the operation or watch was bound to is over
    invalid_callback = -113,           ///< not seen in practice
    invalid_acl = -114,                ///< the ACL is malformed, or needs credentials that were not given
    auth_failed = -115,                ///< a credential was refused, or the client is in state auth_failed
    closed = -116,                     ///< the client was closed
    session_moved = -118,              ///< the session has moved to another server meanwhile
    not_read_only = -119,              ///< a write on a server that lost its quorum
    ephemeral_on_local_session = -120, ///< the server keeps this session to itself: it may not own ephemeral nodes
    no_watcher = -121,                 ///< there is no such watch
    request_timeout = -122,            ///< the server gave the request up
    reconfig_disabled = -123,          ///< reconfiguration is switched off
    sasl_required = -124,              ///< the server wants authentication first
    quota_exceeded = -125,             ///< a quota on the path is used up
    throttled = -127,                  ///< the server has too much to do
    // from this library
    rolled_back = 1,     ///< an operation of a failed transaction, ahead of the one that failed
    cancelled = 2,       ///< cancel() or a stop_token ended the wait
    invalid_path = 3,    ///< refused before it was sent
    malformed_reply = 4, ///< the server's answer could not be read
    would_deadlock = 5,  ///< a blocking wait where waiting can never end: on a loop thread, or for this executor itself
    queue_full = 6, ///< as much as client_options::max_waiting_requests and max_waiting_bytes allow is waiting already
    too_large = 7,  ///< longer than client_options::max_request_bytes or client_options::max_reply_bytes
    bad_hosts = 8,  ///< the host string cannot be understood
    no_hosts = 9,   ///< no host name could be resolved
    broken_promise = 10, ///< a continuation threw something that has no error code; get() throws that itself
    forked = 11,         ///< the client belongs to the parent process
    not_held = 12,       ///< the lock is not held, so there is nothing to check
};

/// Whether a failed operation may have taken effect.
enum class outcome : unsigned char {
    not_applied, ///< certainly not
    unknown, ///< it was under way: it may have been applied, or may still be, behind later writes of the same session
};

/// What to do about an error. Compare any error_code with these: `if (ec == kazoo::condition::retryable)`.
enum class condition {
    retryable = 1, ///< the same call can succeed later: connection trouble, throttling, a moved session
    session_lost,  ///< the session is over; ephemeral nodes are gone
    connection,    ///< no usable connection to a server
};

/// The category of errc, named "zookeeper". Lives as long as the process.
KAZOO_EXPORT const std::error_category& category() noexcept;
/// The category of kazoo::condition. Lives as long as the process.
KAZOO_EXPORT const std::error_category& condition_category() noexcept;
/// Makes errc comparable with every std::error_code.
inline std::error_code make_error_code(errc e) noexcept { return {static_cast<int>(e), category()}; }
/// Makes kazoo::condition comparable with every std::error_code.
inline std::error_condition make_error_condition(condition c) noexcept {
    return {static_cast<int>(c), condition_category()};
}
/// The message of the code: "no node".
KAZOO_EXPORT std::string to_string(errc);
/// "unknown" or "not applied". Static storage.
KAZOO_EXPORT std::string_view to_string(outcome) noexcept;
/// What it stands for: "can succeed when tried again".
KAZOO_EXPORT std::string to_string(condition);
/// Prints message, category and number, as error::what() does: `no node (zookeeper:-101)`.
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, errc);
/// Prints to_string() of it.
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, condition);
/// Prints "unknown" or "not applied".
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, outcome);

/// Base of every exception that this library throws for a failed operation or a bad argument. Beside it there are
/// std::bad_alloc, and std::system_error from the constructor of an event loop.
/// what() reads `get "/app/config": no node (zookeeper:-101)`.
class KAZOO_EXPORT error : public std::system_error {
  public:
    /// `operation` must be static storage. `detail` is appended to what(), for errors that have more to tell (the last
    /// failure of each address, ...).
    error(std::error_code code, kazoo::outcome outcome, std::string_view operation, std::string_view path,
          std::string_view detail = {});
    /// Copies.
    error(const error&) = default;
    /// Copies.
    error& operator=(const error&) = default;
    ~error() override;

    /// Operation, path, message, code and detail, for people to read. Valid as long as this object or a copy lives.
    const char* what() const noexcept override;
    /// The operation's name, such as "get". Never empty; static storage.
    std::string_view operation() const noexcept { return operation_; }
    /// The path it was called with, relative to the handle it was called on. Empty when there is none.
    const std::string& path() const noexcept { return path_; }
    /// What the error has to tell beside code and path: why a path is refused, the last failure of each address. It is
    /// the end of what(), and valid as long; often empty.
    std::string_view detail() const noexcept { return std::string_view(*what_).substr(what_->size() - detail_size_); }
    /// Whether the operation may have taken effect.
    kazoo::outcome outcome() const noexcept { return outcome_; }

    /// Whether the same call can succeed later (condition::retryable). Look at outcome() before repeating a write.
    bool retryable() const noexcept { return code() == make_error_condition(condition::retryable); }
    /// Whether the session is over, and its ephemeral nodes with it (condition::session_lost).
    bool session_lost() const noexcept { return code() == make_error_condition(condition::session_lost); }

  private:
    std::string_view operation_;
    std::string path_;
    std::shared_ptr<const std::string> what_;
    std::size_t detail_size_;
    kazoo::outcome outcome_;
};

/// One catchable type per code: `catch (const kazoo::error_of<kazoo::errc::quota_exceeded>&)`.
template <errc Code> class KAZOO_EXPORT error_of final : public error {
  public:
    using error::error;
    static constexpr errc value = Code; ///< the code that this type stands for; code() may not be another one
};
extern template class error_of<errc::connection_loss>;
extern template class error_of<errc::operation_timeout>;
extern template class error_of<errc::no_node>;
extern template class error_of<errc::no_auth>;
extern template class error_of<errc::bad_version>;
extern template class error_of<errc::node_exists>;
extern template class error_of<errc::not_empty>;
extern template class error_of<errc::session_expired>;
extern template class error_of<errc::auth_failed>;
extern template class error_of<errc::closed>;
extern template class error_of<errc::cancelled>;
extern template class error_of<errc::invalid_path>;
extern template class error_of<errc::would_deadlock>;

using connection_loss_error = error_of<errc::connection_loss>; ///< errc::connection_loss
using timeout_error = error_of<errc::operation_timeout>;       ///< errc::operation_timeout
using no_node_error = error_of<errc::no_node>;                 ///< errc::no_node
using no_auth_error = error_of<errc::no_auth>;                 ///< errc::no_auth
using bad_version_error = error_of<errc::bad_version>;         ///< errc::bad_version
using node_exists_error = error_of<errc::node_exists>;         ///< errc::node_exists
using not_empty_error = error_of<errc::not_empty>;             ///< errc::not_empty
using session_expired_error = error_of<errc::session_expired>; ///< errc::session_expired
using auth_failed_error = error_of<errc::auth_failed>;         ///< errc::auth_failed
using closed_error = error_of<errc::closed>;                   ///< errc::closed
using cancelled_error = error_of<errc::cancelled>;             ///< errc::cancelled
using invalid_path_error = error_of<errc::invalid_path>;       ///< errc::invalid_path
using would_deadlock_error = error_of<errc::would_deadlock>;   ///< errc::would_deadlock

/// Throws the error_of<> that matches `code`, or kazoo::error for codes without a type of their own.
[[noreturn]] KAZOO_EXPORT void throw_error(std::error_code code, outcome outcome, std::string_view operation,
                                           std::string_view path, std::string_view detail = {});

} // namespace kazoo

template <> struct std::is_error_code_enum<kazoo::errc> : std::true_type {};
template <> struct std::is_error_condition_enum<kazoo::condition> : std::true_type {};

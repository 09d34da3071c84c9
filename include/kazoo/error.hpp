#pragma once
// Every way an operation can fail, and what a caller can do about it.
#include <kazoo/export.hpp>

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
    system_error = -1,
    runtime_inconsistency = -2, ///< an operation of a failed transaction, behind the one that failed
    data_inconsistency = -3,
    connection_loss = -4, ///< the connection broke while the request was under way
    marshalling_error = -5,
    unimplemented = -6,     ///< the server is too old or not configured for it
    operation_timeout = -7, ///< the deadline passed
    bad_arguments = -8,
    unknown_session = -12,
    new_config_no_quorum = -13,
    reconfig_in_progress = -14,
    api_error = -100,
    no_node = -101,
    no_auth = -102,
    bad_version = -103,
    no_children_for_ephemerals = -108,
    node_exists = -110,
    not_empty = -111,
    session_expired = -112, ///< the session that the operation was bound to is over
    invalid_callback = -113,
    invalid_acl = -114,
    auth_failed = -115,
    closed = -116, ///< the client was closed
    session_moved = -118,
    not_read_only = -119, ///< a write on a server that lost its quorum
    ephemeral_on_local_session = -120,
    no_watcher = -121,
    request_timeout = -122,
    reconfig_disabled = -123,
    sasl_required = -124,
    quota_exceeded = -125,
    throttled = -127,
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
    broken_promise = 10, ///< the producing side went away without an answer
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

KAZOO_EXPORT const std::error_category& category() noexcept;
KAZOO_EXPORT const std::error_category& condition_category() noexcept;
inline std::error_code make_error_code(errc e) noexcept { return {static_cast<int>(e), category()}; }
inline std::error_condition make_error_condition(condition c) noexcept {
    return {static_cast<int>(c), condition_category()};
}
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, outcome);

/// Base of every exception this library throws.
/// what() reads `get "/app/config": no node (zookeeper:-101)`.
class KAZOO_EXPORT error : public std::system_error {
  public:
    /// `detail` is appended to what(), for errors that have more to tell (the last failure of each address, ...).
    error(std::error_code code, kazoo::outcome outcome, std::string_view operation, std::string_view path,
          std::string_view detail = {});
    error(const error&) = default;
    error& operator=(const error&) = default;
    ~error() override;

    const char* what() const noexcept override;
    /// The operation's name, such as "get". Never empty; static storage.
    std::string_view operation() const noexcept { return operation_; }
    /// The path it was called with, relative to the handle it was called on. Empty when there is none.
    const std::string& path() const noexcept { return path_; }
    kazoo::outcome outcome() const noexcept { return outcome_; }

    bool retryable() const noexcept { return code() == make_error_condition(condition::retryable); }
    bool session_lost() const noexcept { return code() == make_error_condition(condition::session_lost); }

  private:
    std::string_view operation_;
    std::string path_;
    std::shared_ptr<const std::string> what_;
    kazoo::outcome outcome_;
};

/// One catchable type per code: `catch (const kazoo::error_of<kazoo::errc::quota_exceeded>&)`.
template <errc Code> class KAZOO_EXPORT error_of final : public error {
  public:
    using error::error;
    static constexpr errc value = Code;
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

using connection_loss_error = error_of<errc::connection_loss>;
using timeout_error = error_of<errc::operation_timeout>;
using no_node_error = error_of<errc::no_node>;
using no_auth_error = error_of<errc::no_auth>;
using bad_version_error = error_of<errc::bad_version>;
using node_exists_error = error_of<errc::node_exists>;
using not_empty_error = error_of<errc::not_empty>;
using session_expired_error = error_of<errc::session_expired>;
using auth_failed_error = error_of<errc::auth_failed>;
using closed_error = error_of<errc::closed>;
using cancelled_error = error_of<errc::cancelled>;
using invalid_path_error = error_of<errc::invalid_path>;
using would_deadlock_error = error_of<errc::would_deadlock>;

/// Throws the error_of<> that matches `code`, or kazoo::error for codes without a type of their own.
[[noreturn]] KAZOO_EXPORT void throw_error(std::error_code code, outcome outcome, std::string_view operation,
                                           std::string_view path, std::string_view detail = {});

} // namespace kazoo

template <> struct std::is_error_code_enum<kazoo::errc> : std::true_type {};
template <> struct std::is_error_condition_enum<kazoo::condition> : std::true_type {};

#pragma once
// Values that operations take and return. Every type here is a plain value: copy it, compare it, print it.
#include <kazoo/export.hpp>

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kazoo {

/// Version of a node's data; `any` skips the check. Distinct from acl_version, so the two cannot be mixed up.
enum class version : std::int32_t {
    any = -1
};
/// Version of a node's ACL; `any` skips the check.
enum class acl_version : std::int32_t {
    any = -1
};
/// ZooKeeper's transaction id: grows with every change in the ensemble.
enum class zxid : std::int64_t {
    none = -1
};
/// Identifies a session. May be negative: the top byte is the server's id.
enum class session_id : std::int64_t {
    none = 0
};

/// Wall clock time as the server keeps it: milliseconds since 1970.
using sys_time = std::chrono::sys_time<std::chrono::milliseconds>;

/// A node's metadata, ZooKeeper's Stat.
struct node_stat {
    zxid created{};           ///< czxid: the transaction that created the node
    zxid modified{};          ///< mzxid: the last change of its data
    zxid children_modified{}; ///< pzxid: the last creation or deletion of a child
    sys_time ctime{}, mtime{};
    version data_version{};
    std::int32_t child_version{}; ///< cversion: creations plus deletions of children
    kazoo::acl_version acl_version{};
    session_id owner{}; ///< the session that an ephemeral node dies with; none for all others
    std::int32_t data_length{}, num_children{};

    bool ephemeral() const noexcept { return owner != session_id::none; }
    friend bool operator==(const node_stat&, const node_stat&) = default;
};

/// "No data", which ZooKeeper keeps apart from "empty data".
inline constexpr std::nullopt_t null = std::nullopt;

/// What a write accepts: text, bytes or kazoo::null. A view: the bytes are copied before the call returns.
class data_view {
  public:
    constexpr data_view(std::nullopt_t) noexcept {}
    constexpr data_view(std::string_view s) noexcept : data_(s.data() ? s.data() : ""), size_(s.size()) {}
    constexpr data_view(const char* s) noexcept : data_view(std::string_view(s)) {}
    data_view(const std::string& s) noexcept : data_view(std::string_view(s)) {}
    data_view(std::span<const std::byte> s) noexcept
        : data_view(std::string_view(reinterpret_cast<const char*>(s.data()), s.size())) {}
    data_view(std::nullptr_t) = delete; ///< say kazoo::null
    data_view(int) = delete;            ///< numbers are not data: format them first

    constexpr bool is_null() const noexcept { return data_ == nullptr; }
    /// Null reads as a view whose data() is nullptr.
    constexpr std::string_view text() const noexcept { return {data_, size_}; }

  private:
    const char* data_ = nullptr;
    std::size_t size_ = 0;
};

/// What a read returns. Null reads as an empty view; ask is_null() when the difference matters.
class bytes {
  public:
    bytes() noexcept = default; ///< null
    explicit bytes(std::string s) noexcept : text_(std::move(s)), null_(false) {}

    bool is_null() const noexcept { return null_; }
    bool empty() const noexcept { return text_.empty(); }
    std::size_t size() const noexcept { return text_.size(); }
    std::string_view view() const& noexcept { return text_; }
    std::string_view view() const&& = delete; ///< would dangle: keep the bytes in a variable
    operator std::string_view() const& noexcept { return text_; }
    operator std::string_view() const&& = delete;
    std::span<const std::byte> as_bytes() const& noexcept { return std::as_bytes(std::span(text_)); }
    const std::string& str() const& noexcept { return text_; }
    std::string str() && noexcept { return std::move(text_); }

    friend bool operator==(const bytes&, const bytes&) noexcept = default;
    friend bool operator==(const bytes& a, std::string_view b) noexcept { return !a.null_ && a.text_ == b; }

  private:
    std::string text_;
    bool null_ = true;
};

/// Data and metadata of one node.
struct node {
    bytes data;
    node_stat stat;
};

/// Names of a node's children (not paths, in no order) and the node's own metadata.
struct child_list {
    std::vector<std::string> names;
    node_stat stat;
};

/// The path that a create made (with the number, for a sequential one) and the new node's metadata.
struct created_node {
    std::string path;
    node_stat stat;
};

enum class create_mode : std::int32_t {
    persistent = 0,
    ephemeral = 1,             ///< dies with the session; has no children
    persistent_sequential = 2, ///< the server appends a 10-digit number
    ephemeral_sequential = 3,
};

enum class event_type : std::uint8_t {
    created = 1,
    deleted = 2,
    data_changed = 3,
    children_changed = 4,
    /// Only from a watch_stream: changes may have been missed (the connection was down). Read again what you hold.
    gap = 5,
};

/// One change of one node, as the server reported it.
struct watch_event {
    event_type type{};
    std::string path; ///< of the node that changed; for `gap` the path that is watched
    /// The transaction of the change; none from servers before 3.9 and after a reconnect.
    kazoo::zxid zxid = kazoo::zxid::none;
    friend bool operator==(const watch_event&, const watch_event&) = default;
};

enum class watch_mode : std::int32_t {
    persistent = 0,           ///< the node: created, deleted, data_changed, children_changed
    persistent_recursive = 1, ///< the node and all below it: created, deleted, data_changed
};

/// The life of a session, as a client sees it.
///
///     connecting -> connected <-> suspended -> lost -> connecting ...
///
/// and from everywhere to `closed`; `auth_failed` is final too.
enum class session_state : std::uint8_t {
    connecting,          ///< no session yet, or a new one is being opened after `lost`
    connected,           ///< requests flow
    connected_read_only, ///< on a server that lost its quorum: reads flow, writes fail with errc::not_read_only
    suspended,           ///< no connection, but the session may still live at the servers
    lost,                ///< the session is over: ephemeral nodes and locks are gone. A new one is opened by itself
    auth_failed,         ///< the servers refused the client's credentials: final
    closed,              ///< close() was called: final
};

KAZOO_EXPORT std::string_view to_string(session_state) noexcept;
KAZOO_EXPORT std::string_view to_string(event_type) noexcept;
KAZOO_EXPORT std::string to_string(session_id); ///< hexadecimal, as the servers' logs print it
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, session_state);
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, event_type);
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, session_id);
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, const node_stat&);
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, const watch_event&);

} // namespace kazoo

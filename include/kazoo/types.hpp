#pragma once
// Values that operations take and return. Every type here is a plain value: copy it, compare it, print it.
#include <kazoo/child_names.hpp>
#include <kazoo/create_mode.hpp>
#include <kazoo/export.hpp>

#include <chrono>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace kazoo {

/// Version of a node's data; `any` skips the check. Distinct from acl_version, so the two cannot be mixed up.
enum class version : std::int32_t {
    any = -1 ///< whatever the node has
};
/// Version of a node's ACL; `any` skips the check.
enum class acl_version : std::int32_t {
    any = -1 ///< whatever the node has
};
/// ZooKeeper's transaction id: grows with every change in the ensemble.
enum class zxid : std::int64_t {
    none = -1 ///< not known
};
/// Identifies a session. May be negative: the top byte is the server's id.
enum class session_id : std::int64_t {
    none = 0 ///< no session
};

/// Wall clock time as the server keeps it: milliseconds since 1970.
using sys_time = std::chrono::sys_time<std::chrono::milliseconds>;

/// A node's metadata, ZooKeeper's Stat.
struct node_stat {
    zxid created{};                   ///< czxid: the transaction that created the node
    zxid modified{};                  ///< mzxid: the last change of its data
    zxid children_modified{};         ///< pzxid: the last creation or deletion of a child
    sys_time ctime{};                 ///< when it was created, by the server's clock
    sys_time mtime{};                 ///< when its data was last changed, by the server's clock
    version data_version{};           ///< version: how often its data was changed
    std::int32_t child_version{};     ///< cversion: creations plus deletions of children
    kazoo::acl_version acl_version{}; ///< aversion: how often its ACL was changed
    session_id owner{};               ///< the session that an ephemeral node dies with; none for all others
    std::int32_t data_length{};       ///< of its data, in bytes
    std::int32_t num_children{};      ///< direct children

    /// Whether the node goes when its session ends.
    bool ephemeral() const noexcept { return owner != session_id::none; }
    /// Whether all fields are equal.
    friend bool operator==(const node_stat&, const node_stat&) = default;
};

/// "No data", which ZooKeeper keeps apart from "empty data".
inline constexpr std::nullopt_t null = std::nullopt;

namespace detail {

template <class T>
concept byte_like = std::same_as<T, std::byte> || std::same_as<T, unsigned char> || std::same_as<T, signed char> ||
                    std::same_as<T, char> || std::same_as<T, char8_t>;

/// Containers and views of bytes that are no text already.
template <class R>
concept byte_range = !std::convertible_to<const R&, std::string_view> && requires(const R& r) {
    { std::size(r) } -> std::convertible_to<std::size_t>;
    { *std::data(r) } -> std::same_as<std::add_lvalue_reference_t<const std::remove_cvref_t<decltype(*std::data(r))>>>;
    requires byte_like<std::remove_cvref_t<decltype(*std::data(r))>>;
};

} // namespace detail

class bytes;

/// What a write accepts: text, bytes or kazoo::null. A view, for the call that it is passed to: that call copies the
/// bytes before it returns.
class data_view {
  public:
    /// No data: `data_view(kazoo::null)`.
    constexpr data_view(std::nullopt_t) noexcept {}
    /// These bytes. Never null, also if s.data() is.
    constexpr data_view(std::string_view s) noexcept : data_(s.data() ? s.data() : ""), size_(s.size()) {}
    /// Up to the first zero. Precondition: not a null pointer.
    constexpr data_view(const char* s) noexcept : data_view(std::string_view(s)) {}
    /// These bytes, zeros included.
    data_view(const std::string& s) noexcept : data_view(std::string_view(s)) {}
    /// The bytes of a container or a view: std::vector<std::uint8_t>, std::span<const std::byte>, … Never null.
    template <detail::byte_range R>
    data_view(const R& bytes) noexcept
        : data_view(std::string_view(reinterpret_cast<const char*>(std::data(bytes)), std::size(bytes))) {}
    /// What a read gave, null included.
    data_view(const bytes&) noexcept;
    data_view(std::nullptr_t) = delete; ///< say kazoo::null
    data_view(int) = delete;            ///< numbers are not data: format them first

    /// Whether there is no data, which is not the same as empty data.
    constexpr bool is_null() const noexcept { return data_ == nullptr; }
    /// The bytes. For null: an empty view whose data() is nullptr.
    constexpr std::string_view text() const noexcept { return {data_, size_}; }

  private:
    const char* data_ = nullptr;
    std::size_t size_ = 0;
};

/// What a read returns. Null reads as an empty view; ask is_null() when the difference matters.
class bytes {
  public:
    /// Null.
    bytes() noexcept = default;
    /// These bytes: not null, also if empty.
    explicit bytes(std::string s) noexcept : text_(std::move(s)), null_(false) {}

    /// Whether the node has no data, which is not the same as empty data.
    bool is_null() const noexcept { return null_; }
    /// Whether there are no bytes: null or empty data.
    bool empty() const noexcept { return text_.empty(); }
    /// The number of bytes; 0 for null.
    std::size_t size() const noexcept { return text_.size(); }
    /// The bytes as text. Valid as long as this object lives and is not changed; so are the next three.
    std::string_view view() const& noexcept { return text_; }
    std::string_view view() const&& = delete; ///< would dangle: keep the bytes in a variable
    /// The same as view().
    operator std::string_view() const& noexcept { return text_; }
    operator std::string_view() const&& = delete;
    /// The bytes as std::byte.
    std::span<const std::byte> as_bytes() const& noexcept { return std::as_bytes(std::span(text_)); }
    /// The bytes as a string; empty for null.
    const std::string& str() const& noexcept { return text_; }
    /// Moves the string out.
    std::string str() && noexcept { return std::move(text_); }

    /// Null equals null alone.
    friend bool operator==(const bytes&, const bytes&) noexcept = default;
    /// Null equals no text, not even "".
    friend bool operator==(const bytes& a, std::string_view b) noexcept { return !a.null_ && a.text_ == b; }

  private:
    std::string text_;
    bool null_ = true;
};

inline data_view::data_view(const bytes& b) noexcept {
    if (!b.is_null()) *this = data_view(std::string_view(b));
}

/// Data and metadata of one node.
struct node {
    bytes data;     ///< may be null
    node_stat stat; ///< of the same moment as the data
};

/// Names of a node's children (not paths, in no order) and the node's own metadata.
struct child_list {
    child_names names; ///< in no order
    node_stat stat;    ///< of the parent
};

/// What a create made.
struct created_node {
    std::string path; ///< relative to the handle's root; with the number, if it is sequential
    node_stat stat;   ///< of the new node
};

/// What happened to a node.
enum class event_type : std::uint8_t {
    created = 1,          ///< it was created
    deleted = 2,          ///< it was removed, or went with its session
    data_changed = 3,     ///< its data was set, perhaps to what it was before
    children_changed = 4, ///< a direct child was created or removed
    /// Only from a watch_stream: changes may have been missed (the connection was down). Read again what you hold.
    gap = 5,
};

/// One change of one node, as the server reported it.
struct watch_event {
    event_type type{}; ///< what happened
    std::string path;  ///< relative to the handle's root: of the node that changed; for `gap` the path that is watched
    /// The transaction of the change; none from servers before 3.9 and after a reconnect.
    kazoo::zxid zxid = kazoo::zxid::none;
    /// Whether all fields are equal.
    friend bool operator==(const watch_event&, const watch_event&) = default;
};

/// What a watch_stream tells of.
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

/// The number; "any" for version::any.
KAZOO_EXPORT std::string to_string(version);
/// The number; "any" for acl_version::any.
KAZOO_EXPORT std::string to_string(acl_version);
/// Hexadecimal, as the servers' logs print it: "0x10000002a"; "none" for zxid::none.
KAZOO_EXPORT std::string to_string(zxid);
/// The enumerator's name, such as "persistent_recursive"; "unknown" for other values. Static storage.
KAZOO_EXPORT std::string_view to_string(watch_mode) noexcept;
/// As they are printed.
KAZOO_EXPORT std::string to_string(const node_stat&);
/// As they are printed.
KAZOO_EXPORT std::string to_string(const watch_event&);
/// The enumerator's name, such as "connected"; "unknown" for other values. Static storage.
KAZOO_EXPORT std::string_view to_string(session_state) noexcept;
/// The enumerator's name, such as "data_changed"; "unknown" for other values. Static storage.
KAZOO_EXPORT std::string_view to_string(event_type) noexcept;
/// Hexadecimal, as the servers' logs print it: "0x100001c2f3b0001".
KAZOO_EXPORT std::string to_string(session_id);
/// Prints to_string() of it.
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, session_state);
/// Prints to_string() of it.
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, event_type);
/// Prints to_string() of it.
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, session_id);
/// Prints to_string() of it.
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, version);
/// Prints to_string() of it.
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, acl_version);
/// Prints to_string() of it.
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, zxid);
/// Prints to_string() of it.
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, watch_mode);
/// Prints the bytes as they are; nothing for null.
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, const bytes&);
/// Prints data and metadata: `5 bytes, czxid=4 ...`, or `null, czxid=4 ...`.
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, const node&);
/// Prints the names and the metadata: `a b, czxid=4 ...`.
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, const child_list&);
/// Prints path and metadata: `/a, czxid=4 ...`.
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, const created_node&);
/// Prints the fields under ZooKeeper's names, without the times: `czxid=4 mzxid=4 ... numChildren=0`.
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, const node_stat&);
/// Prints type and path, and the zxid if it is known: `deleted /a zxid=7`.
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, const watch_event&);

} // namespace kazoo

#pragma once
// Access control lists: who may do what with one node. ACLs are not inherited.
#include <kazoo/export.hpp>
#include <kazoo/types.hpp>

#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kazoo {

/// What an identity may do with a node. Combine with `|`, test with `&`.
enum class perms : std::int32_t {
    none = 0,   ///< nothing
    read = 1,   ///< read its data, list its children
    write = 2,  ///< change its data
    create = 4, ///< create children
    remove = 8, ///< remove children; whether the node itself may be removed is its parent's matter
    admin = 16, ///< change its ACL
    all = 31    ///< all of these
};
/// The permissions that are in either.
constexpr perms operator|(perms a, perms b) noexcept {
    return static_cast<perms>(static_cast<std::int32_t>(a) | static_cast<std::int32_t>(b));
}
/// The permissions that are in both.
constexpr perms operator&(perms a, perms b) noexcept {
    return static_cast<perms>(static_cast<std::int32_t>(a) & static_cast<std::int32_t>(b));
}

/// In ZooKeeper's letters: "cdrwa"; "none" for none.
KAZOO_EXPORT std::string to_string(perms);
/// Prints to_string() of it.
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, perms);

/// One entry: these permissions for this identity.
struct acl {
    kazoo::perms perms = kazoo::perms::all; ///< what may be done
    std::string scheme;                     ///< how the identity is proved: "world", "digest", "ip", ...
    std::string id;                         ///< who, in the form of the scheme; see digest_id()
    /// Whether all three are equal.
    friend bool operator==(const acl&, const acl&) = default;
};

/// A node's entries and its metadata.
struct acl_list {
    std::vector<acl> entries; ///< in the server's order; hashes of `digest` ids read "x" for who may not change the ACL
    node_stat stat;           ///< its acl_version is what client::set_acl() compares
};

/// As zkCli writes it: "world:anyone:cdrwa".
KAZOO_EXPORT std::string to_string(const acl&);
/// Prints to_string() of it.
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, const acl&);
/// Prints the entries and the metadata: `world:anyone:cdrwa, czxid=4 ...`.
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, const acl_list&);

/// A view of a list of entries, for the call that it is passed to. The list must live until that call returns;
/// temporary lists are refused by the compiler. Empty means "not given": every operation then uses
/// acls::open_unsafe().
class acl_view {
  public:
    /// Empty: not given.
    constexpr acl_view() noexcept = default;
    /// Precondition: the entries outlive the view.
    constexpr acl_view(std::span<const acl> entries) noexcept : entries_(entries) {}
    /// Precondition: the vector outlives the view and is not changed meanwhile.
    acl_view(const std::vector<acl>& entries) noexcept : entries_(entries) {}
    acl_view(std::vector<acl>&&) = delete;
    acl_view(std::initializer_list<acl>) = delete;
    /// The entries, in order. Valid as long as the list is.
    constexpr std::span<const acl> entries() const noexcept { return entries_; }

  private:
    std::span<const acl> entries_;
};

namespace acls {
/// Everybody may do everything.
KAZOO_EXPORT acl_view open_unsafe() noexcept;
/// Whoever created the node may do everything; needs an authenticated client, else errc::invalid_acl.
KAZOO_EXPORT acl_view creator_all() noexcept;
/// Everybody may read, nobody may change.
KAZOO_EXPORT acl_view read_unsafe() noexcept;
} // namespace acls

/// The id of scheme `digest` for a user: `user:` and base64(sha1("user:password")).
KAZOO_EXPORT std::string digest_id(std::string_view user, std::string_view password);

} // namespace kazoo

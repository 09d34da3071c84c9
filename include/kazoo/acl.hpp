#pragma once
// Access control lists: who may do what with one node. ACLs are not inherited.
#include <kazoo/export.hpp>
#include <kazoo/types.hpp>

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kazoo {

enum class perms : std::int32_t {
    none = 0,
    read = 1,
    write = 2,
    create = 4,
    remove = 8,
    admin = 16,
    all = 31
};
constexpr perms operator|(perms a, perms b) noexcept {
    return static_cast<perms>(static_cast<std::int32_t>(a) | static_cast<std::int32_t>(b));
}
constexpr perms operator&(perms a, perms b) noexcept {
    return static_cast<perms>(static_cast<std::int32_t>(a) & static_cast<std::int32_t>(b));
}

/// One entry: these permissions for this identity.
struct acl {
    kazoo::perms perms = kazoo::perms::all;
    std::string scheme, id;
    friend bool operator==(const acl&, const acl&) = default;
};

/// A node's entries and its metadata: node_stat::acl_version is what set_acl compares.
struct acl_list {
    std::vector<acl> entries;
    node_stat stat;
};

/// A list of entries that outlives the call it is passed to. Cannot bind a temporary, so it cannot dangle.
/// Empty means "not given": the open ACL is used (contract C32: one rule for every operation).
class acl_view {
  public:
    constexpr acl_view() noexcept = default;
    constexpr acl_view(std::span<const acl> entries) noexcept : entries_(entries) {}
    acl_view(const std::vector<acl>& entries) noexcept : entries_(entries) {}
    acl_view(std::vector<acl>&&) = delete;
    acl_view(std::initializer_list<acl>) = delete;
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

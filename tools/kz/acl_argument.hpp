#pragma once
#include <kazoo/acl.hpp>

#include <string>
#include <vector>

namespace kz {

/// What the help says of it.
inline constexpr const char* acl_help =
    "SCHEME:ID:PERMS with PERMS of c(reate) d(elete) r(ead) w(rite) a(dmin), such as "
    "world:anyone:r; or open, read, creator. May be repeated";

/// Throws usage_error. An empty list gives an empty list.
std::vector<kazoo::acl> parse_acl(const std::vector<std::string>& entries);

} // namespace kz

#pragma once
// Between the protocol's records and the public values.
#include "client/chroot.hpp"
#include "proto/records.hpp"

#include <kazoo/acl.hpp>
#include <kazoo/types.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace kazoo::detail {

inline node_stat to_public(const proto::stat& s) noexcept {
    const auto time = [](std::int64_t ms) { return sys_time(std::chrono::milliseconds(ms)); };
    return {.created = static_cast<zxid>(s.czxid),
            .modified = static_cast<zxid>(s.mzxid),
            .children_modified = static_cast<zxid>(s.pzxid),
            .ctime = time(s.ctime),
            .mtime = time(s.mtime),
            .data_version = static_cast<version>(s.version),
            .child_version = s.cversion,
            .acl_version = static_cast<acl_version>(s.aversion),
            .owner = static_cast<session_id>(s.ephemeral_owner),
            .data_length = s.data_length,
            .num_children = s.num_children};
}

constexpr naming naming_of(create_mode m) noexcept { return m.is_sequential() ? naming::sequential : naming::whole; }

inline bytes to_public(std::string_view data) { return proto::is_null(data) ? bytes() : bytes(std::string(data)); }

inline acl to_public(const proto::acl_entry& e) {
    return {static_cast<perms>(e.perms), std::string(e.who.scheme), std::string(e.who.name)};
}

/// An empty list means "not given": the open ACL (C32). An empty id is a value, not null.
inline std::vector<proto::acl_entry> to_wire(acl_view given) {
    const auto entries = given.entries().empty() ? acls::open_unsafe().entries() : given.entries();
    std::vector<proto::acl_entry> wire;
    wire.reserve(entries.size());
    for (const acl& a : entries) wire.push_back({static_cast<std::int32_t>(a.perms), {a.scheme, a.id}});
    return wire;
}

} // namespace kazoo::detail

#pragma once
// What a create sends, alone or in a transaction: the mode decides the operation and the shape of its request.
#include "client/requests/convert.hpp"

#include <kazoo/create_mode.hpp>

#include <string_view>

namespace kazoo::detail {

/// `plain`: for modes that need no operation of their own.
constexpr proto::opcode opcode_of(create_mode m, proto::opcode plain) noexcept {
    if (m.is_container()) return proto::opcode::create_container;
    return m.has_ttl() ? proto::opcode::create_ttl : plain;
}

inline void put_create(proto::writer& w, std::string_view full_path, data_view data, create_mode m, acl_view acl) {
    namespace flag = proto::create_flags;
    const std::string_view bytes = data.text();
    if (m.has_ttl()) {
        const std::int32_t flags = m.is_sequential() ? flag::ttl_sequential : flag::ttl;
        return w.put(proto::create_ttl_request{full_path, bytes, to_wire(acl), flags, m.time_to_live().count()});
    }
    const std::int32_t flags = m.is_container() ? flag::container
                                                : (m.is_ephemeral() ? flag::ephemeral : flag::persistent) |
                                                      (m.is_sequential() ? flag::sequential : flag::persistent);
    w.put(proto::create_request{full_path, bytes, to_wire(acl), flags});
}

} // namespace kazoo::detail

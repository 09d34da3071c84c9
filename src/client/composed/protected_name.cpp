#include "client/composed/protected_name.hpp"

#include "client/requests/convert.hpp"

#include <kazoo/path.hpp>

namespace kazoo::detail {

std::string random_id(loop& l) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string id;
    for (int half = 0; half < 2; ++half) {
        std::uint64_t bits = l.entropy();
        for (int i = 0; i < 16; ++i, bits >>= 4) id.push_back(digits[bits & 15]);
    }
    return id;
}

task<std::optional<created_node>> find_protected(pinned_handle zk, std::string folder, std::string id,
                                                 create_mode mode) {
    std::optional<created_node> oldest;
    co_await zk.async_sync(folder); // the server we are on now may lag behind the one that took the create (C53)
    const auto names = co_await zk.async_get_children(folder);
    for (const std::string_view name : names) {
        if (!name.starts_with(id)) continue;
        std::string found = path::join(folder, name);
        const auto stat = co_await zk.async_exists(found);
        if (!stat || (mode.is_ephemeral() && stat->owner != zk.id())) continue;
        if (!oldest || stat->created < oldest->stat.created) oldest = created_node{std::move(found), *stat};
    }
    co_return oldest;
}

} // namespace kazoo::detail

#pragma once
// What recipes and tests may know of a client, and users need not.
#include "client/core.hpp"

#include <kazoo/client.hpp>

namespace kazoo::detail {

struct client_access {
    static core& core_of(const client& c) noexcept { return *c.core_; }
    static session::identity identity(const client& c) { return c.core_->board().identity(); }
};

} // namespace kazoo::detail

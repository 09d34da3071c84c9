#pragma once
// What tests may know of a client and users need not: the password of its session.
#include "client/core.hpp"

#include <kazoo/client.hpp>

namespace kazoo::detail {

struct client_access {
    static session::identity identity(const client& c) { return c.core_->board().identity(); }
    static core& core_of(const client& c) noexcept { return *c.core_; }
};

} // namespace kazoo::detail

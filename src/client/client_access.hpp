#pragma once
// What tests may know of a client and users need not: the password of its session.
#include "client/core.hpp"

#include <kazoo/client.hpp>

namespace kazoo::detail {

struct client_access {
    static session::identity identity(const client& c) { return c.core_->board().identity(); }
};

} // namespace kazoo::detail

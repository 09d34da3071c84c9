#pragma once
// What the library and its tests may know of a handle, and users need not.
#include "client/core.hpp"

#include <kazoo/client.hpp>

#include <string>
#include <utility>

namespace kazoo::detail {

struct client_access {
    static core& core_of(const node_operations& h) noexcept { return *h.core_; }
    static const core_handle& handle_of(const node_operations& h) noexcept { return h.core_; }
    static std::uint64_t epoch_of(const node_operations& h) noexcept { return h.epoch_; }
    /// Whether the session that its requests belong to is over. Exact on the loop; other threads may be overtaken by
    /// the end of the session.
    static bool expired(const node_operations& h) noexcept {
        return h.epoch_ != 0 && h.epoch_ != h.core_->board().epoch();
    }
    static client make(core_handle core, std::string root) noexcept { return client(std::move(core), std::move(root)); }
    static session::identity identity(const client& c) { return c.core_->board().identity(); }
};

} // namespace kazoo::detail

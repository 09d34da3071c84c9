#pragma once
// Makes a node and all its ancestors.
#include "client/handle.hpp"
#include "task/task.hpp"

#include <kazoo/acl.hpp>
#include <kazoo/future.hpp>

#include <string>
#include <vector>

namespace kazoo::detail {

using acl_copy = std::vector<acl>;
acl_copy copy_of(acl_view);

/// Makes the node and what is missing above it. True if it was there. `target` is absolute: the handle's root may be
/// missing too (C36), so `zk` has none. `made_some` becomes true as soon as one of them may have been made here.
task<bool> ensure_path(handle zk, std::string target, acl_copy, bool& made_some);

/// Fails as the step did, with outcome unknown.
template <class T> [[noreturn]] void rethrow_as_unknown(const result<T>& r) {
    failure f = future_access::why(r);
    f.exception = nullptr;
    f.outcome = outcome::unknown;
    f.rethrow();
}

/// Fails with outcome unknown if some nodes were made, or may have been: they stay, so "not applied" would be wrong.
template <class T> [[noreturn]] void rethrow_half_done(const result<T>& r, bool half_done) {
    if (half_done) rethrow_as_unknown(r);
    r.rethrow();
}

} // namespace kazoo::detail

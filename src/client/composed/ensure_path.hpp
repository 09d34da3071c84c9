#pragma once
// A node and everything above it.
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

/// What was made so far stays, or may: nobody can say "not applied" of the whole.
template <class T> [[noreturn]] void rethrow_half_done(const result<T>& r, bool half_done) {
    if (!half_done) r.rethrow();
    failure f = r.why();
    f.exception = nullptr;
    f.outcome = outcome::unknown;
    f.rethrow();
}

} // namespace kazoo::detail

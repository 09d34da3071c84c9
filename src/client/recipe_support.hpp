#pragma once
// What recipes stand on: coroutines on the client's loop, requests that belong to one session, names that are found
// again, clean-up in the background. Recipes include this and the public headers, nothing else.
#include "client/certainty_claim.hpp"
#include "client/client_access.hpp"
#include "client/create.hpp"
#include "client/janitor.hpp"
#include "client/operations.hpp"
#include "client/post.hpp"
#include "client/protected_name.hpp"
#include "client/ready.hpp"
#include "client/rooted_path.hpp"
#include "client/task.hpp"
#include "client/task_signal.hpp"

namespace kazoo::detail {

/// A task whose failure with `excused` is the answer false.
inline task<bool> false_on(errc excused, task<bool> t) {
    const auto r = co_await as_result(std::move(t));
    if (r.error() == excused) co_return false;
    co_return r.value();
}

} // namespace kazoo::detail

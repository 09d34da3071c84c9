#pragma once
// What recipes stand on: coroutines on the client's loop, requests that belong to one session, names that are found
// again, clean-up in the background. Recipes include this and the public headers, nothing else.
#include "client/certainty_claim.hpp"
#include "client/client_access.hpp"
#include "client/composed/create.hpp"
#include "client/composed/janitor.hpp"
#include "client/composed/protected_name.hpp"
#include "client/requests/operations.hpp"
#include "client/requests/rooted_path.hpp"
#include "future/ready.hpp"
#include "loop/post.hpp"
#include "task/repetition.hpp"
#include "task/root_task.hpp"
#include "task/task_signal.hpp"

namespace kazoo::detail {

/// A task whose failure with `excused` is the answer false.
inline task<bool> false_on(errc excused, task<bool> t) {
    const auto r = co_await as_result(std::move(t));
    if (r.error() == excused) co_return false;
    co_return r.value();
}

} // namespace kazoo::detail

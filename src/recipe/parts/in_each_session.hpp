#pragma once
// What is to be done anew in each session.
#include "recipe/parts/recipe_object.hpp"
#include "recipe/support.hpp"

#include <type_traits>
#include <utility>

namespace kazoo::recipe {

/// Runs the task that `body(zk, behind_a_loss)` gives, with a handle of the present session or the next; and when that
/// session is over, again with one of the next, until it ends for another reason: that one is given, or thrown. What
/// the body has made is in its own locals, and goes before it runs again. `behind_a_loss`: an earlier session was used,
/// and the server that answers first may know less than the last one did.
///
/// The body learns of the end of its session from what it asks, or waits for, through its handle. So wherever it waits
/// long, something of the session is among what it waits for, such as a watch.
template <class Body, class T = typename std::invoke_result_t<Body&, pinned_handle, bool>::value_type>
task<T> in_each_session(recipe_object& of, Body body) {
    for (bool behind_a_loss = false;; behind_a_loss = true) {
        auto in_this_one = body(of.session(), behind_a_loss);
        auto r = co_await as_result(std::move(in_this_one));
        if (r.error() == errc::session_expired) continue;
        if (!r) r.rethrow();
        if constexpr (std::is_void_v<T>)
            co_return;
        else
            co_return *std::move(r);
    }
}

} // namespace kazoo::recipe

#pragma once
// Hears of a node's data, now and after each change. doc/recipes/data_watch.md tells more.
#include <kazoo/client.hpp>
#include <kazoo/error.hpp>
#include <kazoo/export.hpp>
#include <kazoo/recipe/watch_function.hpp>
#include <kazoo/recipe/watching.hpp>
#include <kazoo/types.hpp>

#include <functional>
#include <optional>
#include <string_view>
#include <utility>

namespace kazoo {

/// How a data_watch behaves.
struct data_watch_options {
    /// Called once with an error that waiting cannot mend (errc::no_auth, auth_failed, ...); it is over then. Without
    /// one the error is logged. Where and how it is called: as the function of the watch.
    std::function<void(const error&)> on_error{};
};

/// Calls a function with what is at a path: once at the beginning, also if there is no node, and after each change.
///
/// The function takes `const std::optional<node>&`, nothing meaning that there is no node, and may take a second
/// argument, `const std::optional<watch_event>&`: what led to this call. Nothing: the first call, and those by which
/// the object learnt in another way what there is (in a new session). It returns nothing or a watch_next.
///
///     kazoo::data_watch w(zk, "/app/config", [](const std::optional<kazoo::node>& n) { apply(n); });
///
/// The last state always arrives. While the function runs, newer states replace each other, so states in between may be
/// skipped: no queue grows. What was told is never followed by something older. The function runs on the callback
/// executor, one call at a time, apart from the client's other callbacks: with several threads there a slow one delays
/// nobody else. It may block.
///
/// **What happens when …** (each line has a test)
/// - *the connection breaks*: no call. A change made meanwhile is told after the reconnect, several as one.
/// - *the session is lost*: it goes on in the next one; the function is called only if something is different.
/// - *the node is deleted*: told as nothing; when it is made again that is told, too.
/// - *the same data is set again*: told, as the node's version has changed. A new ACL is not.
/// - *the permission to read is missing*: on_error hears of errc::no_auth, and it is over. If it is taken away later,
///   no server tells: that is noticed within two timeouts of the session (doc/recipes/data_watch.md).
/// - *the client is closed*: no more calls, and no error.
/// - *the object is destroyed*: as stop(), which waits for a call in progress; inside its own function that returns at
///   once, and no call comes after that one.
/// - *the function throws*: logged, and it goes on. Nothing is called twice for it.
/// - *the function is slow*: it gets the newest state when it is done.
/// - *several threads* use the object: stop() and active() are safe from any thread.
/// - *the process is forked*: no calls in the child, where stop() and the destructor do nothing.
///
/// Costs one request for each change (two round trips, exists, while there is no node), one for each reconnect in a
/// batch of all watches, and one exists in a session's timeout. Behaviour: kazoo.recipe.watchers.DataWatch of Python's
/// kazoo, without its weaknesses.
class [[nodiscard]] KAZOO_EXPORT data_watch : public watching {
  public:
    /// Returns at once and asks nobody; the first call follows when the servers have answered. Throws kazoo::error
    /// (errc::invalid_path) and std::bad_alloc. The object keeps a handle of the client, and so the session, alive.
    template <watch_function_of<std::optional<node>> F>
    data_watch(client c, std::string_view path, F f, data_watch_options options = {})
        : data_watch(std::move(c), path, detail::to_watch_function<std::optional<node>>(std::move(f)),
                     std::move(options)) {}

  private:
    data_watch(client, std::string_view path, detail::watch_function<std::optional<node>>, data_watch_options);
};

} // namespace kazoo

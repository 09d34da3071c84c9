#pragma once
// Hears of the names of a node's children, now and after each change. doc/recipes/children_watch.md tells more.
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

/// How a children_watch behaves.
struct children_watch_options {
    /// Whether it ends with the node: one call with nothing, and it is over. Otherwise it goes on, and tells when the
    /// node is made again.
    bool until_deleted = false;
    /// Called once with an error that waiting cannot mend (errc::no_auth, auth_failed, ...); it is over then. Without
    /// one the error is logged. Where and how it is called: as the function of the watch.
    std::function<void(const error&)> on_error{};
};

/// Calls a function with the names of a node's children, sorted by their bytes, and the node's own metadata: once at
/// the beginning, and after each change of the list.
///
/// The function takes `const std::optional<child_list>&`, nothing meaning that there is no such node, and may take a
/// second argument, `const std::optional<watch_event>&`: what led to this call. Nothing: the first call, and those by
/// which the object learnt in another way what there is (in a new session). It returns nothing or a watch_next.
///
///     kazoo::children_watch w(zk, "/app/members", [](const std::optional<kazoo::child_list>& l) { show(l); });
///
/// The last list always arrives. While the function runs, newer lists replace each other, so some may be skipped: no
/// queue grows. What was told is never followed by something older. The function runs on the callback executor, one
/// call at a time, apart from the client's other callbacks: with several threads there a slow one delays nobody else.
/// It may block.
///
/// **What happens when …** (each line has a test)
/// - *the connection breaks*: no call. A change made meanwhile is told after the reconnect, several as one.
/// - *the session is lost*: it goes on in the next one; the function is called only if something is different.
/// - *a child is deleted and made again*: told, although the names are the same. Data of the node or its children is
/// not.
/// - *there is no node, or it is deleted*: told as nothing; when it is made that is told, too. With `until_deleted` it
///   is over then.
/// - *the permission to read is missing*: on_error hears of errc::no_auth, and it is over. If it is taken away later,
///   no server tells: that is noticed within two timeouts of the session (doc/recipes/children_watch.md).
/// - *the client is closed*: no more calls, and no error.
/// - *the object is destroyed*: as stop(), which waits for a call in progress; inside its own function that returns at
///   once, and no call comes after that one.
/// - *the function throws*: logged, and it goes on.
/// - *the function is slow*: it gets the newest list when it is done.
/// - *several threads* use the object: stop() and active() are safe from any thread.
/// - *the process is forked*: no calls in the child, where stop() and the destructor do nothing.
///
/// Costs one request for each change, whose reply holds all names, and one exists in a session's timeout. Behaviour:
/// kazoo.recipe.watchers.ChildrenWatch of Python's kazoo, without its weaknesses.
class [[nodiscard]] KAZOO_EXPORT children_watch : public watching {
  public:
    /// Returns at once and asks nobody; the first call follows when the servers have answered. Throws kazoo::error
    /// (errc::invalid_path) and std::bad_alloc. The object keeps a handle of the client, and so the session, alive.
    template <watch_function_of<std::optional<child_list>> F>
    children_watch(client c, std::string_view path, F f, children_watch_options options = {})
        : children_watch(std::move(c), path, detail::to_watch_function<std::optional<child_list>>(std::move(f)),
                         std::move(options)) {}

  private:
    children_watch(client, std::string_view path, detail::watch_function<std::optional<child_list>>,
                   children_watch_options);
};

} // namespace kazoo

#pragma once
// Waits until a node's list of children has settled. doc/recipes/children_watch.md tells more.
#include <kazoo/client.hpp>
#include <kazoo/export.hpp>
#include <kazoo/future.hpp>
#include <kazoo/time_limit.hpp>
#include <kazoo/types.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

namespace kazoo {

namespace recipe {
class patient_core;
}

/// A list of children that has not changed for a while.
struct settled_children {
    child_list children; ///< the names are sorted by their bytes
    /// Completes when the list is not this one any more: the next change, or the node's deletion, whatever becomes of
    /// connections and sessions. get() waits without limit; dropping it forgets the watch. Fails with errc::no_auth
    /// (noticed late, as by children_watch), errc::closed, and errc::cancelled when the object goes.
    future<void> changed;
};

/// Waits until a node's list of children has not changed for a given time, the boundary: for those who distribute work
/// among the members of a group, and do not want to do it again for each of them that comes.
///
///     kazoo::patient_children_watch members(zk, "/app/members", 5s);
///     for (;;) {
///         auto [children, changed] = members.settle(stop);
///         distribute(children.names);
///         std::move(changed).get(stop);
///     }
///
/// **What happens when …** (each line has a test)
/// - *the list changes*: the boundary begins again, at that moment and not at its next end: it settles one boundary
///   after the last change. The first boundary begins with the first answer.
/// - *the connection breaks*: nothing by itself. A change made meanwhile counts from the moment when it is learnt; a
/// list
///   is never given out without a server that has confirmed it at the end of its boundary.
/// - *the session is lost*: the same.
/// - *there is no node, or it is deleted meanwhile*: errc::no_node comes out.
/// - *the permission to read is missing*: errc::no_auth comes out.
/// - *the caller cancels, stops, or the deadline passes*: it ends at once; no watch stays.
/// - *the client is closed*: errc::closed. *The object is destroyed*: errc::cancelled, for lists that were given out,
/// too.
/// - *several threads* wait: each has a boundary of its own.
/// - *the process is forked*: calls in the child fail with errc::forked.
///
/// Costs one getChildren at the beginning, one for each change, and one at the end of the boundary. Thread safety:
/// every member may be called from any thread. Blocking calls may be made anywhere but on a loop's own thread.
/// Behaviour: kazoo.recipe.watchers.PatientChildrenWatch of Python's kazoo, which takes one to two boundaries, takes a
/// broken connection for a change, and cannot be stopped.
class KAZOO_EXPORT patient_children_watch {
  public:
    /// Asks nobody anything. Throws kazoo::error (errc::invalid_path) and std::bad_alloc. The object keeps a handle of
    /// the client, and so the session, alive.
    patient_children_watch(client c, std::string_view path, time_limit boundary = std::chrono::seconds(30));
    patient_children_watch(const patient_children_watch&) = delete;
    patient_children_watch& operator=(const patient_children_watch&) = delete;
    /// Does not block.
    ~patient_children_watch();

    /// Waits until the list has settled, however long. Throws errc::no_node, no_auth, closed, and errc::cancelled when
    /// `stop` is requested.
    settled_children settle(const std::stop_token& stop = {});
    /// The asynchronous twin of settle(): does not block. get() has no limit of its own; one that is dropped or
    /// cancelled ends the wait.
    future<settled_children> async_settle(std::stop_token stop = {});
    /// Nothing if the list has not settled within the limit, or before `stop` was requested. Throws errc::no_node,
    /// no_auth, closed.
    std::optional<settled_children> settle_for(time_limit limit, const std::stop_token& stop = {});
    /// The asynchronous twin of settle_for(): does not block. The limit counts from this call on.
    future<std::optional<settled_children>> async_settle_for(time_limit limit, std::stop_token stop = {});

    /// As given, relative to the client's root.
    const std::string& path() const noexcept;

  private:
    client client_;
    std::shared_ptr<recipe::patient_core> core_;
};

} // namespace kazoo

#include "client/composed/janitor.hpp"

#include "task/repetition.hpp"
#include "task/root_task.hpp"
#include "task/task_signal.hpp"

#include <kazoo/path.hpp>

namespace kazoo::detail {

namespace {

struct leftovers {
    handle zk;
    std::string folder, id;
    zxid kept;
};

/// One pass; throws what stopped it.
task<void> remove_leftovers(std::shared_ptr<const leftovers> what) {
    const handle& zk = what->zk;
    co_await zk.async_sync(what->folder);
    const auto names = co_await zk.async_get_children(what->folder);
    for (const std::string_view name : names) {
        if (!name.starts_with(what->id)) continue;
        const std::string orphan = path::join(what->folder, name);
        if (what->kept != zxid::none) {
            const auto stat = co_await zk.async_exists(orphan);
            if (!stat || stat->created == what->kept) continue;
        }
        co_await zk.async_remove_if_exists(orphan);
    }
}

/// False: there is no point in another pass.
task<bool> keep_removing(std::shared_ptr<const leftovers> what) {
    for (repetition passes;;) {
        const auto pass = co_await as_result(remove_leftovers(what));
        if (pass || pass.error() == errc::no_node) co_return true;
        if (pass.error() == errc::closed || (pass.error() == errc::session_expired && what->zk.is_pinned()))
            co_return false;
        if (pass.error() == errc::session_expired || co_await passes.again(as_passing(pass.error()))) continue;
        what->zk.owner().log(log_level::warn,
                             "could not clean up below " + what->folder + ": " + pass.error().message());
        co_return false;
    }
}

task<void> remove_twice(std::shared_ptr<const leftovers> what) {
    if (!co_await keep_removing(what)) co_return;
    const duration late = what->zk.owner().board().identity().negotiated_timeout;
    const auto waited = co_await as_result(pause(what->zk.owner(), late));
    if (waited.error() == errc::operation_timeout) co_await without_answer(keep_removing(what));
}

task<bool> keep_removing(pinned_handle zk, std::string path, future<bool> removing) {
    bool perhaps = false; // a reply was lost: if the node is gone now, we may have removed it
    repetition removals;
    for (;; removing = zk.async_remove_if_exists(path)) {
        const auto removed = co_await as_result(std::move(removing));
        if (removed) co_return *removed || perhaps;
        if (removed.error() == errc::session_expired) co_return false;
        perhaps = perhaps || removed.outcome() == outcome::unknown;
        if (co_await removals.again(as_passing(removed.error()))) continue;
        if (removed.error() != errc::closed)
            zk.owner().log(log_level::warn, "could not remove " + path + ": " + removed.error().message());
        removed.rethrow();
    }
}

} // namespace

void remove_protected_later(handle zk, std::string folder, std::string id, zxid kept) {
    remove_protected(std::move(zk), std::move(folder), std::move(id), kept).detach();
}

future<void> remove_protected(handle zk, std::string folder, std::string id, zxid kept) {
    const std::string where = folder;
    core& owner = zk.owner();
    auto what = std::make_shared<const leftovers>(leftovers{std::move(zk), std::move(folder), std::move(id), kept});
    return spawn(owner, {"clean up", where}, remove_twice(std::move(what)));
}

future<bool> remove_until_gone(const pinned_handle& zk, std::string_view operation, std::string path) {
    const std::string where = path;
    task_options options{operation, where};
    options.is_duty = true;
    auto removing = zk.async_remove_if_exists(where);
    return spawn(zk.owner(), options, keep_removing(zk, std::move(path), std::move(removing)));
}

} // namespace kazoo::detail

#include "client/janitor.hpp"

#include "client/task.hpp"
#include "client/task_signal.hpp"

#include <kazoo/path.hpp>

namespace kazoo::detail {

namespace {

/// One pass; throws what stopped it.
task<void> remove_with_prefix(std::string root, std::uint64_t epoch, std::string folder, std::string id) {
    core& c = co_await this_core{};
    const handle_view h{c, root, epoch};
    co_await start_sync(h, folder);
    const auto names = co_await start_get_children(h, folder);
    for (const std::string& name : names) {
        if (!name.starts_with(id)) continue;
        const std::string orphan = path::join(folder, name);
        co_await start_remove_if_exists(h, orphan, version::any);
    }
}

task<void> keep_removing(std::string root, std::uint64_t epoch, std::string folder, std::string id) {
    core& c = co_await this_core{};
    for (;;) {
        const auto pass = co_await as_result(remove_with_prefix(root, epoch, folder, id));
        if (pass || pass.error() == errc::no_node || pass.error() == errc::closed) co_return;
        if (pass.error() == errc::session_expired && epoch != 0) co_return;
        if (pass.error() == errc::session_expired || co_await may_repeat(pass.error())) continue;
        c.log(log_level::warn, "could not clean up below " + folder + ": " + pass.error().message());
        co_return;
    }
}

task<bool> keep_removing(pinned_handle zk, std::string path, future<bool> removing) {
    bool perhaps = false; // the reply was lost: if it is gone now, then that was us
    for (;; removing = start_remove_if_exists(zk, path, version::any)) {
        const auto removed = co_await as_result(std::move(removing));
        if (removed) co_return *removed || perhaps;
        if (removed.error() == errc::session_expired) co_return false;
        perhaps = perhaps || removed.outcome() == outcome::unknown;
        if (co_await may_repeat(removed.error())) continue;
        if (removed.error() != errc::closed)
            zk.owner().log(log_level::warn, "could not remove " + path + ": " + removed.error().message());
        removed.rethrow();
    }
}

} // namespace

void remove_protected_later(handle_view h, std::string folder, std::string id) {
    const std::string where = folder;
    spawn(h.owner, {"clean up", where}, keep_removing(std::string(h.root), h.epoch, std::move(folder), std::move(id)))
        .detach();
}

future<bool> remove_until_gone(const pinned_handle& zk, std::string_view operation, std::string path) {
    const std::string where = path;
    task_options options{operation, where};
    options.is_duty = true;
    auto removing = start_remove_if_exists(zk, where, version::any);
    return spawn(zk.owner(), options, keep_removing(zk, std::move(path), std::move(removing)));
}

} // namespace kazoo::detail

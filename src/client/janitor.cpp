#include "client/janitor.hpp"

#include "client/task.hpp"

#include <kazoo/path.hpp>

namespace kazoo::detail {

namespace {

/// One pass; throws what stopped it.
task<void> remove_with_prefix(std::string root, std::string folder, std::string id) {
    core& c = co_await this_core{};
    const handle_view h{c, root};
    co_await start_sync(h, folder);
    const auto names = co_await start_get_children(h, folder);
    for (const std::string& name : names) {
        if (!name.starts_with(id)) continue;
        const std::string orphan = path::join(folder, name);
        co_await start_remove_if_exists(h, orphan, version::any);
    }
}

task<void> keep_removing(std::string root, std::string folder, std::string id) {
    core& c = co_await this_core{};
    for (;;) {
        const auto pass = co_await as_result(remove_with_prefix(root, folder, id));
        if (pass || pass.error() == errc::no_node) co_return;
        if (pass.error() != errc::connection_loss && pass.error() != errc::session_expired) {
            c.log(log_level::warn, "could not clean up below " + folder + ": " + pass.error().message());
            co_return;
        }
    }
}

task<bool> keep_removing(pinned_handle zk, std::string path) {
    bool perhaps = false; // the reply was lost: if it is gone now, then that was us
    for (;;) {
        const auto removed = co_await as_result(start_remove_if_exists(zk, path, version::any));
        if (removed.error() == errc::session_expired) co_return false;
        if (removed.error() != errc::connection_loss) co_return removed.value() || perhaps;
        perhaps = perhaps || removed.outcome() == outcome::unknown;
    }
}

} // namespace

void remove_protected_later(handle_view h, std::string folder, std::string id) {
    const std::string where = folder;
    spawn(h.owner, {"clean up", where}, keep_removing(std::string(h.root), std::move(folder), std::move(id))).detach();
}

future<bool> remove_until_gone(const pinned_handle& zk, std::string_view operation, std::string path) {
    const std::string where = path;
    return spawn(zk.owner(), {operation, where}, keep_removing(zk, std::move(path)));
}

} // namespace kazoo::detail

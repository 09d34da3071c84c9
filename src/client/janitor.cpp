#include "client/janitor.hpp"

#include "client/task.hpp"
#include "client/task_signal.hpp"

#include <kazoo/path.hpp>

namespace kazoo::detail {

namespace {

/// Before what was refused for lack of room or strength is tried again. What waits for a connection needs none.
constexpr std::chrono::milliseconds breath{100};

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
        if (pass || pass.error() == errc::no_node || pass.error() == errc::closed) co_return;
        if (pass.error() == errc::connection_loss || pass.error() == errc::session_expired) continue;
        if (pass.error() != condition::retryable) {
            c.log(log_level::warn, "could not clean up below " + folder + ": " + pass.error().message());
            co_return;
        }
        (void)co_await as_result(pause(c, breath));
    }
}

task<bool> keep_removing(pinned_handle zk, std::string path) {
    bool perhaps = false; // the reply was lost: if it is gone now, then that was us
    for (;;) {
        const auto removed = co_await as_result(start_remove_if_exists(zk, path, version::any));
        if (removed.error() == errc::session_expired) co_return false;
        if (removed.error() != condition::retryable) co_return removed.value() || perhaps;
        perhaps = perhaps || removed.outcome() == outcome::unknown;
        if (removed.error() != errc::connection_loss) (void)co_await as_result(pause(zk.owner(), breath));
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

#include "client/janitor.hpp"

#include "client/operations.hpp"
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
        if (pass.error() != errc::connection_loss) {
            c.log(log_level::warn, "could not clean up below " + folder + ": " + pass.error().message());
            co_return;
        }
    }
}

} // namespace

void remove_protected_later(core& c, std::string root, std::string folder, std::string id) {
    const std::string where = folder;
    spawn(c, "clean up", where, keep_removing(std::move(root), std::move(folder), std::move(id))).detach();
}

} // namespace kazoo::detail

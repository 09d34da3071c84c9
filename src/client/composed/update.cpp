#include "client/composed/update.hpp"

#include "client/composed/ensure_path.hpp"
#include "future/ready.hpp"
#include "task/repetition.hpp"
#include "task/root_task.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

namespace kazoo {

namespace detail {

namespace {

/// A step that may be done again, in the next session too: nothing here is bound to one.
task<bool> again(handle zk, repetition& tries, std::error_code e) {
    if (e == errc::session_expired && !zk.is_pinned()) co_return true;
    co_return co_await tries.again(e);
}

version next(version v) noexcept { return static_cast<version>(static_cast<std::uint32_t>(v) + 1); }

/// Whether the change that followed what was read is known to be somebody else's. Then ours can never be applied: the
/// version that it needs is over. Anything else, such as a still higher version, may have ours below it.
bool somebody_else_came_first(const node& now, const node_stat& read, std::string_view ours) {
    return now.stat.created == read.created && now.stat.data_version == next(read.data_version) && now.data != ours;
}

} // namespace

task<node> read_for_update(handle zk, std::string path, bool fresh) {
    for (repetition tries;;) {
        future<void> synced;
        if (fresh) synced = zk.async_sync(path);
        auto reading = zk.async_get(path);
        if (fresh) {
            const auto done = co_await as_result(std::move(synced));
            if (!done && co_await again(zk, tries, done.error())) continue;
            if (!done) done.rethrow();
        }
        auto read = co_await as_result(std::move(reading));
        if (read) co_return *std::move(read);
        if (!co_await again(zk, tries, read.error())) read.rethrow();
    }
}

task<std::optional<node_stat>> set_once(handle zk, std::string path, std::string data, node_stat read) {
    std::optional<result<node_stat>> lost; // the first try of which nobody knows what became of it
    for (repetition tries;;) {
        auto set = co_await as_result(zk.async_set(path, data, read.data_version));
        if (set) co_return *set;
        if (set.error() == errc::bad_version) {
            if (!lost) co_return std::nullopt;
            const auto now = co_await as_result(read_for_update(zk, path, true));
            if (now && somebody_else_came_first(*now, read, data)) co_return std::nullopt;
            lost->rethrow();
        }
        if (set.outcome() == outcome::unknown && !lost) lost = set;
        if (!co_await again(zk, tries, set.error())) {
            if (lost) rethrow_as_unknown(set);
            set.rethrow();
        }
    }
}

namespace {

using update_function = std::function<std::optional<std::string>(const node&)>;

task<node> update(handle zk, std::string path, std::shared_ptr<update_function> f) {
    for (bool fresh = false;; fresh = true) {
        const auto read = std::make_shared<const node>(co_await read_for_update(zk, path, fresh));
        const auto compute = [f, read](future<bool>) { return (*f)(*read); };
        auto computing = ready(zk.owner(), "update", true).then(compute); // on the callback executor
        auto data = co_await std::move(computing);
        if (!data) co_return *read;
        const auto set = co_await set_once(zk, path, *data, read->stat);
        if (!set) continue;
        node written{bytes(*std::move(data)), *set};
        co_return written;
    }
}

} // namespace

} // namespace detail

future<node> node_operations::async_update(std::string_view path,
                                           std::function<std::optional<std::string>(const node&)> f) const {
    const auto shared = std::make_shared<detail::update_function>(std::move(f));
    return detail::spawn(core(), {"update", path},
                         detail::update(detail::handle(*this), std::string(path), std::move(shared)));
}

/// The function runs here, on its caller's thread, so it may refer to what lives there. One limit covers all steps.
node client::update(std::string_view path, const std::function<std::optional<std::string>(const node&)>& f,
                    const std::stop_token& stop) const {
    const detail::loop& loop = core().loop();
    const auto end = saturating_add(loop.now(), core().operation_limit());
    const detail::task_options named{"update", path};
    const detail::task_options reads{.name = "update", .path = path, .only_reads = true};
    const std::string where(path);
    for (bool fresh = false;; fresh = true) {
        auto reading = detail::spawn(core(), reads, detail::read_for_update(detail::handle(*this), where, fresh));
        node read = std::move(reading).get_for(end - loop.now(), stop);
        auto data = f(read);
        if (!data) return read;
        auto setting = detail::spawn(core(), named, detail::set_once(detail::handle(*this), where, *data, read.stat));
        if (const auto set = std::move(setting).get_for(end - loop.now(), stop)) return {bytes(*std::move(data)), *set};
    }
}

} // namespace kazoo

#include "recipe/held_lock.hpp"

namespace kazoo::detail {

namespace {

/// Who holds a lock for less than this pays nothing for watching over its node: most do.
constexpr std::chrono::milliseconds grace{10};

} // namespace

void held_lock::guard(const std::shared_ptr<held_lock>& held) {
    auto watching = spawn(held->zk_.owner(), {"guard", held->node_.path}, watch_over(held));
    if (watching.ready()) held->lose(); // refused: the client is being closed
    std::move(watching).detach();
}

task<void> held_lock::watch_over(std::shared_ptr<held_lock> held) {
    for (;;) {
        (void)co_await as_result(held->zk_.over().timeout(grace));
        if (held->given_up_) co_return;
        auto seen = co_await as_result(start_watch_exists(held->zk_, held->node_.path));
        if (!seen && seen.error() == condition::retryable) continue;
        if (!seen || !seen->value) break;
        const auto changed = co_await as_result(std::move(seen->changed)); // of its data: look again
        if (!changed) break;
    }
    held->lose();
}

void held_lock::lose() noexcept {
    if (given_up_) return;
    gone_ = true;
    zk_.owner().loop().signal(lost_);
}

future<bool> held_lock::give_up() {
    given_up_ = true;
    return remove_until_gone(zk_, "unlock", node_.path);
}

} // namespace kazoo::detail

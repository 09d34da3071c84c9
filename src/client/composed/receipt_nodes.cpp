#include "client/composed/receipt_nodes.hpp"

#include "client/composed/janitor.hpp"
#include "client/composed/protected_name.hpp"
#include "task/repetition.hpp"
#include "task/root_task.hpp"

#include <kazoo/path.hpp>

#include <new>
#include <utility>

namespace kazoo::detail {

namespace {

task<void> remove_node(receipt_node node, future<bool> removing) {
    repetition removals;
    for (;; removing = node.session.async_remove_if_exists(node.path)) {
        const auto removed = co_await as_result(std::move(removing));
        if (removed || removed.error() == errc::closed) co_return;
        if (removed.error() == errc::session_expired) {
            if (node.session.is_pinned()) co_return; // it has gone with its session
        } else if (!co_await removals.again(as_passing(removed.error()))) {
            node.session.owner().log(log_level::warn,
                                     "could not remove " + node.path + ": " + removed.error().message());
            co_return;
        }
    }
}

} // namespace

acl_view receipt_nodes::acl() const noexcept {
    if (!options_.acl.empty()) return options_.acl;
    return private_ ? acls::creator_all() : acls::open_unsafe();
}

std::optional<receipt_node> receipt_nodes::idle_of(const handle& session) {
    const util::lock_guard lock(mutex_);
    while (!idle_.empty()) {
        receipt_node last = std::move(idle_.back());
        idle_.pop_back();
        const bool ours = client_access::epoch_of(last.session) == client_access::epoch_of(session);
        if (ours) return last; // else it has gone with its session
    }
    return std::nullopt;
}

task<receipt_node> receipt_nodes::take(pinned_handle zk) {
    if (auto idle = idle_of(ephemeral() ? zk : zk_)) co_return *std::move(idle);
    co_return co_await make(std::move(zk));
}

task<receipt_node> receipt_nodes::make(pinned_handle zk) {
    const handle session = ephemeral() ? handle(zk) : zk_;
    repetition creates;
    for (;;) {
        std::string id = random_id(zk.owner().loop());
        std::string path = path::join(folder_, id);
        const bool tried_private = options_.acl.empty() && private_;
        const create_options how{.mode = ephemeral() ? create_mode::ephemeral : create_mode::persistent, .acl = acl()};
        const auto made = co_await as_result(zk.async_create(path, "", how));
        if (made) co_return receipt_node(session, std::move(path), version{});
        // One that may be carried out late is none of ours: its name is given up.
        if (made.outcome() == outcome::unknown) remove_protected_later(session, folder_, std::move(id));
        if (made.error() == errc::no_node) {
            const auto there = co_await as_result(zk.async_ensure_path(folder_));
            if (!there && !co_await creates.again(there.error())) there.rethrow();
        } else if (made.error() == errc::invalid_acl && tried_private) {
            private_ = false;
        } else if (!co_await creates.again(made.error())) {
            made.rethrow();
        }
    }
}

void receipt_nodes::give_back(receipt_node node) noexcept {
    try {
        const util::lock_guard lock(mutex_);
        if (!ended_) {
            idle_.push_back(node);
            return;
        }
    } catch (const std::bad_alloc&) { // it is one less
    }
    remove(std::move(node));
}

void receipt_nodes::remove(receipt_node node) noexcept {
    try {
        core& owner = node.session.owner();
        const std::string path = node.path;
        task_options options{"clean up", path};
        options.is_duty = true;
        auto removing = node.session.async_remove_if_exists(path);
        spawn(owner, options, remove_node(std::move(node), std::move(removing))).detach();
    } catch (const std::bad_alloc&) {
        zk_.owner().log(log_level::warn, "no memory to clean up a receipt");
    }
}

void receipt_nodes::end() noexcept {
    std::vector<receipt_node> idle;
    {
        const util::lock_guard lock(mutex_);
        ended_ = true;
        idle.swap(idle_);
    }
    for (receipt_node& node : idle) remove(std::move(node));
}

} // namespace kazoo::detail

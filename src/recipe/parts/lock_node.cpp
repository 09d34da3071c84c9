#include "recipe/parts/lock_node.hpp"

#include <kazoo/path.hpp>

#include <new>

namespace kazoo::recipe {

lock_node::~lock_node() {
    try {
        if (presence_ == presence::certain) remove_until_gone(zk_, "clean up", std::move(node_.path)).detach();
        if (presence_ == presence::possible || (presence_ == presence::certain && unanswered_))
            remove_protected_later(zk_, name_.folder, name_.id);
    } catch (const std::bad_alloc&) { // it goes with its session
        zk_.owner().log(log_level::warn, "no memory to clean up after a lock");
    }
}

std::string_view lock_node::name() const noexcept { return path::basename(node_.path); }

future<created_node> lock_node::create() {
    presence_ = presence::possible;
    const std::string path = path::join(name_.folder, name_.id + name_.mark);
    return zk_.async_create_with_stat(path, name_.data, {.mode = create_mode::ephemeral_sequential, .acl = name_.acl});
}

task<bool> lock_node::made(future<created_node> creating) {
    repetition creates;
    for (bool at_once = true;; at_once = false) {
        auto r = co_await as_result(std::move(creating));
        if (r) {
            found(*std::move(r));
            co_return at_once;
        }
        if (r.outcome() == outcome::unknown)
            unanswered_ = true;
        else if (!unanswered_)
            presence_ = presence::none;
        if (r.error() == errc::no_node) {
            co_await zk_.async_ensure_path(name_.folder);
        } else if (!co_await creates.again(r.error())) {
            r.rethrow();
        } else if (presence_ == presence::possible && co_await find_again()) {
            co_return false;
        }
        creating = create();
    }
}

void lock_node::found(created_node node) {
    presence_ = presence::certain;
    node_ = std::move(node);
    // A second node would keep everybody waiting, us too if it came first.
    if (unanswered_) remove_protected_later(zk_, name_.folder, name_.id, node_.stat.created);
}

/// A node that is not there now may still turn up: a request of a lost connection may be carried out later.
task<bool> lock_node::find_again() {
    const auto search = [this] {
        return find_protected(zk_, name_.folder, name_.id, create_mode::ephemeral_sequential);
    };
    auto there = co_await as_result(repeat(search));
    if (there.error() == errc::no_node) co_return false; // no folder, no node
    if (!there) there.rethrow();
    if (!*there) co_return false;
    found(*std::move(*there));
    co_return true;
}

} // namespace kazoo::recipe

#pragma once
// A lock that was acquired: its node, its session, and the news of its loss.
#include "client/recipe_support.hpp"

#include <atomic>
#include <memory>
#include <stop_token>

namespace kazoo::detail {

class held_lock {
  public:
    held_lock(pinned_handle zk, created_node node) : zk_(std::move(zk)), node_(std::move(node)) {}

    const pinned_handle& session() const noexcept { return zk_; }
    const created_node& node() const noexcept { return node_; }
    std::stop_token lost() const { return lost_.get_token(); }
    /// Any thread.
    bool holds() const noexcept { return !gone_.load(std::memory_order_acquire) && zk_.alive(); }

    /// Notices from now on when the session ends or somebody else deletes the node.
    static void guard(const std::shared_ptr<held_lock>&);
    /// Any thread: whatever happens to the node from now on is our own doing. Removes it.
    future<bool> give_up();

  private:
    static task<void> watch_over(std::shared_ptr<held_lock>);
    void lose() noexcept;

    const pinned_handle zk_;
    const created_node node_;
    std::stop_source lost_;
    std::atomic<bool> gone_{false}, given_up_{false};
};

} // namespace kazoo::detail

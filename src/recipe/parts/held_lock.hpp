#pragma once
// A lock that was acquired: its node, its session, and the news of its loss.
#include "recipe/support.hpp"

#include <kazoo/recipe/loss.hpp>

#include <atomic>
#include <memory>
#include <stop_token>
#include <string>

namespace kazoo::recipe {

class held_lock final : granted, public std::enable_shared_from_this<held_lock> {
  public:
    /// On the loop. `left_id`: a create of this acquisition got no answer, and a node of that id may still turn up.
    held_lock(pinned_handle zk, created_node node, loss lost_when, std::string left_id);
    held_lock(const held_lock&) = delete;
    held_lock& operator=(const held_lock&) = delete;

    const created_node& node() const noexcept { return node_; }
    std::stop_token lost() const { return lost_.get_token(); }
    /// Any thread.
    bool holds() const noexcept;

    /// On the loop: notices from now on when it is lost, or somebody else deletes the node.
    void guard();
    /// Any thread: whatever happens to the node from now on is our own doing. Removes it. If this throws
    /// std::bad_alloc, the removal may have begun all the same: remove_later() does the rest.
    future<bool> give_up();
    /// On the loop: removes the node in the background. Where there is no memory for that, it goes with its session.
    void remove_later() noexcept;
    /// On the loop, behind give_up(): nobody needs to hear of it any more.
    void forget() noexcept { grants::remove(*this); }

  private:
    static task<void> watch_over(std::shared_ptr<held_lock>);
    void on_doubt() noexcept override;
    void lose() noexcept;

    const pinned_handle zk_;
    const created_node node_;
    const loss lost_when_;
    const std::string left_id_;
    const std::uint64_t doubts_; ///< how many there were when it was granted
    std::stop_source lost_;
    std::atomic<bool> gone_{false}, given_up_{false};
};

} // namespace kazoo::recipe

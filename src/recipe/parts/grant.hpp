#pragma once
// What was acquired in one session: its node, and the news of its loss.
#include "recipe/support.hpp"

#include <kazoo/recipe/loss.hpp>

#include <atomic>
#include <memory>
#include <stop_token>
#include <string>

namespace kazoo::recipe {

/// What is lost together: one grant, or all that an object shares. Any thread.
struct fate {
    std::stop_source lost;
    std::atomic<bool> over{false};
};

class grant : granted, public std::enable_shared_from_this<grant> {
  public:
    // -- whether there can be one; on the loop ------------------------------------------------------------------------
    /// Whether what a node of ours says is certainly so, and will be for a while.
    static bool would_last(const pinned_handle&, loss lost_when) noexcept;
    /// For the first one of an old session: nobody has needed certainty for long, so the servers must be asked first.
    /// False: the session is over, or the node gone.
    static task<bool> becomes_certain(pinned_handle, std::string node, loss lost_when);

    /// On the loop. `left_id`: a create of this acquisition got no answer, and a node of that id may still turn up.
    grant(pinned_handle zk, created_node node, loss lost_when, std::string left_id,
          std::shared_ptr<fate> f = std::make_shared<fate>());
    grant(const grant&) = delete;
    grant& operator=(const grant&) = delete;

    // -- any thread ---------------------------------------------------------------------------------------------------
    const created_node& node() const noexcept { return node_; }
    bool holds() const noexcept;
    std::stop_token lost() const { return fate_->lost.get_token(); }
    /// Grows with each grant: the transaction id that made the node.
    zxid fencing_token() const noexcept { return node_.stat.created; }
    node_check check() const { return {absolute_path()}; }
    /// Whatever happens to the node from now on is our own doing. Removes it. If this throws std::bad_alloc, the
    /// removal may have begun all the same: remove_later() does the rest.
    future<bool> give_up();

    // -- on the loop --------------------------------------------------------------------------------------------------
    /// Notices from now on when it is lost, or somebody else deletes the node.
    void guard();
    /// Removes the node in the background. Where there is no memory for that, it goes with its session.
    void remove_later() noexcept;
    /// Behind give_up(): nobody needs to hear of it any more.
    void forget() noexcept { grants::remove(*this); }

  protected:
    const pinned_handle& session() const noexcept { return zk_; }
    bool is_over() const noexcept { return fate_->over; }
    /// What somebody else may delete, so that it is lost; its czxid is the node's. If it is not the node itself, that
    /// one is removed then.
    virtual const std::string& watched() const noexcept { return node_.path; }
    /// How its holder ends it, and what makes room for others when it is lost. The request is in line when this
    /// returns. True if this call did it.
    virtual future<bool> end();
    virtual future<bool> clean_up();

  private:
    static task<void> watch_over(std::shared_ptr<grant>);
    void on_doubt() noexcept override;
    /// False: it was given up or lost before.
    bool lose() noexcept;
    std::string absolute_path() const { return chroot(zk_.root()).absolute(node_.path).str(); }

    const pinned_handle zk_;
    const created_node node_;
    const loss lost_when_;
    const std::string left_id_;
    const std::uint64_t doubts_; ///< how many there were when it was granted
    const std::shared_ptr<fate> fate_;
    std::atomic<bool> given_up_{false};
};

} // namespace kazoo::recipe

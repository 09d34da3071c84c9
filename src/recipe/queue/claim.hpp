#pragma once
// A claim on one item of a locking queue: how it is made, and what becomes of it.
#include "recipe/parts/grant.hpp"
#include "recipe/queue/entry.hpp"
#include "recipe/support.hpp"

#include <kazoo/acl.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kazoo::recipe {

/// The nodes that a claim is about. Everybody's claim on an item has the same name, so a removal of ours that is sent
/// again, or carried out late, could hit somebody else's. Beside it stands a mark with a name of its own: both are made
/// in one transaction, and whatever ends the claim removes the mark in the same transaction. So that is done once at
/// most, however often it is sent, and what is done to an item behind a claim of others fails.
struct claim_nodes {
    std::string entry, claim, mark, id;

    claim_nodes(const std::string& entries, const std::string& claims, const queue_entry&, std::string random_id);
};

/// One try, in one session, to claim an item. What is left when this goes is removed in the background.
class claim_attempt {
  public:
    enum class end {
        made,
        taken, ///< somebody else has claimed it
        gone
    };
    claim_attempt(pinned_handle zk, claim_nodes nodes, std::vector<kazoo::acl> acl)
        : zk_(std::move(zk)), nodes_(std::move(nodes)), acl_(std::move(acl)) {}
    claim_attempt(const claim_attempt&) = delete;
    claim_attempt& operator=(const claim_attempt&) = delete;
    ~claim_attempt();

    task<end> make();
    // Precondition of these: it was made.
    const pinned_handle& session() const noexcept { return zk_; }
    const claim_nodes& nodes() const noexcept { return nodes_; }
    bytes take_data() noexcept { return std::move(content_->data); }
    created_node mark() const { return {nodes_.mark, mark_}; }
    /// A transaction that makes it got no answer, and may be carried out late.
    bool unanswered() const noexcept { return unanswered_; }
    /// Somebody else takes care of it.
    void keep() noexcept { possible_ = false; }

  private:
    const pinned_handle zk_;
    const claim_nodes nodes_;
    const std::vector<kazoo::acl> acl_;
    std::optional<node> content_;
    node_stat mark_{};
    bool possible_ = false; ///< it may be there
    bool unanswered_ = false;
};

/// An item that is ours. Its node is the mark.
class claim final : public grant {
  public:
    /// Of what was made.
    claim(const claim_attempt&, loss lost_when);

    /// Ends in the item's consumption, and not in its release, if it is given up now.
    void consume_at_the_end() noexcept { consumes_ = true; }

  private:
    static task<bool> consume(std::shared_ptr<claim>);
    static task<bool> remove(std::shared_ptr<claim>);
    task<bool> release();
    task<bool> commit_consumption();
    future<bool> removing(std::string_view operation, task<bool>);

    const std::string& watched() const noexcept override { return nodes_.claim; }
    future<bool> end() override;
    future<bool> clean_up() override;

    const claim_nodes nodes_;
    const bool unanswered_;
    std::atomic<bool> consumes_{false};
};

} // namespace kazoo::recipe

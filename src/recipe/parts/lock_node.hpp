#pragma once
// Our own node among those who contend for a lock.
#include "recipe/support.hpp"

#include <kazoo/acl.hpp>

#include <string>
#include <vector>

namespace kazoo::recipe {

/// What the nodes of one acquisition look like: `<folder>/<id><mark><number>`.
struct lock_node_name {
    std::string folder;
    std::string id; ///< tells ours from all others, also when the reply to the create was lost
    std::string mark;
    std::string data;
    std::vector<kazoo::acl> acl;
};

/// One try, in one session, to have a node. It is removed in the background when this goes, unless it was kept.
class lock_node {
  public:
    lock_node(pinned_handle zk, lock_node_name name) : zk_(std::move(zk)), name_(std::move(name)) {}
    lock_node(const lock_node&) = delete;
    lock_node& operator=(const lock_node&) = delete;
    ~lock_node();

    const pinned_handle& session() const noexcept { return zk_; }
    const std::string& folder() const noexcept { return name_.folder; }
    /// The node's name without the folder. Precondition: made() has succeeded.
    const std::string& path() const noexcept { return node_.path; }
    std::string_view name() const noexcept;

    future<created_node> create();
    /// Waits for that create and does whatever else it takes: missing parents, a search when the reply was lost. True:
    /// nothing else was needed, so requests that were sent right behind the create have seen the node.
    task<bool> made(future<created_node> creating);
    const created_node& node() const noexcept { return node_; }
    /// The node is not removed when this goes: somebody else takes care of it, or it is gone.
    void keep() noexcept { presence_ = presence::none; }
    /// A transaction of ours has removed it.
    void consumed() noexcept { presence_ = unanswered_ ? presence::possible : presence::none; }
    /// Whether this is a node of the same acquisition: another one of ours, carried out late.
    bool is_ours(std::string_view other) const noexcept { return other.starts_with(name_.id); }
    /// The id, if a create got no answer: then a second node of it may turn up at any time. Empty otherwise.
    std::string left_id() const { return unanswered_ ? name_.id : std::string(); }

  private:
    task<bool> find_again();
    void found(created_node);

    pinned_handle zk_;
    const lock_node_name name_;
    created_node node_;
    bool unanswered_ = false; ///< a create got no answer, and may be carried out late
    enum class presence {
        none,
        possible,
        certain
    } presence_ = presence::none;
};

} // namespace kazoo::recipe

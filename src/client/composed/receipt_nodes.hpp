#pragma once
// The receipt nodes of one receipts object: made when needed, used again, removed at the end.
#include "client/composed/ensure_path.hpp"
#include "client/handle.hpp"
#include "task/task.hpp"
#include "util/mutex.hpp"

#include <kazoo/receipts.hpp>

#include <optional>
#include <string>
#include <vector>

namespace kazoo::detail {

/// A node that only we write to, and its version. Its path is never used again once it is gone, and it was made by a
/// create that got its answer, so no create of it can be carried out late: neither may an old transaction find a node
/// of that name again.
struct receipt_node {
    receipt_node(handle s, std::string p, version v) : session(std::move(s)), path(std::move(p)), current(v) {}
    handle session; ///< of which it is; if it is persistent, of none
    std::string path;
    version current{};
};

/// Tasks that use its nodes keep it alive.
class receipt_nodes {
  public:
    receipt_nodes(handle zk, std::string folder, receipts_options o)
        : zk_(std::move(zk)), folder_(std::move(folder)), options_(std::move(o)) {}

    /// A node that nobody else uses: an idle one, or a new one. On the loop.
    task<receipt_node> take(pinned_handle);
    /// Its version is right, and nothing is under way on it: it is used again. On the loop.
    void give_back(receipt_node) noexcept KAZOO_EXCLUDES(mutex_);
    /// It is not to be used again: removes it in the background.
    void remove(receipt_node) noexcept;
    /// Removes those that are idle now, and later those that are given back. Any thread; their removal is in line when
    /// this returns.
    void end() noexcept KAZOO_EXCLUDES(mutex_);

    /// Who asks about a node: through a session of its own, or through whichever there is.
    const handle& unpinned() const noexcept { return zk_; }
    bool ephemeral() const noexcept { return options_.lifetime == receipt_lifetime::ephemeral; }
    const receipts_options& options() const noexcept { return options_; }

  private:
    task<receipt_node> make(pinned_handle);
    acl_view acl() const noexcept;
    std::optional<receipt_node> idle_of(const handle& session) KAZOO_EXCLUDES(mutex_);

    const handle zk_; ///< without a chroot
    const std::string folder_;
    const receipts_options options_;
    bool private_ = true; ///< we have credentials, for all that is known; on the loop
    util::mutex mutex_;
    std::vector<receipt_node> idle_ KAZOO_GUARDED_BY(mutex_);
    bool ended_ KAZOO_GUARDED_BY(mutex_) = false;
};

} // namespace kazoo::detail

#pragma once
// The operations of a user's transaction, to be sent behind one of ours, and more than once.
#include "client/chroot.hpp"
#include "client/handle.hpp"

#include <kazoo/transaction.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace kazoo::detail {

/// A create in a transaction.
struct planned_node {
    std::size_t index; ///< among the operations
    naming name;
};

class taken_transaction {
  public:
    /// Leaves the transaction empty.
    explicit taken_transaction(kazoo::transaction&);

    /// As the one that the transaction was made with: its chroot, and its session if it is pinned.
    const handle& from() const noexcept { return from_; }
    /// Of each operation, as it was given.
    const std::vector<std::string>& paths() const noexcept { return paths_; }
    const std::vector<planned_node>& creates() const noexcept { return creates_; }

    /// One request: the data of `node` (absolute) is set if it has the expected version, and then all operations are
    /// done. One result for each, ours first; transaction_error counts ours as 0.
    future<std::vector<transaction_result>> send(const node_operations& by, std::string_view node,
                                                 std::string_view data, version expected) const;

  private:
    handle from_;
    std::string body_; ///< encoded
    std::vector<std::string> paths_;
    std::vector<planned_node> creates_;
    bool makes_ephemeral_ = false;
    errc invalid_{};
    std::string invalid_path_;
    std::string_view defect_;
};

} // namespace kazoo::detail

#pragma once
// Nodes, watches and the transaction counter: checked changes are applied here, and fire their watches.
#include "server/draft.hpp"
#include "server/watches.hpp"

namespace kazoo::server {

class database {
  public:
    const tree& nodes() const noexcept { return nodes_; }
    std::int64_t zxid() const noexcept { return zxid_; }

    /// Every write takes a number, the failed ones too.
    transaction next_transaction(std::int64_t wall_ms) noexcept { return {++zxid_, wall_ms}; }

    /// The node's Stat afterwards, if there is one.
    proto::stat apply(const change&, transaction);
    /// Deletes everything that the session owns.
    void remove_ephemerals(std::int64_t session, transaction);

    /// Watches of a connection that was away: events for what changed since `relative_zxid`, registrations for the
    /// rest. Stops at a null path and returns false.
    bool restore_watches(const proto::set_watches2_request&, watcher&);

    watch_table data_watches, child_watches;

  private:
    void remove(std::string_view path, transaction);

    tree nodes_;
    std::int64_t zxid_ = 0;
};

} // namespace kazoo::server

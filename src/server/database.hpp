#pragma once
// Nodes, watches and the transaction counter: checked changes are applied here, and fire their watches.
#include "server/draft.hpp"
#include "server/watches.hpp"

#include <functional>

namespace kazoo::server {

/// Something that a database did: took a number, applied a change, or removed what a session owned.
struct database_step {
    transaction txn;
    const change* what = nullptr;
    std::int64_t ended_session = 0;
};

class database {
  public:
    const tree& nodes() const noexcept { return nodes_; }
    std::int64_t zxid() const noexcept { return zxid_; }

    /// Every write takes a number, the failed ones too.
    transaction next_transaction(std::int64_t wall_ms) {
        const transaction txn{++zxid_, wall_ms};
        tell({.txn = txn});
        return txn;
    }
    /// Somebody else gave the numbers.
    void follow(transaction txn) noexcept { zxid_ = txn.zxid; }

    /// The node's Stat afterwards, if there is one.
    proto::stat apply(const change&, transaction);
    /// Deletes everything that the session owns.
    void remove_ephemerals(std::int64_t session, transaction);

    /// Watches of a connection that was away: events for what changed since `relative_zxid`, registrations for the
    /// rest. Stops at a null path and returns false.
    bool restore_watches(const proto::set_watches2_request&, watcher&);

    watch_table data_watches, child_watches;
    /// Hears of every step, when its watches have fired.
    std::function<void(const database_step&)> on_step;

  private:
    proto::stat change_nodes(const change&, transaction);
    void remove(std::string_view path, transaction);
    void tell(const database_step& s) const {
        if (on_step) on_step(s);
    }

    tree nodes_;
    std::int64_t zxid_ = 0;
};

} // namespace kazoo::server

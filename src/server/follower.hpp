#pragma once
// A server of an ensemble that is behind the leader.
//
// What it models of ZooKeeper: reads and watches are served from the follower's own nodes, so they may be old, but they
// agree with each other; changes arrive in the leader's order, each whole; the reply to a write (a new session is one)
// or to a sync comes when the follower has what came before it, so one connection reads what it wrote; a client that
// has seen more than the follower has is turned away. Sessions live at the leader. There is no election and no quorum,
// and a follower catches up when it is told to, or through a client's own write, never by itself.
#include "server/processor.hpp"

#include <deque>
#include <optional>
#include <string>

namespace kazoo::server {

class follower {
  public:
    explicit follower(const config& c) : requests_(c, database_, nullptr) {}
    follower(const follower&) = delete;
    follower& operator=(const follower&) = delete;

    /// What the leader did; it happens here at the next catch_up().
    void hear(const database_step&);
    /// Does everything up to this transaction.
    void catch_up(std::int64_t zxid);

    database& data() noexcept { return database_; }
    const database& data() const noexcept { return database_; }
    /// For what changes no node.
    processor& requests() noexcept { return requests_; }

  private:
    struct step {
        transaction txn;
        std::optional<change> what;
        std::int64_t ended_session = 0;
        std::string path; ///< the change's views point to these
        std::optional<std::string> data;
    };

    database database_;
    processor requests_;
    std::deque<step> ahead_;
};

} // namespace kazoo::server

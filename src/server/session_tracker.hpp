#pragma once
// The leader's knowledge of sessions: until when each lives, and through which member it may write.
#include "server/expiry_queue.hpp"

#include <kazoo/error.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <utility>

namespace kazoo::server {

class session_tracker {
  public:
    /// A member, in one of its connections with the leader.
    struct owner {
        std::size_t member = 0;
        std::uint64_t channel = 0;
        friend bool operator==(const owner&, const owner&) = default;
    };

    explicit session_tracker(duration tick) noexcept : deadlines_(tick) {}

    void track(std::int64_t session, std::int32_t timeout_ms, std::optional<owner> by, time_point now) {
        sessions_[session] = {false, by};
        deadlines_.touch(session, now, std::chrono::milliseconds(timeout_ms));
    }
    /// False: there is no such session, or its end has begun.
    bool touch(std::int64_t session, std::int32_t timeout_ms, time_point now) {
        const auto at = sessions_.find(session);
        if (at == sessions_.end() || at->second.ending) return false;
        deadlines_.touch(session, now, std::chrono::milliseconds(timeout_ms));
        return true;
    }
    bool move(std::int64_t session, owner to, std::int32_t timeout_ms, time_point now) {
        if (!touch(session, timeout_ms, now)) return false;
        sessions_.at(session).by = to;
        return true;
    }
    /// Why it may not write there. Nobody's session belongs to who writes first.
    errc verdict(std::int64_t session, owner from) {
        const auto at = sessions_.find(session);
        if (at == sessions_.end() || at->second.ending) return errc::session_expired;
        if (!at->second.by) at->second.by = from;
        return *at->second.by == from ? errc{} : errc::session_moved;
    }
    /// Its end is on the way: it cannot be touched any more.
    bool begin_end(std::int64_t session) {
        deadlines_.remove(session);
        const auto at = sessions_.find(session);
        return at != sessions_.end() && !std::exchange(at->second.ending, true);
    }
    void remove(std::int64_t session) {
        deadlines_.remove(session);
        sessions_.erase(session);
    }
    std::optional<std::int64_t> pop_due(time_point now) { return deadlines_.pop_due(now); }
    time_point next_deadline() const noexcept { return deadlines_.next(); }

  private:
    struct state {
        bool ending = false;
        std::optional<owner> by;
    };
    std::map<std::int64_t, state> sessions_;
    expiry_queue<std::int64_t> deadlines_;
};

} // namespace kazoo::server

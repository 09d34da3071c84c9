#pragma once
// What expires when. Like the real server's, deadlines are rounded up to the next multiple of an interval, so that
// a touch seldom changes anything.
#include "util/clock.hpp"

#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

namespace kazoo::server {

template <class Key> class expiry_queue {
  public:
    explicit expiry_queue(duration interval) noexcept : interval_(interval) {}

    void touch(Key key, time_point now, duration timeout) {
        const time_point deadline = rounded_up(now + timeout);
        const auto [at, fresh] = deadlines_.try_emplace(key, deadline);
        if (!fresh) {
            if (at->second == deadline) return;
            order_.erase({at->second, key});
            at->second = deadline;
        }
        order_.emplace(deadline, key);
    }

    void remove(Key key) {
        const auto at = deadlines_.find(key);
        if (at == deadlines_.end()) return;
        order_.erase({at->second, key});
        deadlines_.erase(at);
    }

    /// Takes one that is due out, oldest first.
    std::optional<Key> pop_due(time_point now) {
        if (order_.empty() || order_.begin()->first > now) return std::nullopt;
        const Key key = order_.begin()->second;
        remove(key);
        return key;
    }

    time_point next() const noexcept { return order_.empty() ? never : order_.begin()->first; }

  private:
    /// Strictly later than `t`, as the real server has it.
    time_point rounded_up(time_point t) const noexcept {
        const auto since_zero = t.time_since_epoch();
        auto intervals = since_zero / interval_;
        if (since_zero < intervals * interval_) --intervals; // division truncates towards zero
        return time_point((intervals + 1) * interval_);
    }

    duration interval_;
    std::unordered_map<Key, time_point> deadlines_;
    std::set<std::pair<time_point, Key>> order_;
};

} // namespace kazoo::server

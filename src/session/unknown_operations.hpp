#pragma once
// Which operations which server does not know. It hangs up at each of them, so one is not sent there twice.
#include "proto/opcodes.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace kazoo::session {

class unknown_operations {
  public:
    /// The server said so (-6 without a zxid); it closes the connection then.
    void told(std::string_view server, proto::opcode op) { known_[std::string(server)].insert(op); }
    /// It closed the connection without a word, and this was the oldest request without an answer. That happens when a
    /// server goes away, too; so only the second time running is a proof, and only if it never answered one. Not for
    /// writes: a wrong guess would say "not applied" of one that is.
    void hung_up(std::string_view server, proto::opcode op) {
        suspicion now{std::string(server), op};
        if (served_.contains(now)) return forget(server);
        if (suspicion_ == now) told(server, op);
        suspicion_ = std::move(now);
    }
    /// Whether answered() would learn something: most answers are of what every server knows, or of what was served
    /// just now.
    bool would_learn(proto::opcode op) const noexcept {
        return may_be_unknown(op) && (suspicion_.has_value() || last_served_ != op);
    }
    /// It served one, well or not.
    void answered(std::string_view server, proto::opcode op) {
        if (!may_be_unknown(op)) return;
        if (suspicion_ && suspicion_->second == op) suspicion_.reset();
        if (std::exchange(last_served_, op) != op) served_.emplace(server, op);
    }
    /// The connection ended for another reason: the server may come back as a newer one.
    void forget(std::string_view server) {
        suspicion_.reset();
        last_served_ = proto::opcode::notification;
        if (const auto at = known_.find(server); at != known_.end()) known_.erase(at);
    }

    bool contains(std::string_view server, proto::opcode op) const {
        const auto at = known_.find(server);
        return at != known_.end() && at->second.contains(op);
    }
    /// Whether nothing is known of any server.
    bool empty() const noexcept { return known_.empty(); }

    /// Whether there are servers that do not know it: before 3.5, or those that imitate ZooKeeper.
    static constexpr bool may_be_unknown(proto::opcode op) noexcept {
        using enum proto::opcode;
        switch (op) {
        case create2:
        case reconfig:
        case check_watches:
        case remove_watches:
        case create_container:
        case create_ttl:
        case multi_read:
        case get_ephemerals:
        case get_all_children_number:
        case add_watch:
        case who_am_i: return true;
        default: return false;
        }
    }

  private:
    using suspicion = std::pair<std::string, proto::opcode>;
    std::map<std::string, std::set<proto::opcode>, std::less<>> known_;
    std::optional<suspicion> suspicion_;
    std::set<suspicion> served_;
    proto::opcode last_served_ = proto::opcode::notification; ///< that need not be looked up again
};

} // namespace kazoo::session

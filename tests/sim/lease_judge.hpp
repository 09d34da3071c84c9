#pragma once
// No session ends while somebody is certain of it.
#include "testing/sim/sim_world.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <set>
#include <utility>
#include <vector>

namespace kazoo::testkit {

/// Somebody who believes in a session.
struct certain_holder {
    std::function<std::int64_t()> session; ///< 0: none
    std::function<time_point()> certain_until;
    std::size_t kind = 0; ///< the judge counts by it
};

/// The end of a session is when a majority of the servers has decided it. Call look() whenever a holder may have become
/// certain of more; what ends is heard of by itself.
class lease_judge {
  public:
    struct counts {
        std::uint64_t expired = 0;    ///< sessions that ended
        std::uint64_t violations = 0; ///< of them before their holder's certainty did
        duration worst{0};            ///< the longest of these times
    };

    lease_judge(sim_world& w, std::size_t kinds) : world_(w), counts_(kinds) {
        w.on_write = [this](const sim_write& done) {
            if (done.write.type != proto::opcode::close_session || done.write.xid != 0) return;
            for (const certain_holder& h : holders_) {
                if (h.session() != done.write.session) continue;
                ++counts_[h.kind].expired;
                look(h);
            }
        };
    }
    void add(certain_holder h) { holders_.push_back(std::move(h)); }
    const certain_holder& operator[](std::size_t i) const { return holders_[i]; }
    void look(const certain_holder& h) {
        const std::int64_t session = h.session();
        const auto end = session == 0 ? std::nullopt : world_.ensemble().end_of(session);
        if (!end || h.certain_until() <= *end) return;
        counts& c = counts_[h.kind];
        c.worst = std::max(c.worst, h.certain_until() - *end);
        if (guilty_.insert({h.kind, session}).second) ++c.violations;
    }
    const counts& of(std::size_t kind) const { return counts_[kind]; }

  private:
    sim_world& world_;
    std::vector<certain_holder> holders_;
    std::vector<counts> counts_;
    std::set<std::pair<std::size_t, std::int64_t>> guilty_; ///< each counts once
};

} // namespace kazoo::testkit

#pragma once
// How often each thing that a storm around mutexes is about has happened.
#include <array>
#include <cstdint>
#include <iomanip>
#include <ostream>
#include <string_view>
#include <vector>

namespace kazoo::testkit {

class mutex_tally {
  public:
    enum what : std::uint8_t {
        acquisitions,
        had_to_wait,
        create_replies_lost,
        adoptions,
        orphans_cleaned,
        lost_while_holding,
        lost_while_waiting,
        not_before_the_deadline,
        cancelled,
        taken,
        dropped,
        closed,
        deletions_noticed_holding,
        deletions_noticed_waiting,
        paths_vanished,
        stale_writes_refused,
        requests_to_a_late_follower,
        count
    };
    static constexpr std::array<std::string_view, count> names{"acquisitions",
                                                               "of them had to wait",
                                                               "replies to a create lost",
                                                               "nodes found again and held",
                                                               "orphans cleaned up",
                                                               "lost while holding",
                                                               "lost while waiting",
                                                               "not acquired before the deadline",
                                                               "cancelled",
                                                               "taken when tried",
                                                               "dropped",
                                                               "ended by close or destruction",
                                                               "deletions noticed by a holder",
                                                               "deletions noticed by a waiter",
                                                               "lock paths that vanished",
                                                               "writes refused by their token",
                                                               "requests to a follower behind"};

    void add(what w, std::uint64_t n = 1) noexcept { counts_[w] += n; }
    std::uint64_t operator[](what w) const noexcept { return counts_[w]; }
    mutex_tally& operator+=(const mutex_tally& other) noexcept {
        for (std::size_t i = 0; i < count; ++i) counts_[i] += other.counts_[i];
        return *this;
    }
    std::vector<std::string_view> missing() const {
        std::vector<std::string_view> none;
        for (std::size_t i = 0; i < count; ++i)
            if (counts_[i] == 0) none.push_back(names[i]);
        return none;
    }
    friend std::ostream& operator<<(std::ostream& out, const mutex_tally& t) {
        for (std::size_t i = 0; i < count; ++i) out << std::setw(34) << names[i] << ' ' << t.counts_[i] << '\n';
        return out;
    }

  private:
    std::array<std::uint64_t, count> counts_{};
};

} // namespace kazoo::testkit

#pragma once
// How often each thing that a storm is about has happened.
#include <array>
#include <cstdint>
#include <iomanip>
#include <ostream>
#include <string_view>
#include <vector>

namespace kazoo::testkit {

class tally {
  public:
    enum what : std::uint8_t {
        operations,
        cuts,
        cuts_before_apply,
        cuts_after_apply,
        refused_connects,
        hanging_connects,
        failed_lookups,
        delays,
        silent_to_server,
        silent_to_client,
        restarts,
        restarts_with_loss,
        forced_expiries,
        pauses,
        late_requests,
        expiries,
        resumes,
        new_sessions,
        unknown_outcomes,
        not_applied_behind_lost_write,
        deadlines_passed,
        cancelled,
        one_shots_fired,
        one_shots_set_again,
        byte_stream_events,
        gaps,
        credentials_replayed,
        creates_adopted,
        closes_in_the_storm,
        count
    };
    static constexpr std::array<std::string_view, count> names{"operations",
                                                               "cuts",
                                                               "cuts before apply",
                                                               "cuts after apply",
                                                               "refused connects",
                                                               "hanging connects",
                                                               "failed lookups",
                                                               "delays",
                                                               "bytes held to the server",
                                                               "bytes held to the client",
                                                               "restarts",
                                                               "restarts with loss",
                                                               "forced expiries",
                                                               "pauses",
                                                               "requests of old connections",
                                                               "expiries",
                                                               "resumed sessions",
                                                               "new sessions",
                                                               "unknown outcomes",
                                                               "not applied behind a lost write",
                                                               "deadlines passed",
                                                               "cancelled",
                                                               "one-shots fired",
                                                               "one-shots set again",
                                                               "stream events",
                                                               "gaps",
                                                               "credentials replayed",
                                                               "protected creates found again",
                                                               "closes in the storm"};

    void add(what w, std::uint64_t n = 1) noexcept { counts_[w] += n; }
    std::uint64_t operator[](what w) const noexcept { return counts_[w]; }
    tally& operator+=(const tally& other) noexcept {
        for (std::size_t i = 0; i < count; ++i) counts_[i] += other.counts_[i];
        return *this;
    }
    /// Faults that took effect.
    std::uint64_t faults() const noexcept {
        std::uint64_t sum = 0;
        for (int i = cuts; i <= pauses; ++i) sum += counts_[static_cast<std::size_t>(i)];
        return sum;
    }
    std::vector<std::string_view> missing() const {
        std::vector<std::string_view> none;
        for (std::size_t i = 0; i < count; ++i)
            if (counts_[i] == 0) none.push_back(names[i]);
        return none;
    }
    friend std::ostream& operator<<(std::ostream& out, const tally& t) {
        for (std::size_t i = 0; i < count; ++i) out << std::setw(34) << names[i] << ' ' << t.counts_[i] << '\n';
        return out;
    }

  private:
    std::array<std::uint64_t, count> counts_{};
};

} // namespace kazoo::testkit

#pragma once
// One seed: those who count at one node, what is done to them, and whether the number is what they were told.
#include "sim/actor.hpp"
#include "sim/storm/counts.hpp"
#include "sim/storm/frame.hpp"

#include <kazoo/recipe/counter.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kazoo::testkit {

struct counter_things {
    enum what : std::uint8_t {
        changes,
        changes_with_receipts,
        exchanges,
        other_numbers,
        loads,
        refused_by_version,
        transactions_refused,
        unknown,
        unknown_and_applied,
        unknown_and_not_applied,
        unknown_with_receipts,
        equal_changes,
        not_applied,
        stopped,
        ended_by_close,
        applied_late,
        next_session,
        count
    };
    static constexpr std::array<std::string_view, count> names{"changes",
                                                               "changes with receipts",
                                                               "exchanges",
                                                               "exchanges that met another number",
                                                               "loads",
                                                               "writes refused by the version",
                                                               "transactions refused by a version",
                                                               "told as unknown",
                                                               "unknown, and applied",
                                                               "unknown, and not applied",
                                                               "unknown in spite of receipts",
                                                               "lost replies, with equal changes",
                                                               "told as not applied",
                                                               "stopped",
                                                               "ended by close",
                                                               "applied late",
                                                               "changes over a lost session"};
};
using counter_counts = counts<counter_things>;

class counter_storm final : public storm_frame {
  public:
    explicit counter_storm(std::uint64_t seed);
    ~counter_storm() override;
    const counter_counts& counted() const noexcept { return counts_; }

  private:
    /// How a call ended, as its caller was told.
    enum class told : std::uint8_t {
        nothing_yet,
        done,
        unknown,
        not_applied
    };
    /// One change of the number. In a storm that tells changes apart no two have the same `by`.
    struct change {
        std::int64_t by = 0;
        int applied = 0;
        std::optional<std::int64_t> before; ///< what the server had when it was applied
        bool replaced = false;              ///< the server has lost its disk since it began
        told end = told::nothing_yet;
    };
    struct station {
        storm_client* who = nullptr;
        bool with_receipts = false;
        std::unique_ptr<counter> number;
    };

    void start() override;
    std::function<void()> on_passing_client(storm_client&) override;
    void on_write(const sim_write&) override;
    void on_forget() override;
    void settle() override;
    void before_close() override;
    void audit() override;
    void was_changed(std::int64_t from, std::int64_t to, bool late);
    void ended(change&, const station&, const error&);
    void judge(const change&);

    struct actors;
    friend struct actors;
    station& add_station(storm_client&);
    change& new_change();

    const bool named_; ///< changes can be told apart
    counter_counts counts_;
    std::vector<std::unique_ptr<station>> stations_;
    std::vector<std::unique_ptr<change>> changes_;
    std::vector<std::int64_t> history_{0}; ///< each number there was
    int forgotten_ = 0;
    bool open_ = true; ///< new calls begin
};

} // namespace kazoo::testkit

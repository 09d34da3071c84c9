#pragma once
// One seed: those who push and pop at one queue, what is done to them, and whether each item got to one of them.
#include "sim/actor.hpp"
#include "sim/storm/counts.hpp"
#include "sim/storm/frame.hpp"

#include <kazoo/recipe/queue.hpp>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace kazoo::testkit {

struct queue_things {
    enum what : std::uint8_t {
        pushes,
        pops,
        nothing_there,
        nothing_in_time,
        pushes_unknown,
        unknown_and_pushed,
        pushes_not_applied,
        pops_unknown,
        given_up,
        put_back,
        taken,
        lost_and_told,
        ended_by_close,
        count
    };
    static constexpr std::array<std::string_view, count> names{"pushes",
                                                               "pops",
                                                               "nothing there when tried",
                                                               "nothing in time",
                                                               "pushes told as unknown",
                                                               "unknown, and pushed",
                                                               "pushes told as not applied",
                                                               "pops told as unknown",
                                                               "pops given up",
                                                               "items put back",
                                                               "items taken",
                                                               "items lost, and told as unknown",
                                                               "ended by close or destruction"};
};
using queue_counts = counts<queue_things>;

class queue_storm final : public storm_frame {
  public:
    explicit queue_storm(std::uint64_t seed);
    ~queue_storm() override;
    const queue_counts& counted() const noexcept { return counts_; }

  private:
    enum class told : std::uint8_t {
        nothing_yet,
        done,
        unknown,
        not_applied
    };
    struct item {
        told pushed = told::nothing_yet;
        int made = 0, popped = 0;
        bool replaced = false;                 ///< the server has lost its disk since its push began
        const sim_machine* taken_by = nullptr; ///< who removed it last
    };
    struct station {
        storm_client* who = nullptr;
        std::unique_ptr<queue> line;
        int excuses = 0; ///< pops that failed as unknown, or were given up
    };

    void start() override;
    std::function<void()> on_passing_client(storm_client&) override;
    void on_write(const sim_write&) override;
    void on_forget() override;
    void settle() override;
    void before_close() override;
    void audit() override;
    void was_made(const std::string& path, const std::string& data);
    void was_popped(const station&, const bytes&);

    struct actors;
    friend struct actors;
    station& add_station(storm_client&);
    std::map<std::string, std::string> waiting() const;

    const bool with_receipts_;
    queue_counts counts_;
    std::vector<std::unique_ptr<station>> stations_;
    std::vector<std::unique_ptr<item>> items_;
    std::map<std::string, std::string> waiting_; ///< paths and data, at the last write
    std::set<std::string> known_;                ///< paths that there ever were
    bool open_ = true;                           ///< new calls begin
};

} // namespace kazoo::testkit

#pragma once
// One seed: those who want permits of one semaphore, what is done to them, and whether there were ever too many.
#include "grant_book.hpp"
#include "sim/actor.hpp"
#include "sim/storm/counts.hpp"
#include "sim/storm/frame.hpp"

#include <kazoo/recipe/semaphore.hpp>

#include <memory>
#include <vector>

namespace kazoo::testkit {

struct semaphore_things {
    enum what : std::uint8_t {
        permits,
        all_taken,
        lost,
        none_left,
        not_in_time,
        cancelled,
        given_up,
        closed,
        resizes,
        count
    };
    static constexpr std::array<std::string_view, count> names{"permits acquired",
                                                               "moments when all were taken",
                                                               "permits lost",
                                                               "none left when tried",
                                                               "not acquired in time",
                                                               "cancelled",
                                                               "given up",
                                                               "ended by close or destruction",
                                                               "resizes"};
};
using semaphore_counts = counts<semaphore_things>;

class semaphore_storm final : public storm_frame {
  public:
    explicit semaphore_storm(std::uint64_t seed);
    ~semaphore_storm() override;
    const semaphore_counts& counted() const noexcept { return counts_; }

  private:
    /// One object and those who share it.
    struct station {
        storm_client* who = nullptr;
        std::unique_ptr<semaphore> pool;
    };
    struct holder {
        const station* where;
        const permit* what;
    };

    void start() override;
    std::function<void()> on_passing_client(storm_client&) override;
    void on_write(const sim_write&) override;
    void on_turn(const sim_machine&) override;
    void on_forced_end(std::int64_t session) override { book_.on_forced_end(session); }
    void on_forget() override;
    void settle() override;
    void before_close() override;
    void audit() override;

    struct actors;
    friend struct actors;
    station& add_station(storm_client&, std::uint64_t actors);
    std::size_t permits_at_the_server() const;
    bool nothing_left() const;

    const bool resizes_; ///< in this seed
    semaphore_counts counts_;
    std::vector<std::unique_ptr<station>> stations_;
    std::vector<holder> holders_;
    grant_book book_;
    std::size_t seen_ = 0; ///< permits at the server, at the last write
    std::size_t most_ = 2; ///< the largest number there ever was
    bool open_ = true;     ///< new turns begin
};

} // namespace kazoo::testkit

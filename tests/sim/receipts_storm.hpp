#pragma once
// One seed: clients that commit transactions with receipts, what is done to them, and whether each was told the truth.
#include "actor.hpp"
#include "receipts_counts.hpp"
#include "storm/frame.hpp"

#include <kazoo/receipts.hpp>

#include <memory>
#include <set>
#include <string>
#include <vector>

namespace kazoo::testkit {

class receipts_storm final : public storm_frame {
  public:
    explicit receipts_storm(std::uint64_t seed);
    ~receipts_storm() override;
    const receipts_counts& counted() const noexcept { return counts_; }

  private:
    /// One transaction: what the server did with it, and what its caller was told.
    struct entry {
        std::size_t client = 0;
        std::uint64_t connection = 0; ///< the newest one of its machine when it began
        int applied = 0;
        bool late = false;
        zxid id{};
        std::vector<std::string> created; ///< in order
        bool done = false;
        bool told_applied = false;
        outcome told = outcome::unknown; ///< if it failed
    };
    /// One receipts object and those who share it.
    struct station {
        storm_client* who = nullptr;
        receipts_options options{};
        std::unique_ptr<receipts> object;
        session_id session{};
        std::uint64_t losses = 0; ///< of sessions
    };

    void start() override;
    std::function<void()> on_passing_client(storm_client&) override;
    void on_write(const sim_write&) override;
    void on_turn(const sim_machine&) override;
    void on_forget() override;
    void settle() override;
    void before_close() override;
    void audit() override;

    struct actors;
    friend struct actors;
    void add_station(storm_client&);
    void make_folders(storm_client&);
    void plan_vandal();
    transaction plan(station&, std::size_t number, bool& may_be_refused);
    void was_applied(station&, std::size_t number, const committed_transaction&, bool gave_up);
    void failed(station&, std::size_t number, const error&, bool gave_up, bool may_be_refused,
                std::uint64_t losses_before);
    static std::string token(std::size_t number);

    receipts_counts counts_;
    std::vector<std::unique_ptr<station>> stations_;
    std::vector<entry> entries_;
    std::uint64_t forgotten_ = 0; ///< how often the server lost its disk
    bool vandal_ = false;
    bool open_ = true; ///< new transactions begin
};

} // namespace kazoo::testkit

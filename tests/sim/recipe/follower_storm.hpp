#pragma once
// One seed: clients that change a few nodes and watch them, what is done to them, and whether what was told last is
// what is there.
#include "follower_counts.hpp"
#include "sim/actor.hpp"
#include "sim/storm/frame.hpp"

#include <kazoo/kazoo.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace kazoo::testkit {

class follower_storm final : public storm_frame {
  public:
    explicit follower_storm(std::uint64_t seed);
    const follower_counts& counted() const noexcept { return counts_; }

  private:
    enum class kind : std::uint8_t {
        data,
        existing,
        children,
        count
    };
    /// One object that watches, and what it was told.
    struct seat {
        storm_client* whose = nullptr;
        kind what{};
        std::string path;
        bool stops_itself = false, throws = false;
        std::function<void()> stop;
        std::function<bool()> active;
        std::uint64_t calls = 0, steps_back = 0;
        std::uint64_t born = 0; ///< on which of the server's disks
        std::string last;
        zxid newest{};
        session_id in{};
        int inside = 0;
        bool stopped = false;
    };

    void start() override;
    std::function<void()> on_passing_client(storm_client&) override;
    void on_forget() override { ++disks_; }
    void settle() override;
    void before_close() override;

    void watch(storm_client&);
    watch_next hear(seat&, std::string text, zxid newest, bool there, bool caused);
    std::string truth(const seat&) const;
    bool all_equal() const;
    struct actors;
    friend struct actors;

    follower_counts counts_;
    std::vector<std::unique_ptr<seat>> seats_;
    std::uint64_t disks_ = 1;
    bool open_ = true;
};

} // namespace kazoo::testkit

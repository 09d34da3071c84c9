#pragma once
// What is done to the machines and the server of a storm.
#include "fault_counts.hpp"
#include "sim/scene.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace kazoo::testkit {

class faults {
  public:
    explicit faults(simulation& s) : world_(s) {}
    faults(const faults&) = delete;
    faults& operator=(const faults&) = delete;

    /// `user`: the client there; nullptr when it has gone.
    void add_target(machine, std::shared_ptr<sim_machine>, std::function<const client*()> user);
    /// The server ends this session although its time is not over.
    std::function<void(std::int64_t)> on_forced_end;
    /// The server has lost its disk.
    std::function<void()> on_forget;
    /// Has more sent by a target than its socket takes.
    std::function<void(std::size_t target)> fill_the_socket;

    /// One of them, some time after `at`, at somebody.
    void plan(duration at);
    /// Adds faults until so many took effect.
    void go_on_until(std::uint64_t least);
    void end();
    fault_counts counted() const;

  private:
    struct target {
        machine where;
        std::shared_ptr<sim_machine> inside;
        std::function<const client*()> user;
    };
    template <class Begin, class End> void in_turn(duration at, duration length, Begin, End);
    void late_then_nothing(const machine&);
    void lose_a_full_socket(std::size_t target);
    void expire(std::size_t target);
    void change_hosts(std::size_t target);
    void take_over(std::size_t target);
    void lose_quorum(duration at, duration length);
    void forget();

    sim_world& inside() const { return world_.world(); }
    duration between(duration least, duration most) { return inside().between(least, most); }
    std::uint64_t below(std::uint64_t n) { return inside().random().below(n); }

    simulation& world_;
    std::vector<target> targets_;
    fault_counts counts_;
    bool stormy_ = true;
    int server_stops_ = 0, lost_quorums_ = 0;
};

} // namespace kazoo::testkit

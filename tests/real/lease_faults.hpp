#pragma once
// What is done between servers while locks are held at one of them: for the long form of the lease's tests.
#include <kazoo/testkit/ensemble.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <random>
#include <string_view>
#include <vector>

namespace kazoo::test::lease {

/// Who is who in one trial.
struct cast {
    std::size_t leader, follower, other;
};

/// One trial's fault with its chance: everything is said in one place, so that a seed repeats it.
class stage {
  public:
    stage(testkit::ensemble& servers, const cast& roles, std::mt19937_64& chance)
        : zk(servers), who(roles), chance_(chance) {}

    /// Waits for a random time between the two.
    void wait(std::chrono::duration<double> shortest, std::chrono::duration<double> longest);
    void wait(std::chrono::duration<double> time) { wait(time, time); }
    bool toss() { return std::bernoulli_distribution(0.5)(chance_); }
    double between(double low, double high) { return std::uniform_real_distribution(low, high)(chance_); }

    /// What the follower says to its leader, and what it hears.
    void mute(bool on = true) { zk.hold(who.follower, who.leader, on); }
    void deafen(bool on = true) { zk.hold(who.leader, who.follower, on); }
    void cut() {
        mute();
        deafen();
    }

    testkit::ensemble& zk;
    const cast who;

  private:
    std::mt19937_64& chance_;
};

struct named_fault {
    std::string_view name;
    bool at_leader; ///< where the holders are; else at the follower
    bool deadly;    ///< the servers expire sessions of 4 seconds that stay where they are
    std::function<void(stage&)> strike;
};

/// Every kind. Made for ticks of two seconds and a syncLimit of five.
const std::vector<named_fault>& all_faults();

} // namespace kazoo::test::lease

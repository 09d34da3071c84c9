#pragma once
// What is done to the servers, the network and the workers of the soak, one fault at a time.
#include "real/soak_store.hpp"
#include "real/soak_worker.hpp"

#include <kazoo/testkit/ensemble.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <random>
#include <set>
#include <string_view>
#include <vector>

namespace kazoo::test::soak {

/// What a busy machine, and a session that waits its turn in a line with others that were lost, may cost.
inline constexpr std::chrono::seconds load_allowance{6};
/// That, and for the stopped leader to be missed (syncLimit: ten ticks), and for an election.
inline constexpr std::chrono::seconds election_allowance{18};

/// A fault that lasts until it is mended.
struct fault {
    std::string_view name;
    std::chrono::seconds allowance;    ///< what progress may take beyond the end of a lost session
    std::set<std::uint32_t> victims{}; ///< the workers that cannot go on while it lasts
    std::function<void()> mend = [] {};
};

/// Chance decides, from the seed: every kind of fault once, in random order, then all of them again.
class tormentor {
  public:
    /// Workers below this number are never killed, so that what they keep can be compared over time.
    static constexpr std::uint32_t first_mortal = 3;
    static constexpr std::size_t kinds = 8;

    tormentor(testkit::ensemble& zk, std::vector<std::unique_ptr<worker>>& workers, fenced_store& store,
              std::uint64_t seed);

    fault strike();
    std::uint32_t below(std::uint32_t limit) {
        return std::uniform_int_distribution<std::uint32_t>(0, limit - 1)(chance_);
    }

  private:
    fault kill_server();
    fault kill_leader();
    fault stop_server();
    fault lose_quorum();
    fault cut_connections();
    fault silence_holder();
    fault stop_holder();
    fault kill_holder();

    fault killed_server(std::string_view name, std::size_t index);
    /// Keeps one worker inside, from this number on, and returns it.
    worker& catch_holder(std::uint32_t first, fault& f);

    testkit::ensemble& zk_;
    std::vector<std::unique_ptr<worker>>& workers_;
    fenced_store& store_;
    std::mt19937_64 chance_;
    std::deque<fault (tormentor::*)()> deck_;
};

} // namespace kazoo::test::soak

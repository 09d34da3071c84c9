#pragma once
// Which grants of a storm were taken away before their time: their holders cannot know at once.
#include "testing/sim/sim_world.hpp"

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>

namespace kazoo::testkit {

class grant_book {
  public:
    explicit grant_book(sim_world& w) : world_(w) {}

    /// Whether its holder may believe in this node for a while although it is gone.
    bool taken_away(std::string_view path) const { return taken_.contains(path); }
    /// The server ends this session although its time is not over, or loses its disk.
    void on_forced_end(std::int64_t session) {
        for (const auto* n : world_.server().nodes().sorted())
            if (n->owner.value == session) taken_.emplace(n->path);
    }

  private:
    sim_world& world_;
    std::set<std::string, std::less<>> taken_;
};

} // namespace kazoo::testkit

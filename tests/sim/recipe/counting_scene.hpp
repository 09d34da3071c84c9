#pragma once
// Counts what each step of a recipe asks of the servers, and how many watches it keeps there, as the tables "Cost" of
// the pages say. The certainty that holds() goes by asks for more, once for all objects of a client.
#include "sim/scene.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace kazoo::testkit {

/// Two clients: "c" whose requests are counted, and another one that stands in its way.
struct counting_scene : scene {
    static constexpr auto one_way = 500us;
    counting_scene() : scene({.shortest_delay = one_way, .longest_delay = one_way}) {
        c.wait_connected();
        other.wait_connected();
    }

    /// What c has asked for since the last call, and the watches that it has now: "create 1, get_children 1; watches
    /// 0".
    std::string asked() {
        world.run_for(200ms); // until it is quiet
        const client_metrics m = c.metrics();
        std::map<std::string, std::uint64_t> now;
        for (const operation_metrics& o : m.operations) now[o.name] += o.succeeded + o.failed;
        std::string all;
        for (const auto& [name, n] : now)
            if (n != before_[name]) all += (all.empty() ? "" : ", ") + name + ' ' + std::to_string(n - before_[name]);
        before_ = std::move(now);
        return all + "; watches " + std::to_string(m.watches);
    }
    template <class T> T end(future<T> f) {
        EXPECT_TRUE(world.run_until([&] { return f.ready(); }, 1s));
        return std::move(f).get();
    }
    /// Of what begin() starts, while nothing is slow: the least of many times.
    template <class Begin> std::int64_t round_trips(const Begin& begin) {
        std::int64_t least = 1000;
        for (int i = 0; i < 20; ++i) {
            const auto started = world.now();
            (void)end(begin());
            least = std::min<std::int64_t>(least, (world.now() - started) / (2 * one_way));
            world.run_for(200ms);
        }
        return least;
    }

    machine there = world.add_machine();
    client other{simulation::addresses(), options_on(there)};

  private:
    std::map<std::string, std::uint64_t> before_;
};

} // namespace kazoo::testkit

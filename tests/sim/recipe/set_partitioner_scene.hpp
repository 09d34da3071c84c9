#pragma once
// A world with two who share out the same set.
#include "sim/scene.hpp"

#include <kazoo/recipe/set_partitioner.hpp>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kazoo::testkit {

using shares = std::vector<std::string>;
inline const shares letters{"a", "b", "c", "d"};

inline set_partitioner_options named(std::string identifier, std::chrono::milliseconds boundary = 1s) {
    return {.identifier = std::move(identifier), .time_boundary = boundary};
}

/// Two who share out the same set. All paths are there from the beginning.
struct sharing_scene : scene {
    machine there = world.add_machine();
    client other{simulation::addresses(), options_on(there)};
    set_partitioner us, them{other, "/s", letters, named("them")};

    explicit sharing_scene(const simulation_options& o = {}, set_partitioner_options options = named("us"))
        : scene(o), us(c, "/s", letters, std::move(options)) {
        c.wait_connected();
        other.wait_connected();
        other.ensure_path("/s/party");
        for (const auto& item : letters) other.ensure_path("/s/locks/" + item);
    }
    std::vector<const server::znode*> below(std::string_view folder) const {
        std::vector<const server::znode*> found;
        for (const auto* n : inside().server().nodes().sorted())
            if (n->path.starts_with(folder) && n->owner.value != 0) found.push_back(n);
        return found;
    }
    std::vector<const server::znode*> party() const { return below("/s/party/"); }
    std::vector<const server::znode*> locks() const { return below("/s/locks/"); }
    bool all_are_ours() const {
        const auto session = static_cast<std::int64_t>(c.session_id());
        return std::ranges::all_of(locks(), [&](const auto* n) { return n->owner.value == session; });
    }
    bool is_soon(const std::function<bool()>& done, std::chrono::nanoseconds limit = 50ms) {
        return world.run_until(done, limit);
    }
    template <class T> T end(future<T> f) {
        EXPECT_TRUE(finish(f));
        return std::move(f).get();
    }
    partition ours() { return end(us.async_acquire()); }
    std::size_t watches_at_the_server() const {
        const auto counts = inside().server().watches();
        return counts.data + counts.child;
    }
    std::uint64_t landed_late() const { return inside().machines().front()->faults.late; }
};

} // namespace kazoo::testkit

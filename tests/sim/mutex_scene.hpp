#pragma once
// What the suites of kazoo::mutex in a simulated world share.
#include "scene.hpp"

#include <kazoo/recipe/mutex.hpp>

#include <chrono>
#include <stop_token>
#include <vector>

namespace kazoo::testkit {

/// A client of its own in somebody's world.
struct contestant {
    machine where;
    client c;
    mutex lock;

    explicit contestant(simulation& world, std::chrono::milliseconds session_timeout = 3s)
        : where(world.add_machine()), c(simulation::addresses(), options_on(where, session_timeout)), lock(c, "/lock") {
        c.wait_connected();
    }
};

inline std::vector<const server::znode*> nodes_of(const simulation& world) {
    std::vector<const server::znode*> found;
    for (const auto* n : world.world().server().nodes().sorted())
        if (n->path.starts_with("/lock/")) found.push_back(n);
    return found;
}

inline bool is_over(const std::stop_token& t) { return t.stop_requested(); }

/// The client believes that its session is lost, but the server does not yet.
inline void lose_session(simulation& world, contestant& who) {
    who.where.refuse(true);
    who.where.cut();
    ASSERT_TRUE(world.run_until([&] { return who.c.state() == session_state::connecting; }, 10s));
    who.where.refuse(false);
}

inline simulation_options patient_server() {
    simulation_options o;
    o.tick = 20s; // sessions live up to this much longer than they must
    return o;
}

} // namespace kazoo::testkit

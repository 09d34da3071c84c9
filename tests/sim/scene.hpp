#pragma once
// What most scripted simulations begin with: a world with one machine and one client on it.
#include "testing/sim/sim_machine.hpp"
#include "testing/sim/sim_world.hpp"

#include <kazoo/kazoo.hpp>
#include <kazoo/testkit/simulation.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace kazoo::testkit {

using namespace std::chrono_literals;

inline client_options options_on(const machine& m, std::chrono::milliseconds session_timeout = 3s) {
    client_options o;
    o.loop = m.loop();
    o.session_timeout = session_timeout;
    o.operation_timeout = 20s;
    o.close_timeout = 2s;
    return o;
}

/// What code and outcome a finished operation has.
struct verdict {
    std::error_code code;
    kazoo::outcome outcome = outcome::not_applied;
    friend bool operator==(const verdict&, const verdict&) = default;
};
inline void PrintTo(const verdict& v, std::ostream* out) { *out << v.code << ' ' << v.outcome; }
inline verdict failed(errc e, outcome o = outcome::not_applied) { return {make_error_code(e), o}; }
template <class T> verdict verdict_of(future<T> f) {
    const auto r = std::move(f).result();
    return {r.error(), r.outcome()};
}

struct scene {
    simulation world;
    machine here = world.add_machine();
    client c;

    explicit scene(client_options o) : c(simulation::addresses(), std::move(o)) {}
    explicit scene(const simulation_options& s = {}, std::chrono::milliseconds session_timeout = 3s)
        : world(s), c(simulation::addresses(), options_on(here, session_timeout)) {}

    sim_world& inside() const { return world.world(); }
    bool reaches(session_state s, std::chrono::nanoseconds limit = 1min) {
        return world.run_until([&] { return c.state() == s; }, limit);
    }
    template <class... Futures> bool finish(const Futures&... f) {
        return world.run_until([&] { return (f.ready() && ...); }, 1min);
    }
};

/// The states that a client went through, as its listeners hear of them.
class state_log {
  public:
    explicit state_log(const client& c) : listening_(c.on_state([this](session_state s) { seen.push_back(s); })) {}
    std::vector<session_state> seen;

  private:
    subscription listening_;
};

} // namespace kazoo::testkit

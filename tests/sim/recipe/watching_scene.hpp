#pragma once
// A world with one who watches and one who changes things.
#include "sim/scene.hpp"

#include <kazoo/recipe/children_watch.hpp>
#include <kazoo/recipe/data_watch.hpp>
#include <kazoo/recipe/existing_data_watch.hpp>

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace kazoo::testkit {

/// Calls, as text: the data, "-" for no node; behind it what led to the call.
class told_log {
  public:
    auto data() {
        return [this](const std::optional<node>& n, const std::optional<watch_event>& cause) {
            add(n ? std::string(n->data.view()) : "-", cause);
            if (n) zxids.push_back(n->stat.modified);
        };
    }
    auto children() {
        return [this](const std::optional<child_list>& l, const std::optional<watch_event>& cause) {
            std::string text = l ? "" : "-";
            for (std::size_t i = 0; l && i < l->names.size(); ++i)
                text += (i == 0 ? "" : " ") + std::string(l->names[i]);
            add(std::move(text), cause);
        };
    }
    auto errors() {
        return [this](const error& e) { calls.push_back("error " + std::to_string(e.code().value())); };
    }
    void add(std::string text, const std::optional<watch_event>& cause) {
        calls.push_back(cause ? text + " " + std::string(to_string(cause->type)) : std::move(text));
    }
    std::vector<std::string> calls;
    std::vector<zxid> zxids;
};

struct watching_scene : scene {
    machine there;
    client other;
    told_log told;

    explicit watching_scene(const simulation_options& o = {})
        : scene(o), there(world.add_machine()), other(simulation::addresses(), options_on(there)) {
        c.wait_connected();
        other.wait_connected();
    }
    bool hears(std::size_t calls, std::chrono::nanoseconds limit = 1min) {
        return world.run_until([&] { return told.calls.size() >= calls; }, limit);
    }
    /// The session is over for us, and another one has begun.
    void lose_session() {
        const session_id old = c.session_id();
        world.expire_session(old);
        ASSERT_TRUE(world.run_until([&] { return c.state() == session_state::connected && c.session_id() != old; }));
    }
    std::size_t watches_at_the_server() const {
        const auto counts = inside().server().watches();
        return counts.data + counts.child;
    }
};

} // namespace kazoo::testkit

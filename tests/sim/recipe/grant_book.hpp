#pragma once
// Which grants of a storm were taken away before their time: their holders cannot know at once.
#include "testing/sim/sim_world.hpp"

#include <kazoo/types.hpp>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace kazoo::testkit {

class grant_book {
  public:
    explicit grant_book(sim_world& w) : world_(w) {}

    /// A holder has just heard of its grant.
    void granted(const std::string& path, zxid token, session_id session) {
        const auto* n = world_.server().nodes().find(path);
        const bool there = n != nullptr && n->czxid == static_cast<std::int64_t>(token);
        if (!there && forgotten_) taken_.insert(path);
        if (ended_.contains(static_cast<std::int64_t>(session))) taken_.insert(path);
        known_.insert_or_assign(path, static_cast<std::int64_t>(session));
    }
    bool taken_away(const std::string& path) const { return taken_.contains(path); }
    void on_forced_end(std::int64_t session) {
        ended_.insert(session);
        for (const auto& [path, owner] : known_)
            if (owner == session) taken_.insert(path);
    }
    void on_forget() {
        forgotten_ = true;
        for (const auto& [path, owner] : known_) taken_.insert(path);
    }

  private:
    sim_world& world_;
    std::map<std::string, std::int64_t> known_;
    std::set<std::string> taken_;
    std::set<std::int64_t> ended_;
    bool forgotten_ = false;
};

} // namespace kazoo::testkit

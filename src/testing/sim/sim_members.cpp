// The servers of a simulated ensemble, the network between them, and what is done to both.
#include "testing/sim/sim_world.hpp"

#include <kazoo/testkit/simulation.hpp>

#include <algorithm>
#include <utility>

namespace kazoo::testkit {

void sim_world::start_ensemble(server::config general) {
    server::ensemble_config c;
    c.general = std::move(general);
    c.members = options_.members;
    c.sync_limit = options_.sync_limit;
    c.election = std::max<duration>(options_.tick / 4, std::chrono::milliseconds(1));
    server::observer& self = *this;
    ensemble_ = std::make_unique<server::ensemble>(std::move(c), moment(), &self);
    carry_messages();
    keep_server_clock();
}

void sim_world::carry_messages() {
    for (server::sent_message& m : ensemble_->take_messages()) {
        time_point& last = last_message_[{m.from, m.to}];
        last = std::max(last, now_ + between(options_.shortest_delay, options_.longest_delay));
        at(last, [this, carried = std::move(m)] {
            ensemble_->deliver(carried, moment());
            serve();
        });
    }
}

void sim_world::change_members(const std::function<void(server::ensemble&, server::moment)>& how) {
    how(*ensemble_, moment());
    serve();
}

void simulation::hold_members(std::size_t from, std::size_t to, bool on) {
    world_->trace(on ? "members hold" : "members go on", from, to);
    world_->change_members([&](auto& all, auto now) { all.hold(from, to, on, now); });
}

void simulation::disconnect_members(std::size_t one, std::size_t other) {
    world_->trace("members disconnect", one, other);
    world_->change_members([&](auto& all, auto now) { all.lose(one, other, now); });
}

void simulation::pause_member(std::size_t member, bool on) {
    world_->trace(on ? "member pauses" : "member resumes", member);
    world_->change_members([&](auto& all, auto now) { all.pause(member, on, now); });
}

void simulation::stop_member(std::size_t member) {
    world_->trace("member stops", member);
    world_->change_members([&](auto& all, auto now) { all.stop(member, now); });
}

void simulation::start_member(std::size_t member) {
    world_->trace("member starts", member);
    world_->change_members([&](auto& all, auto now) { all.start(member, now); });
}

std::optional<std::size_t> simulation::leader() const { return world_->ensemble().leader(); }

std::optional<std::chrono::nanoseconds> simulation::end_of(session_id id) const {
    const auto end = world_->ensemble().end_of(static_cast<std::int64_t>(id));
    return end ? std::optional(*end - sim_world::beginning) : std::nullopt;
}

} // namespace kazoo::testkit

#include <kazoo/testkit/simulation.hpp>

#include "testing/sim/sim_machine.hpp"
#include "testing/sim/sim_world.hpp"

#include <algorithm>

namespace kazoo::testkit {

machine::machine(std::shared_ptr<sim_machine> m) noexcept : impl_(std::move(m)) {}
std::shared_ptr<event_loop> machine::loop() const { return impl_->loop(); }
void machine::slow_handshakes(std::chrono::nanoseconds more) const { impl_->handshake_slowness = more; }
void machine::set_clock_error(std::chrono::nanoseconds ahead) const { impl_->clock_error = ahead; }
void machine::pause(bool on) const { impl_->pause(on); }
void machine::cut() const { impl_->cut(); }
void machine::cut_behind(flow way, std::uint64_t bytes) const { impl_->cut_behind(way, bytes); }
void machine::refuse(bool on) const { impl_->refusing = on; }
void machine::hang(bool on) const { impl_->hanging = on; }
void machine::silence(flow way, bool on) const { impl_->silence(way, on); }
void machine::late(bool on) const { impl_->late = on; }
void machine::slow_down(std::chrono::nanoseconds more) const { impl_->slowness = more; }
void machine::lead_to(std::size_t server) const { impl_->leads_to = server; }
void machine::fail_lookups(bool on) const { impl_->lookups_fail = on; }
std::size_t machine::connections() const { return impl_->connections(); }

simulation::simulation(const simulation_options& o) : world_(std::make_unique<sim_world>(o)) {}
/// The clients are gone, but those who close in the background are not done yet.
simulation::~simulation() {
    world_->on_write = nullptr;
    world_->on_turn = nullptr;
    for (const auto& m : world_->machines()) m->pause(false);
    const auto all_over = [this] {
        return std::ranges::all_of(world_->machines(), [](const auto& m) { return m->is_empty(); });
    };
    world_->run_until(all_over, std::chrono::minutes(1));
}

machine simulation::add_machine() { return machine(world_->add_machine()); }
std::string simulation::addresses() { return "10.0.0.1:2181,10.0.0.2:2181,10.0.0.3:2181"; }
std::string simulation::hosts() { return "zookeeper:2181"; }

std::chrono::nanoseconds simulation::now() const { return world_->now() - sim_world::beginning; }

void simulation::run_for(std::chrono::nanoseconds d) {
    world_->run_until([] { return false; }, d);
}

bool simulation::run_until(const std::function<bool()>& done, std::chrono::nanoseconds limit) {
    return world_->run_until(done, limit);
}

void simulation::stop_server() { world_->stop_server(); }
void simulation::start_server() { world_->start_server(); }
void simulation::forget_everything() { world_->forget_everything(); }
bool simulation::expire_session(session_id id) { return world_->expire_session(static_cast<std::int64_t>(id)); }
bool simulation::take_over_session(session_id id) { return world_->take_over_session(static_cast<std::int64_t>(id)); }
void simulation::set_read_only(bool on) { world_->set_read_only(on); }

std::vector<session_id> simulation::sessions() const {
    std::vector<session_id> ids;
    for (const std::int64_t id : world_->sessions()) ids.push_back(session_id{id});
    return ids;
}

std::uint64_t simulation::trace_hash() const { return world_->traces().hash(); }
std::string simulation::last_events() const { return world_->traces().last(); }

} // namespace kazoo::testkit

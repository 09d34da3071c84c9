#include "frame.hpp"

#include <algorithm>

namespace kazoo::testkit {

namespace {

constexpr std::uint64_t least_effective_faults = 10;

} // namespace

storm_frame::storm_frame(const simulation_options& o, const storm_shape& s) : shape_(s), world_(o) {
    inside().on_write = [this](const sim_write& w) { on_write(w); };
    inside().on_turn = [this](const sim_machine& m) { on_turn(m); };
    faults_.on_forced_end = [this](std::int64_t session) { on_forced_end(session); };
    faults_.on_forget = [this] { on_forget(); };
}

void storm_frame::run() {
    start();
    for (int i = 0; i < shape_.faults; ++i) faults_.plan(between(50ms, shape_.length));
    plan_passing_client();
    run_for(shape_.length);
    faults_.go_on_until(least_effective_faults);
    faults_.end();
    settle();
    close_all();
    audit();
}

storm_client& storm_frame::add_client() {
    clients_.push_back(make_client(world_.add_machine()));
    storm_client& added = *clients_.back();
    added.number = clients_.size() - 1;
    added.inside = inside().machines().back();
    added.timeout = std::chrono::milliseconds(1000 + below(3000));
    client_options o = options_on(added.where, added.timeout);
    o.close_timeout = 3s;
    o.reconnect.max_delay = 500ms;
    o.tracer = tracer_;
    o.read_only = below(2) == 0;
    o.carried_over = static_cast<carry_over>(below(3));
    o.log = {log_level::debug,
             [this, n = added.number](log_level, std::string_view line) { inside().trace("log", n, 0, line); }};
    added.c.emplace(below(2) == 0 ? simulation::hosts() : simulation::addresses(), std::move(o));
    faults_.add_target(added.where, added.inside, [&added] { return added.c ? &*added.c : nullptr; });
    on_client(added);
    return added;
}

void storm_frame::plan_passing_client() {
    inside().after(between(shape_.first_passing, shape_.length / 2), [this] {
        auto go = on_passing_client(add_client());
        inside().after(between(100ms, shape_.longest_passing), std::move(go));
    });
}

bool storm_frame::wait_for_quiet(const std::function<bool()>& quiet, duration limit) {
    const auto is_connected = [](const auto& each) { return !each->c || each->c->state() == session_state::connected; };
    if (comes_true([&] { return quiet() && std::ranges::all_of(clients_, is_connected); }, limit)) return true;
    for (const auto& each : clients_)
        if (!is_connected(each)) complain(each->name() + " is " + std::string(to_string(each->c->state())));
    return false;
}

void storm_frame::close_all() {
    before_close();
    for (const auto& each : clients_) {
        if (!each->c) continue;
        if (each->number % 2 == 0) each->c->async_close().detach();
        each->c.reset();
    }
    const auto nobody_left = [this] {
        return actors_ == 0 && std::ranges::all_of(clients_, [](const auto& each) { return each->inside->is_empty(); });
    };
    if (!comes_true(nobody_left, 60s)) {
        if (actors_ > 0) complain(std::to_string(actors_) + " coroutines did not end");
        for (const auto& each : clients_)
            if (!each->inside->is_empty()) complain(each->name() + " left something behind");
    }
    run_for(5s);
    const auto once = [](const auto& end) { return end.second == 1; };
    if (tracer_->ends.size() != tracer_->begun_count || !std::ranges::all_of(tracer_->ends, once))
        complain(std::to_string(tracer_->begun_count) + " requests began, and " + std::to_string(tracer_->ends.size()) +
                 " ended, or some more than once");
    if (!world_.sessions().empty()) complain("sessions are left at the server");
    if (inside().server().nodes().ephemeral_count() != 0) complain("ephemeral nodes are left at the server");
}

} // namespace kazoo::testkit

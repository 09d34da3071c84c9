#include "testing/sim/sim_world.hpp"

#include "testing/sim/sim_link.hpp"
#include "testing/sim/sim_machine.hpp"

#include <stdexcept>

namespace kazoo::testkit {

namespace {
/// Wall clocks of a simulated world begin here.
constexpr std::int64_t first_wall_ms = 1'700'000'000'000;
} // namespace

sim_world::sim_world(const simulation_options& o) : options_(o), random_(o.seed) { start_new_server(); }

sim_world::~sim_world() = default;

// -- time -------------------------------------------------------------------------------------------------------------

sim_world::event_id sim_world::at(time_point when, std::function<void()> f) {
    const event_id id{std::max(when, now_), ++last_event_};
    events_.emplace(id, std::move(f));
    return id;
}

bool sim_world::step(time_point end) {
    if (events_.empty() || events_.begin()->first.first > end) {
        if (end != never) now_ = std::max(now_, end);
        return false;
    }
    auto next = events_.extract(events_.begin());
    now_ = next.key().first;
    next.mapped()();
    return true;
}

// -- machines and links -----------------------------------------------------------------------------------------------

std::shared_ptr<sim_machine> sim_world::add_machine() {
    machines_.push_back(std::make_shared<sim_machine>(*this, machines_.size() + 1));
    return machines_.back();
}

duration sim_world::travel_time(const sim_machine& m) noexcept {
    const duration usual = between(options_.shortest_delay, options_.longest_delay);
    return m.slowness > duration::zero() ? usual + between(duration::zero(), m.slowness) : usual;
}

bool sim_world::accept(const std::shared_ptr<sim_link>& link) {
    if (!server_runs_) return false;
    if (ensemble_ && ensemble_->at(link->server()).now_is() == server::member::role::down) return false;
    const std::string address = "10.1.0." + std::to_string(link->owner().number());
    link->server_side = with_servers([&](auto& s) { return s.open(address, moment(), link->server()); });
    links_.emplace(link->server_side, link);
    serve();
    return true;
}

void sim_world::receive(sim_link& link, std::string_view bytes) {
    speaking_ = &link;
    if (server_ && server_->zxid(link.server_side) < server_->zxid()) ++late_reads_;
    with_servers([&](auto& s) { s.receive(link.server_side, bytes, moment()); });
    speaking_ = nullptr;
    serve();
}

void sim_world::hang_up(sim_link& link) {
    const auto keep = link.shared_from_this();
    if (links_.erase(link.server_side) == 0) return;
    end_connection(link);
    serve();
}

void sim_world::end_connection(sim_link& link) {
    if (link.owner().late && server_) plan_late_requests(link);
    with_servers([&](auto& s) { s.closed(link.server_side, moment()); });
}

/// Some of what has not arrived comes nevertheless, in its order, within about the session's timeout.
void sim_world::plan_late_requests(sim_link& link) {
    auto from = std::make_shared<server::origin>(server_->origin_of(link.server_side));
    const auto frames = link.take_unarrived();
    if (from->session == 0 || frames.empty()) return;
    const std::size_t first = random_.below(frames.size()), count = 1 + random_.below(frames.size() - first);
    const duration longest = chance(2) ? from->timeout : from->timeout / 20;
    time_point when = now_ + between(duration::zero(), longest);
    for (std::size_t i = first; i < first + count; ++i) {
        at(when, [this, from, frame = frames[i], self = link.shared_from_this(), stops = server_stops_] {
            if (stops != server_stops_) return; // what waited in a server went with it
            speaking_ = self.get();
            late_ = true;
            const std::size_t executed = server_->receive_late(*from, frame, moment());
            late_ = false;
            speaking_ = nullptr;
            self->owner().faults.late += executed;
            serve();
        });
        if (chance(2)) when = std::min(when + between(duration::zero(), longest / 4), now_ + longest);
    }
}

// -- the server -------------------------------------------------------------------------------------------------------

std::size_t sim_world::server_at(const std::string& address) const noexcept {
    const std::size_t last = address.empty() ? 0 : static_cast<std::size_t>(address.back() - '1');
    const std::size_t servers = options_.members > 0 ? options_.members : options_.followers + 1;
    return last < servers ? last : 0;
}

server::moment sim_world::moment() const noexcept {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now_.time_since_epoch()).count();
    return {now_, first_wall_ms + ms};
}

void sim_world::start_new_server() {
    server::config c;
    c.tick = options_.tick;
    c.min_session_timeout_ms = static_cast<std::int32_t>(options_.min_session_timeout.count());
    c.max_session_timeout_ms = static_cast<std::int32_t>(options_.max_session_timeout.count());
    c.max_connections_per_address = 0;
    c.seed = random_.next();
    c.followers = options_.followers;
    c.metadata_needs_permission = options_.metadata_needs_permission;
    if (options_.members > 0) return start_ensemble(std::move(c));
    server::observer& self = *this;
    server_ = std::make_unique<server::server>(std::move(c), moment(), &self);
}

/// Sends what the server has to send, and closes what it has done with.
void sim_world::serve() {
    std::vector<server::connection_id> changed;
    const auto take = [&] { with_servers([&](auto& s) { s.take_changed(changed); }); };
    for (take(); !changed.empty(); take()) {
        for (const server::connection_id id : changed) {
            const auto at = links_.find(id);
            if (at == links_.end()) continue;
            const auto link = at->second;
            const std::string_view out = with_servers([&](auto& s) { return s.unsent(id); });
            if (!out.empty()) {
                link->send(flow::to_client, out);
                with_servers([&](auto& s) { s.sent(id, out.size(), moment()); });
            }
            if (!with_servers([&](auto& s) { return s.finished(id); })) continue;
            links_.erase(id);
            end_connection(*link);
            link->server_closed();
        }
        changed.clear();
    }
    if (ensemble_) carry_messages();
    keep_server_clock();
}

void sim_world::keep_server_clock() {
    const time_point wanted = server_runs_ ? with_servers([](auto& s) { return s.deadline(); }) : never;
    if (server_alarm_ && server_alarm_->first == wanted) return;
    if (server_alarm_) cancel(*server_alarm_);
    server_alarm_.reset();
    if (wanted == never) return;
    server_alarm_ = at(wanted, [this] {
        server_alarm_.reset();
        with_servers([&](auto& s) { s.on_time(moment()); });
        serve();
    });
}

void sim_world::stop_server() {
    if (ensemble_)
        return change_members([](server::ensemble& all, server::moment then) {
            for (server::member_id m = 0; m < all.size(); ++m) all.stop(m, then);
        });
    if (!std::exchange(server_runs_, false)) return;
    ++server_stops_;
    trace("server stops");
    auto links = std::exchange(links_, {});
    for (const auto& [id, link] : links) link->reset();
    server_->restart(moment());
    std::vector<server::connection_id> gone;
    server_->take_changed(gone);
    for (const auto& [id, link] : links) server_->closed(id, moment());
    keep_server_clock();
}

void sim_world::start_server() {
    if (ensemble_)
        return change_members([](server::ensemble& all, server::moment then) {
            for (server::member_id m = 0; m < all.size(); ++m) all.start(m, then);
        });
    if (std::exchange(server_runs_, true)) return;
    trace("server starts");
    server_->restart(moment());
    serve();
}

void sim_world::forget_everything() {
    if (ensemble_) throw std::logic_error("the members of an ensemble keep their disks");
    stop_server();
    trace("server forgets");
    start_new_server();
    server_runs_ = true;
    serve();
}

bool sim_world::expire_session(std::int64_t id) {
    if (!server_runs_) return false;
    trace("session expires", static_cast<std::uint64_t>(id));
    const bool known = with_servers([&](auto& s) { return s.expire_session(id, moment()); });
    serve();
    return known;
}

bool sim_world::take_over_session(std::int64_t id) {
    if (ensemble_) throw std::logic_error("the sessions of an ensemble are not taken over to order");
    if (!server_runs_) return false;
    trace("session is taken over", static_cast<std::uint64_t>(id));
    const bool known = server_->take_over(id, moment());
    serve();
    return known;
}

void sim_world::set_read_only(bool on) {
    if (ensemble_) throw std::logic_error("the members of an ensemble serve no reads without a majority");
    if (!server_runs_ || server_->is_read_only() == on) return;
    ++server_stops_; // what waited in a server went with it
    trace(on ? "server has no majority" : "server has a majority");
    server_->set_read_only(on, moment());
    serve();
}

std::vector<std::int64_t> sim_world::sessions() const {
    return with_servers([](const auto& s) { return s.sessions(); });
}

void sim_world::on_processed(const server::processed_write& w) {
    trace("server", static_cast<std::uint64_t>(w.zxid), static_cast<std::uint64_t>(-static_cast<int>(w.error)), w.path);
    for (std::size_t member = 1; member <= options_.followers; ++member)
        after(between(options_.shortest_lag, options_.longest_lag), [this, member, zxid = w.zxid] {
            if (!server_runs_) return; // when it is back, all have everything
            server_->catch_up(member, zxid, moment());
            serve();
        });
    if (!on_write) return;
    // Only requests have an xid; what else happens meanwhile is the server's own doing.
    const bool own = speaking_ == nullptr || w.xid == 0;
    on_write({w, own ? nullptr : &speaking_->owner(), own ? 0 : speaking_->number(), !own && late_,
              own ? nullptr : speaking_});
}

} // namespace kazoo::testkit

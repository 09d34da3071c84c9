#include "testing/sim/sim_machine.hpp"

#include "loop/loop_access.hpp"
#include "testing/sim/sim_loop.hpp"

#include <algorithm>
#include <utility>

namespace kazoo::testkit {

using namespace std::chrono_literals;

std::shared_ptr<event_loop> sim_machine::loop() {
    auto living = loop_.lock();
    if (!living) {
        living = detail::loop_access::make(std::make_unique<sim_loop>(shared_from_this()));
        loop_ = living;
        loop_exists_ = true;
    }
    return living;
}

bool sim_machine::is_empty() const noexcept {
    return !loop_exists_ && jobs_.empty() && timers_.empty() && streams_.empty() && callbacks_.empty() &&
           signals_.empty();
}

void sim_machine::loop_gone() noexcept { loop_exists_ = false; }

// -- the loop ---------------------------------------------------------------------------------------------------------

void sim_machine::post(detail::job& j) {
    jobs_.push_back(&j);
    wake();
}

void sim_machine::wake() {
    if (paused_ || std::exchange(turn_planned_, true)) return;
    world_.after(world_.between(1us, 20us), [self = shared_from_this()] {
        self->turn_planned_ = false;
        self->turn();
    });
}

detail::timer_id sim_machine::start_timer(time_point when, detail::job& j) {
    const detail::timer_id id = ++last_timer_;
    timers_.emplace(std::pair(when, id), &j);
    timer_times_.emplace(id, when);
    if (when != never) world_.at(when, [self = shared_from_this()] { self->turn(); });
    return id;
}

bool sim_machine::cancel_timer(detail::timer_id id) {
    const auto at = timer_times_.find(id);
    if (at == timer_times_.end()) return false;
    timers_.erase({at->second, id});
    timer_times_.erase(at);
    return true;
}

/// Timers run before buffered bytes are looked at: a machine that was away must not take an old answer for a new one.
void sim_machine::turn() {
    if (paused_) return;
    const auto keep = shared_from_this();
    {
        const sim_world::entered mark(world_, sim_world::context::loop, this);
        run_timers();
        run_jobs();
        run_streams();
    }
    if (world_.on_turn) world_.on_turn(*this);
    const bool more =
        !jobs_.empty() || std::ranges::any_of(streams_, [](const auto& s) { return s.second->has_event(); });
    if (more) wake();
}

void sim_machine::run_timers() {
    const std::uint64_t last = last_timer_;
    for (;;) {
        const auto first = std::ranges::find_if(timers_, [&](const auto& t) { return t.first.second <= last; });
        if (first == timers_.end() || first->first.first > world_.now()) return;
        detail::job* const j = first->second;
        timer_times_.erase(first->first.second);
        timers_.erase(first);
        world_.trace("timer", number_);
        j->run(j);
    }
}

void sim_machine::run_jobs() {
    for (std::size_t n = jobs_.size(); n > 0 && !jobs_.empty(); --n) {
        detail::job* const j = jobs_.front();
        jobs_.pop_front();
        world_.trace("job", number_);
        j->run(j);
    }
}

void sim_machine::run_streams() {
    std::vector<std::uint64_t> ready;
    for (const auto& [number, stream] : streams_)
        if (stream->has_event()) ready.push_back(number);
    for (const std::uint64_t number : ready) {
        const auto at = streams_.find(number);
        if (at == streams_.end() || !at->second->has_event()) continue;
        world_.trace("stream", number_, number);
        at->second->run_event();
    }
}

std::unique_ptr<detail::byte_stream> sim_machine::connect(const util::endpoint& to,
                                                          detail::byte_stream_events& events) {
    auto link = std::make_shared<sim_link>(*this, ++last_link_, leads_to.value_or(world_.server_at(to.address)));
    last_endpoint_ = to;
    std::erase_if(links_, [](const auto& l) { return l.expired(); });
    links_.push_back(link);
    link->begin();
    auto stream = std::make_unique<sim_stream>(*this, link, events);
    streams_.emplace(link->number(), stream.get());
    return stream;
}

void sim_machine::resolve(const std::string& host, detail::loop::resolved done) {
    const bool numeric = !host.empty() && host.front() >= '0' && host.front() <= '9';
    struct answer final : detail::job {
        detail::loop::resolved done;
        std::error_code error;
        std::vector<std::string> addresses;
    };
    auto a = std::make_shared<answer>();
    a->done = std::move(done);
    if (numeric)
        a->addresses = {host};
    else if (lookups_fail)
        a->error = std::make_error_code(std::errc::host_unreachable);
    else
        a->addresses = {"10.0.0.1", "10.0.0.2", "10.0.0.3"};
    if (!numeric && lookups_fail) ++faults.lookups;
    a->run = [](detail::job* j) noexcept {
        const std::unique_ptr<answer> self(static_cast<answer*>(j));
        self->done(self->error, std::move(self->addresses));
    };
    world_.after(world_.between(10us, 3ms), [self = shared_from_this(), a] {
        if (!self->loop_exists_) return;
        self->post(*new answer(std::move(*a)));
    });
}

// -- the threads beside it --------------------------------------------------------------------------------------------

void sim_machine::execute(std::function<void()> work) {
    callbacks_.push_back(std::move(work));
    run_callback();
}

void sim_machine::run_callback() {
    if (paused_ || callback_runs_ || callbacks_.empty() || std::exchange(callback_planned_, true)) return;
    world_.after(world_.between(1us, 200us), [self = shared_from_this()] {
        self->callback_planned_ = false;
        if (self->paused_ || self->callback_runs_ || self->callbacks_.empty()) return;
        {
            const auto work = std::move(self->callbacks_.front());
            self->callbacks_.pop_front();
            self->world_.trace("callback", self->number_);
            const sim_world::entered mark(self->world_, sim_world::context::executor, self.get());
            self->callback_runs_ = true;
            work();
            self->callback_runs_ = false;
        }
        self->run_callback();
    });
}

void sim_machine::signal(std::stop_source source) {
    signals_.push_back(std::move(source));
    run_signal();
}

void sim_machine::run_signal() {
    if (paused_ || signal_runs_ || signals_.empty() || std::exchange(signal_planned_, true)) return;
    world_.after(world_.between(1us, 200us), [self = shared_from_this()] {
        self->signal_planned_ = false;
        if (self->paused_ || self->signal_runs_ || self->signals_.empty()) return;
        {
            auto source = std::move(self->signals_.front());
            self->signals_.pop_front();
            self->world_.trace("signal", self->number_);
            const sim_world::entered mark(self->world_, sim_world::context::signal, self.get());
            self->signal_runs_ = true;
            source.request_stop();
            self->signal_runs_ = false;
        }
        self->run_signal();
    });
}

// -- faults -----------------------------------------------------------------------------------------------------------

std::vector<std::shared_ptr<sim_link>> sim_machine::living_links() {
    std::vector<std::shared_ptr<sim_link>> living;
    for (const auto& weak : links_)
        if (auto link = weak.lock()) living.push_back(std::move(link));
    return living;
}

void sim_machine::pause(bool on) {
    if (paused_ == on) return;
    world_.trace(on ? "pause" : "resume", number_);
    paused_ = on;
    if (on) return;
    resumed_at_ = world_.now();
    world_.after(duration::zero(), [self = shared_from_this()] { self->turn(); });
    run_callback();
    run_signal();
}

void sim_machine::cut() {
    world_.trace("cut", number_);
    for (const auto& link : living_links()) link->reset();
}

void sim_machine::cut_behind(flow way, std::uint64_t bytes) {
    for (const auto& link : living_links())
        if (!link->cut_planned()) link->cut_behind(way, bytes);
}

void sim_machine::silence(flow way, bool on) {
    world_.trace(on ? "silence" : "sound", number_, static_cast<std::uint64_t>(way));
    silent[static_cast<std::size_t>(way)] = on;
    if (on) return;
    for (const auto& link : living_links())
        world_.after(world_.travel_time(*this), [link, way] { link->release(way); });
}

} // namespace kazoo::testkit

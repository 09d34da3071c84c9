#include "testing/sim/sim_link.hpp"

#include "testing/sim/sim_machine.hpp"

#include <algorithm>
#include <utility>

namespace kazoo::testkit {

namespace {

std::uint64_t sum_of(std::string_view bytes) noexcept {
    std::uint64_t sum = bytes.size();
    for (const char c : bytes) sum = sum * 31 + static_cast<unsigned char>(c);
    return sum;
}

} // namespace

bool sim_link::is_silent(flow way) const noexcept { return owner_.silent[static_cast<std::size_t>(way)]; }

void sim_link::begin() {
    sim_world& w = owner_.world();
    const auto there = w.travel_time(owner_);
    const auto back = w.travel_time(owner_);
    w.after(there, [self = shared_from_this(), back] {
        sim_machine& m = self->owner_;
        sim_world& world = m.world();
        if (!self->client_open_ || m.hanging || m.silent[0] || m.silent[1]) {
            if (m.hanging && self->client_open_) ++m.faults.hung;
            return;
        }
        if (m.refusing || !world.accept(self)) {
            ++m.faults.refused;
            world.after(back, [self] {
                self->opened = std::make_error_code(std::errc::connection_refused);
                self->owner_.wake();
            });
            return;
        }
        self->accepted_ = true;
        self->pipe(flow::to_client).last_arrival = world.now() + back;
        world.after(back, [self] {
            self->opened = std::error_code();
            self->owner_.wake();
        });
    });
}

// -- the client's end -------------------------------------------------------------------------------------------------

detail::io_result sim_link::read_some(std::span<char> into) noexcept {
    if (input_.empty()) {
        if (!ended_) return {0, true, {}};
        return {0, false, end_};
    }
    sim_world& w = owner_.world();
    std::size_t n = std::min(into.size(), input_.size());
    if (w.chance(4)) n = 1 + w.random().below(n);
    std::copy_n(input_.begin(), n, into.begin());
    w.trace("read", owner_.number(), sum_of(std::string_view(input_).substr(0, n)));
    input_.erase(0, n);
    read_by_client_ += n;
    return {n, false, {}};
}

detail::io_result sim_link::write_some(std::string_view from) noexcept {
    if (ended_ && end_) return {0, false, std::make_error_code(std::errc::broken_pipe)};
    if (!writable()) return {0, true, {}};
    sim_world& w = owner_.world();
    std::size_t n = std::min(from.size(), socket_buffer - under_way_);
    if (n == 0) return {0, true, {}};
    if (w.chance(6)) n = 1 + w.random().below(n);
    if (w.chance(12)) {
        stalled_ = true;
        w.after(w.between(std::chrono::microseconds(1), std::chrono::milliseconds(20)), [self = shared_from_this()] {
            self->stalled_ = false;
            self->owner_.wake();
        });
    }
    w.trace("write", owner_.number(), sum_of(from.substr(0, n)));
    unarrived_.sent(from.substr(0, n));
    send(flow::to_server, from.substr(0, n));
    return {n, false, {}};
}

void sim_link::client_closed() noexcept {
    if (!std::exchange(client_open_, false)) return;
    input_.clear();
    if (!accepted_) return;
    // A kernel goes on sending what it was given, or it does not.
    if (owner_.world().chance(2)) pipe(flow::to_server).broken = true;
    carry(flow::to_server, {}, true);
}

void sim_link::end_at_client(std::error_code why) {
    if (ended_ || !client_open_) return;
    ended_ = true;
    end_ = why;
    owner_.wake();
}

// -- the server's end -------------------------------------------------------------------------------------------------

void sim_link::server_closed() { carry(flow::to_client, {}, true); }

// -- the cable --------------------------------------------------------------------------------------------------------

void sim_link::send(flow way, std::string_view bytes) {
    pipe_state& p = pipe(way);
    if (way == flow::to_client && std::exchange(sent_to_client_, sent_to_client_ + bytes.size()) == 0) slow_down(p);
    if (p.broken) return;
    if (p.left && bytes.size() >= *p.left) {
        bytes = bytes.substr(0, *p.left);
        p.left.reset();
        ++(way == flow::to_server ? owner_.faults.cut_before : owner_.faults.cut_after);
        owner_.world().trace("cut", owner_.number(), static_cast<std::uint64_t>(way));
        if (!bytes.empty()) carry(way, std::string(bytes), false);
        // Nothing follows these bytes; the ends learn it when they have arrived, or on the way back.
        const time_point end = std::max(p.last_arrival, owner_.world().now()) + std::chrono::microseconds(1);
        owner_.world().at(end, [self = shared_from_this()] { self->reset(); });
        p.left = 0; // whatever comes until then is lost
        return;
    }
    if (p.left) *p.left -= bytes.size();
    sim_world& w = owner_.world();
    while (!bytes.empty()) {
        const std::size_t n = w.chance(3) ? 1 + w.random().below(bytes.size()) : bytes.size();
        carry(way, std::string(bytes.substr(0, n)), false);
        bytes.remove_prefix(n);
    }
}

/// What follows comes behind it.
void sim_link::slow_down(pipe_state& first_answer) {
    if (owner_.handshake_slowness == duration::zero()) return;
    ++owner_.faults.slow_handshakes;
    sim_world& w = owner_.world();
    first_answer.last_arrival =
        std::max(first_answer.last_arrival, w.now() + w.between(duration::zero(), owner_.handshake_slowness));
}

void sim_link::carry(flow way, std::string bytes, bool end) {
    sim_world& w = owner_.world();
    pipe_state& p = pipe(way);
    if (way == flow::to_server) under_way_ += bytes.size();
    p.last_arrival = std::max(p.last_arrival, w.now() + w.travel_time(owner_));
    w.at(p.last_arrival,
         [self = shared_from_this(), way, data = std::move(bytes), end] { self->arrive(way, data, end); });
}

void sim_link::arrive(flow way, std::string_view bytes, bool end) {
    pipe_state& p = pipe(way);
    if (is_silent(way) || !p.held.empty() || p.held_end) {
        p.held += bytes;
        p.held_end = p.held_end || end;
        ++owner_.faults.held[static_cast<std::size_t>(way)];
        return;
    }
    deliver(way, bytes, end);
}

void sim_link::release(flow way) {
    pipe_state& p = pipe(way);
    if (is_silent(way) || (p.held.empty() && !p.held_end)) return;
    const std::string bytes = std::exchange(p.held, {});
    deliver(way, bytes, std::exchange(p.held_end, false));
}

void sim_link::deliver(flow way, std::string_view bytes, bool end) {
    if (way == flow::to_server) {
        under_way_ -= bytes.size();
        owner_.wake();
    }
    if (pipe(way).broken) bytes = {};
    if (way == flow::to_server) {
        unarrived_.arrived(bytes.size());
        if (!bytes.empty()) owner_.world().receive(*this, bytes);
        if (end) owner_.world().hang_up(*this);
        return;
    }
    if (!client_open_ || ended_) return;
    input_ += bytes;
    if (end) end_at_client({});
    owner_.wake();
}

void sim_link::reset() {
    const auto keep = shared_from_this();
    for (pipe_state& p : pipes_) p.broken = true;
    owner_.world().hang_up(*this);
    if (!is_silent(flow::to_client)) end_at_client(std::make_error_code(std::errc::connection_reset));
}

} // namespace kazoo::testkit

#include "faults.hpp"

#include <algorithm>

namespace kazoo::testkit {

void faults::add_target(machine where, std::shared_ptr<sim_machine> inside, std::function<const client*()> user) {
    where.late(true);
    targets_.push_back({std::move(where), std::move(inside), std::move(user)});
}

template <class Begin, class End> void faults::in_turn(duration at, duration length, Begin begin, End end) {
    inside().after(at, [this, begin, end, length] {
        if (!stormy_) return;
        begin();
        inside().after(length, end);
    });
}

void faults::plan(duration at) {
    // Most are over before a session ends, some are not.
    const duration length = below(3) == 0 ? between(1s, 6s) : between(5ms, 800ms);
    const std::size_t i = below(targets_.size());
    const machine m = targets_[i].where;
    const std::uint64_t kind = below(21);
    const std::uint64_t bytes = below(120);
    const auto count = [this](fault_counts::what w) { counts_.add(w); };
    const auto nothing = [] {};
    switch (kind) {
    case 0:
        return in_turn(
            at, length,
            [count, m] {
                count(fault_counts::cuts);
                m.cut();
            },
            nothing);
    case 1:
    case 2: return in_turn(at, length, [m, bytes] { m.cut_behind(flow::to_server, bytes); }, nothing);
    case 3:
    case 4: return in_turn(at, length, [m, bytes] { m.cut_behind(flow::to_client, bytes); }, nothing);
    case 5:
        return in_turn(
            at, length,
            [m] {
                m.refuse(true);
                m.cut();
            },
            [m] { m.refuse(false); });
    case 6:
        return in_turn(
            at, length,
            [m] {
                m.hang(true);
                m.cut();
            },
            [m] { m.hang(false); });
    case 7:
        return in_turn(
            at, length,
            [m] {
                m.fail_lookups(true);
                m.cut();
            },
            [m] { m.fail_lookups(false); });
    case 8:
        return in_turn(
            at, length,
            [count, m, more = between(10ms, 900ms)] {
                count(fault_counts::delays);
                m.slow_down(more);
            },
            [m] { m.slow_down(0ms); });
    case 9:
        return in_turn(
            at, length, [m] { m.silence(flow::to_server, true); }, [m] { m.silence(flow::to_server, false); });
    case 10:
        return in_turn(
            at, length, [m] { m.silence(flow::to_client, true); }, [m] { m.silence(flow::to_client, false); });
    case 11:
        return in_turn(
            at, length,
            [this] {
                counts_.add(fault_counts::restarts);
                ++server_stops_;
                world_.stop_server();
            },
            [this] {
                if (--server_stops_ == 0) world_.start_server();
            });
    case 12: return in_turn(at, length, [this, i] { expire(i); }, nothing);
    case 13:
        if (below(3) != 0) return plan(at);
        return in_turn(at, length, [this] { forget(); }, nothing);
    case 14: return in_turn(at, length, [this, m] { late_then_nothing(m); }, nothing);
    case 15: return in_turn(at, length, [this, i] { lose_a_full_socket(i); }, nothing);
    case 16: return in_turn(at, length, [this, i] { change_hosts(i); }, nothing);
    case 17: return in_turn(at, length, [this, i] { take_over(i); }, nothing);
    case 18:
        return in_turn(
            at, length, [m, more = between(100ms, 3s)] { m.slow_handshakes(more); }, [m] { m.slow_handshakes(0ms); });
    case 19:
        if (below(3) != 0) return plan(at);
        return lose_quorum(at, std::min<duration>(length, 3s));
    default:
        return in_turn(
            at, length,
            [count, m] {
                count(fault_counts::pauses);
                m.pause(true);
            },
            [m] { m.pause(false); });
    }
}

void faults::expire(std::size_t i) {
    const client* const user = targets_[i].user();
    const session_id id = user ? user->session_id() : session_id::none;
    if (id == session_id::none) return;
    on_forced_end(static_cast<std::int64_t>(id));
    if (world_.expire_session(id)) counts_.add(fault_counts::forced_expiries);
}

void faults::take_over(std::size_t i) {
    const client* const user = targets_[i].user();
    if (user != nullptr && world_.take_over_session(user->session_id())) counts_.add(fault_counts::taken_over);
}

void faults::lose_quorum(duration at, duration length) {
    const auto begin = [this] {
        if (server_stops_ > 0) return;
        counts_.add(fault_counts::read_only_phases);
        ++lost_quorums_;
        world_.set_read_only(true);
    };
    const auto end = [this] {
        if (lost_quorums_ > 0 && --lost_quorums_ == 0) world_.set_read_only(false);
    };
    in_turn(at, length, begin, end);
}

/// To all of its servers or to two of them: behind a single one that is down it would sit out the storm.
void faults::change_hosts(std::size_t i) {
    const client* const user = targets_[i].user();
    if (user == nullptr) return;
    const std::uint64_t left_out = below(4);
    std::string hosts;
    for (std::uint64_t one = 0; one < 3; ++one)
        if (one != left_out) hosts += (hosts.empty() ? "" : ",") + ("10.0.0." + std::to_string(one + 1) + ":2181");
    user->set_hosts(hosts);
    counts_.add(fault_counts::host_changes);
}

void faults::forget() {
    if (server_stops_ > 0) return;
    counts_.add(fault_counts::restarts_with_loss);
    for (const std::int64_t id : inside().server().sessions()) on_forced_end(id);
    world_.forget_everything();
    on_forget();
}

/// The server counts from the requests, which are older than the answers.
void faults::late_then_nothing(const machine& m) {
    m.silence(flow::to_client, true);
    const duration late = between(100ms, 900ms);
    inside().after(late, [m] { m.silence(flow::to_client, false); });
    inside().after(late + 5ms, [this, m] {
        if (!stormy_) return;
        m.silence(flow::to_server, true);
        m.silence(flow::to_client, true);
    });
    inside().after(late + 5s, [m] {
        m.silence(flow::to_server, false);
        m.silence(flow::to_client, false);
    });
}

/// Some requests wait behind it, and all that is lost.
void faults::lose_a_full_socket(std::size_t i) {
    const machine m = targets_[i].where;
    m.silence(flow::to_server, true);
    if (fill_the_socket) fill_the_socket(i);
    inside().after(between(5ms, 300ms), [m] {
        m.cut();
        m.silence(flow::to_server, false);
    });
}

void faults::go_on_until(std::uint64_t least) {
    while (effective(counted()) < least) {
        plan(between(10ms, 500ms));
        world_.run_for(1s);
    }
}

void faults::end() {
    stormy_ = false;
    if (server_stops_ > 0) {
        server_stops_ = 0;
        world_.start_server();
    }
    lost_quorums_ = 0;
    world_.set_read_only(false);
    for (const target& t : targets_) {
        t.where.pause(false);
        t.where.slow_handshakes(0ms);
        t.where.refuse(false);
        t.where.hang(false);
        t.where.fail_lookups(false);
        t.where.slow_down(0ms);
        t.where.silence(flow::to_server, false);
        t.where.silence(flow::to_client, false);
    }
}

fault_counts faults::counted() const {
    fault_counts sum = counts_;
    for (const target& t : targets_) {
        const auto& f = t.inside->faults;
        sum.add(fault_counts::cuts_before_apply, f.cut_before);
        sum.add(fault_counts::cuts_after_apply, f.cut_after);
        sum.add(fault_counts::refused_connects, f.refused);
        sum.add(fault_counts::hanging_connects, f.hung);
        sum.add(fault_counts::failed_lookups, f.lookups);
        sum.add(fault_counts::silent_to_server, f.held[0]);
        sum.add(fault_counts::silent_to_client, f.held[1]);
        sum.add(fault_counts::slow_handshakes, f.slow_handshakes);
        sum.add(fault_counts::late_requests, f.late);
    }
    return sum;
}

} // namespace kazoo::testkit

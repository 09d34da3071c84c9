#include "testing/real/quorum_network.hpp"
#include "testing/real/real_server.hpp"
#include "testing/wait_until.hpp"

#include <stdexcept>

namespace kazoo::testkit {

ensemble::ensemble(std::size_t size, const real_server_options& each)
    : ensemble(ensemble_options{.size = size, .each = each}) {}

ensemble::ensemble(const ensemble_options& options)
    : network_(std::make_unique<quorum_network>(options.size, options.gated, options.observers)) {
    servers_.reserve(options.size);
    for (std::size_t i = 0; i < options.size; ++i) {
        servers_.push_back(real_server(
            std::make_unique<real_server::state>(options.each, static_cast<int>(i + 1), network_->lines_for(i))));
    }
    // Of servers with equal histories the last one wins the election; a bare quorum cannot elect without it.
    std::size_t started = options.size;
    const std::size_t without_a_leader = options.gated ? (options.size - 1) / 2 : 0;
    while (started > without_a_leader) servers_[--started].start();
    if (started > 0) wait_leader();
    while (started > 0) servers_[--started].start();
    wait_ready();
}

ensemble::ensemble(ensemble&&) noexcept = default;
ensemble& ensemble::operator=(ensemble&&) noexcept = default;
ensemble::~ensemble() = default;

std::string ensemble::addresses() const {
    std::string all;
    for (const real_server& server : servers_) all += (all.empty() ? "" : ",") + server.address();
    return all;
}

std::optional<std::size_t> ensemble::leader() const {
    for (std::size_t i = 0; i < servers_.size(); ++i) {
        if (servers_[i].mode() == "leader") return i;
    }
    return std::nullopt;
}

std::size_t ensemble::wait_leader() const {
    std::optional<std::size_t> found;
    if (!wait_until([&] { return (found = leader()).has_value(); })) {
        std::string message = "no server of the ensemble leads; the ends of their logs:\n";
        for (const real_server& server : servers_) message += server.address() + ":\n" + server.log_tail(20);
        throw std::runtime_error(message);
    }
    return *found;
}

void ensemble::wait_ready() {
    for (real_server& server : servers_) {
        if (server.running()) server.wait_ready();
    }
}

void ensemble::hold(std::size_t from, std::size_t to, bool on) {
    network_->for_flow(from, to, [on](fault_gate& gate, fault_gate::direction way) { gate.pause(way, on); });
}

void ensemble::drop(std::size_t from, std::size_t to) {
    network_->for_flow(from, to, [](fault_gate& gate, fault_gate::direction way) { gate.drop(way); });
}

void ensemble::reset(std::size_t a, std::size_t b) {
    network_->for_gates(a, b, [](fault_gate& gate) { gate.cut(); });
    network_->for_gates(b, a, [](fault_gate& gate) { gate.cut(); });
}

void ensemble::isolate(std::size_t server) {
    for (std::size_t other = 0; other < size(); ++other) {
        if (other == server) continue;
        hold(server, other);
        hold(other, server);
    }
}

void ensemble::heal() {
    for (std::size_t from = 0; from < size(); ++from) {
        for (std::size_t to = 0; to < size(); ++to) {
            if (from == to) continue;
            network_->for_flow(from, to, [](fault_gate& gate, fault_gate::direction way) {
                gate.pass(way);
                gate.pause(way, false);
            });
        }
    }
}

} // namespace kazoo::testkit

#include "testing/real/quorum_network.hpp"

#include <stdexcept>

namespace kazoo::testkit {

quorum_network::quorum_network(std::size_t size, bool gated, std::size_t observers)
    : observers_(observers), peer_(size), election_(size) {
    if (observers >= size && size > 0) throw std::invalid_argument("an ensemble of observers alone has nobody to vote");
    if (observers > 0 && gated) throw std::invalid_argument("an ensemble with gates has no observers");
    if (!gated) return;
    gates_.resize(size);
    for (auto& row : gates_) {
        for (std::size_t to = 0; to < size; ++to)
            row.push_back(
                {fault_gate(loopback_name(peer_[to].number())), fault_gate(loopback_name(election_[to].number()))});
    }
    // A follower connects as soon as the votes are counted, when its leader may not listen yet.
    for (auto& row : gates_)
        for (gates_to& gates : row) gates.peer.wait_for_target(std::chrono::seconds(2));
    // Of two servers the higher one makes the connection for votes. Called by the lower one it hangs up and calls back,
    // at the address that it was just told: that has to be a gate too.
    for (std::size_t from = 0; from < size; ++from) {
        for (std::size_t to = 0; to < size; ++to)
            gates_[from][to].election.replace(loopback_name(election_[from].number()),
                                              gates_[to][from].election.address());
    }
}

std::vector<std::string> quorum_network::lines_for(std::size_t server) const {
    std::vector<std::string> lines;
    for (std::size_t other = 0; other < size(); ++other) {
        const bool direct = gates_.empty() || other == server;
        const std::uint16_t peer = direct ? peer_[other].number() : gates_[server][other].peer.port();
        const std::uint16_t election = direct ? election_[other].number() : gates_[server][other].election.port();
        lines.push_back("server." + std::to_string(other + 1) + '=' + loopback_name(peer) + ':' +
                        std::to_string(election) + (other + observers_ < size() ? "" : ":observer"));
    }
    if (server + observers_ >= size()) lines.push_back("peerType=observer");
    // Who looks for a leader asks again after twice the time, up to a minute: it would not notice a healed network.
    if (!gates_.empty()) lines.push_back("fastleader.maxNotificationInterval=1000");
    return lines;
}

quorum_network::gates_to& quorum_network::between(std::size_t from, std::size_t to) {
    if (gates_.empty()) throw std::logic_error("this ensemble was made without gates between its servers");
    if (from == to) throw std::invalid_argument("a server needs no network to reach itself");
    return gates_.at(from).at(to);
}

void quorum_network::for_flow(std::size_t from, std::size_t to,
                              const std::function<void(fault_gate&, fault_gate::direction)>& act) {
    for_gates(from, to, [&](fault_gate& gate) { act(gate, fault_gate::direction::to_server); });
    for_gates(to, from, [&](fault_gate& gate) { act(gate, fault_gate::direction::to_client); });
}

void quorum_network::for_gates(std::size_t from, std::size_t to, const std::function<void(fault_gate&)>& act) {
    gates_to& gates = between(from, to);
    act(gates.peer);
    act(gates.election);
}

} // namespace kazoo::testkit

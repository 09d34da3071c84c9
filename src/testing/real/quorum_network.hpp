#pragma once
// The ports on which the servers of an ensemble reach each other, and the gates between them if there are any.
#include "testing/gate/loopback.hpp"

#include <functional>
#include <kazoo/testkit/fault_gate.hpp>
#include <string>
#include <vector>

namespace kazoo::testkit {

/// Each server has a peer port, where it hears its followers while it leads, and an election port. With gates there is
/// one in front of each of them for each of the other servers, so every connection passes a gate that knows both ends.
class quorum_network {
  public:
    quorum_network(std::size_t size, bool gated, std::size_t observers = 0);

    std::size_t size() const { return peer_.size(); }
    /// The lines of one server's zoo.cfg: the others as it is to see them.
    std::vector<std::string> lines_for(std::size_t server) const;

    /// What `from` sends to `to`: for every connection between the two, whoever made it. Throws std::logic_error if
    /// there are no gates.
    void for_flow(std::size_t from, std::size_t to, const std::function<void(fault_gate&, fault_gate::direction)>&);
    /// The gates of the connections that `from` makes to `to`.
    void for_gates(std::size_t from, std::size_t to, const std::function<void(fault_gate&)>&);

  private:
    struct gates_to {
        fault_gate peer;
        fault_gate election;
    };

    gates_to& between(std::size_t from, std::size_t to);

    const std::size_t observers_;
    std::vector<reserved_port> peer_;
    std::vector<reserved_port> election_;
    std::vector<std::vector<gates_to>> gates_; // [from][to]; empty without gates
};

} // namespace kazoo::testkit

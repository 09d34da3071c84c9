#pragma once
// The network between a client and the servers, to be broken: one gate for each server.
#include <kazoo/testkit/fault_gate.hpp>

#include <string>
#include <vector>

namespace demo {

class network {
  public:
    explicit network(const std::string& hosts);

    /// The hosts as seen through the gates.
    std::string hosts() const;
    /// Breaks all connections; no new ones until up().
    void down();
    void up();

  private:
    std::vector<kazoo::testkit::fault_gate> gates_;
    std::string chroot_;
};

} // namespace demo

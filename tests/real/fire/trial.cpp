#include "real/fire/trial.hpp"

namespace kazoo::test::fire {

using testkit::fault_gate;

gated_client::gated_client(testkit::ensemble& zk, const client_options& o) {
    std::string hosts;
    for (std::size_t i = 0; i < zk.size(); ++i) {
        gates_.emplace_back(zk[i].address());
        hosts += (hosts.empty() ? "" : ",") + gates_.back().address();
    }
    zk_.emplace(hosts, o);
}

void gated_client::cut() {
    for (fault_gate& gate : gates_) gate.cut();
}

void gated_client::silence(bool on) {
    for (fault_gate& gate : gates_)
        for (const auto way : {fault_gate::direction::to_server, fault_gate::direction::to_client}) {
            if (on) gate.drop(way);
            if (!on) gate.pass(way);
        }
}

void member::begin(std::uint64_t seed) {
    thread_ = std::jthread([this, seed](const std::stop_token& stop) {
        chance c(seed);
        while (!stop.stop_requested() && turn(stop, c)) ++turns_;
    });
}

} // namespace kazoo::test::fire

#include "testing/real_server.hpp"
#include "testing/wait_until.hpp"

#include <stdexcept>

namespace kazoo::testing {

struct ensemble::quorum_ports {
    explicit quorum_ports(std::size_t size) : peer(size), election(size) {}
    std::vector<reserved_port> peer;
    std::vector<reserved_port> election;
};

ensemble::ensemble(std::size_t size, const real_server_options& each) : ports_(std::make_unique<quorum_ports>(size)) {
    std::vector<std::string> quorum;
    for (std::size_t i = 0; i < size; ++i) {
        quorum.push_back("server." + std::to_string(i + 1) + "=127.0.0.1:" + std::to_string(ports_->peer[i].number()) +
                         ':' + std::to_string(ports_->election[i].number()));
    }
    servers_.reserve(size);
    for (std::size_t i = 0; i < size; ++i) {
        servers_.push_back(real_server(std::make_unique<real_server::state>(each, static_cast<int>(i + 1), quorum)));
    }
    for (real_server& server : servers_) server.start();
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

} // namespace kazoo::testing

#include "soak_worker.hpp"

#include <csignal>
#include <fstream>
#include <iterator>

namespace kazoo::test::soak {

using testkit::fault_gate;

worker::worker(std::uint32_t number, testkit::ensemble& zk, std::chrono::milliseconds session_timeout,
               const std::filesystem::path& folder)
    : number_(number), log_(folder / "workers.log") {
    std::string hosts;
    for (std::size_t i = 0; i < zk.size(); ++i) {
        gates_.emplace_back(zk[i].address());
        hosts += (hosts.empty() ? "" : ",") + gates_.back().address();
    }
    command_ = {KAZOO_LOCK_WORKER,
                "soak",
                hosts,
                "/soak",
                (folder / "store").string(),
                std::to_string(number_),
                std::to_string(session_timeout.count())};
    start();
}

void worker::start() { process_ = std::make_unique<testkit::process>(command_, log_); }

void worker::kill() {
    process_->signal(SIGKILL);
    process_->wait_exit(std::chrono::seconds(30));
}

void worker::cut() {
    for (fault_gate& gate : gates_) gate.cut();
}

void worker::silence(bool on) {
    for (fault_gate& gate : gates_) {
        for (const auto way : {fault_gate::direction::to_server, fault_gate::direction::to_client}) {
            if (on) gate.drop(way);
            if (!on) gate.pass(way);
        }
    }
}

footprint worker::measure() const {
    const std::filesystem::path proc = "/proc/" + std::to_string(process_->id());
    footprint f;
    std::ifstream status(proc / "status");
    for (std::string word; status >> word;) {
        if (word == "VmRSS:") status >> f.memory_kb;
    }
    const std::filesystem::directory_iterator all(proc / "fd");
    f.descriptors = static_cast<std::size_t>(std::distance(begin(all), end(all)));
    return f;
}

} // namespace kazoo::test::soak

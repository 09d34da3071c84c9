#pragma once
// A process that takes the lock again and again, seen by the one that torments it.
#include "testing/real/process.hpp"

#include <kazoo/testkit/ensemble.hpp>
#include <kazoo/testkit/fault_gate.hpp>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace kazoo::test::soak {

/// What a process keeps.
struct footprint {
    std::size_t memory_kb = 0; ///< VmRSS
    std::size_t descriptors = 0;
};

/// It reaches each server through a gate of its own.
class worker {
  public:
    worker(std::uint32_t number, testkit::ensemble& zk, std::chrono::milliseconds session_timeout,
           const std::filesystem::path& folder);

    /// After a kill(): a new process.
    void start();
    void kill();
    void pause() { process_->pause(); }
    void resume() { process_->signal(SIGCONT); }
    bool wait_exit(std::chrono::milliseconds limit) { return process_->wait_exit(limit); }
    std::string how_it_ended() const { return process_->how_it_ended(); }

    /// Ends its connections; it may connect again at once.
    void cut();
    /// Its bytes are lost, both ways, until it ends.
    void silence(bool on);

    footprint measure() const;

  private:
    std::uint32_t number_;
    std::vector<testkit::fault_gate> gates_;
    std::vector<std::string> command_;
    std::filesystem::path log_;
    std::unique_ptr<testkit::process> process_;
};

} // namespace kazoo::test::soak

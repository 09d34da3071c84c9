#pragma once
// Who uses recipes while everything breaks, and what must be true of it all the time, and behind each fault.
#include <kazoo/client.hpp>
#include <kazoo/testkit/ensemble.hpp>
#include <kazoo/testkit/fault_gate.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace kazoo::test::fire {

/// A session that ends, an election, and a busy machine.
inline constexpr std::chrono::seconds recovery{30};

/// A client that reaches each server through a gate of its own.
class gated_client {
  public:
    gated_client(testkit::ensemble&, const client_options&);

    const client& zk() const noexcept { return *zk_; }
    void cut();
    /// Its bytes are lost, both ways, until that ends.
    void silence(bool on);

  private:
    std::vector<testkit::fault_gate> gates_;
    std::optional<client> zk_;
};
using gated_clients = std::vector<std::unique_ptr<gated_client>>;

/// Does something again and again, in a thread of its own.
class member {
  public:
    virtual ~member() = default;
    void begin(std::uint64_t seed);
    /// Waits until it has ended. What derives from it does this first when it goes.
    void end() { thread_ = {}; }
    /// How often it came to an end of what it does.
    std::uint64_t turns() const noexcept { return turns_; }

  protected:
    using chance = std::mt19937_64;
    /// Once. False: told to stop.
    virtual bool turn(const std::stop_token&, chance&) = 0;
    static std::size_t below(std::size_t n, chance& c) {
        return std::uniform_int_distribution(std::size_t(0), n - 1)(c);
    }

  private:
    std::atomic<std::uint64_t> turns_{0};
    std::jthread thread_;
};

/// One recipe. Its members work at clients whose networks break one by one, on servers that all break.
class trial {
  public:
    virtual ~trial() = default;
    trial() = default;
    trial(const trial&) = delete;
    trial& operator=(const trial&) = delete;

    /// Its members begin, or go on.
    virtual void begin(std::mt19937_64&) = 0;
    virtual void end() = 0;
    /// Of each member. After a fault all must grow.
    virtual std::vector<std::uint64_t> turns() const = 0;
    /// What must be true at each moment. Called again and again by one thread of its own, while the members work.
    virtual void look() {}
    /// What must be true, at least in a while, now that nothing is broken. `sober`: a client that nothing happens to
    /// but to the servers. It may end the members, and begin them again.
    virtual void check(const client& sober, std::mt19937_64&) = 0;
    /// At the end, when the members have ended: what must have happened, and what did.
    virtual std::string report(const client& sober) = 0;
};

std::unique_ptr<trial> readers_and_writers(const gated_clients&);
std::unique_ptr<trial> permits(const gated_clients&);
std::unique_ptr<trial> leaders(const gated_clients&);
std::unique_ptr<trial> trees(const gated_clients&);
std::unique_ptr<trial> parties(const gated_clients&);
std::unique_ptr<trial> counters(const gated_clients&);
std::unique_ptr<trial> queues(const gated_clients&);
std::unique_ptr<trial> locking_queues(const gated_clients&);
std::unique_ptr<trial> double_barriers(const gated_clients&);
std::unique_ptr<trial> partitions(const gated_clients&);

} // namespace kazoo::test::fire

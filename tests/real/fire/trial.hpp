#pragma once
// Holders of locks and permits, and writers of a tree, that go on whatever is done to the servers; and what is asked of
// them all at once.
#include <kazoo/client.hpp>
#include <kazoo/recipe/semaphore.hpp>
#include <kazoo/recipe/shared_mutex.hpp>
#include <kazoo/testkit/ensemble.hpp>
#include <kazoo/testkit/fault_gate.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace kazoo::test {

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

/// Takes something, holds it for some milliseconds, gives it back, again and again, in a thread of its own.
class holder_loop {
  public:
    virtual ~holder_loop() = default;

    /// The fencing token, if it holds at this moment. Any thread.
    virtual zxid held() const = 0;
    std::uint64_t turns() const noexcept { return turns_; }
    void begin(std::uint64_t seed);
    void end() { thread_ = {}; }

  protected:
    /// Waits for it; false when told to stop.
    virtual bool acquire(std::stop_token) = 0;
    virtual void release() = 0;

  private:
    std::atomic<std::uint64_t> turns_{0};
    std::jthread thread_;
};

std::unique_ptr<holder_loop> reader_of(const client&, const std::string& path);
std::unique_ptr<holder_loop> writer_of(const client&, const std::string& path);
std::unique_ptr<holder_loop> permit_taker(const client&, const std::string& path, std::size_t permits);

/// Changes the nodes below a path at random while it runs. What fails is not done again.
class gardener {
  public:
    gardener(const client&, std::string tree);
    void begin(std::uint64_t seed);
    void end() { thread_ = {}; }
    std::uint64_t changes() const noexcept { return changes_; }

  private:
    const client zk_;
    const std::string tree_;
    std::atomic<std::uint64_t> changes_{0};
    std::jthread thread_;
};

/// Those that held all the time from the end of one look at everybody to the beginning of the next one, so at one
/// moment: a grant that holds() speaks for twice was held in between.
template <class Holders> std::vector<std::size_t> together(const Holders& all) {
    std::vector<zxid> first;
    for (const auto& h : all) first.push_back(h->held());
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < all.size(); ++i)
        if (first[i] != zxid::none && all[i]->held() == first[i]) found.push_back(i);
    return found;
}

} // namespace kazoo::test

#pragma once
// What kz holds while a command runs.
#include <kazoo/client.hpp>
#include <kazoo/recipe/contender.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace kz {

/// A lock or a permit. Members that take a token throw kazoo::cancelled_error when it is requested.
class guard {
  public:
    guard() = default;
    guard(const guard&) = delete;
    guard& operator=(const guard&) = delete;
    virtual ~guard() = default;

    virtual void acquire(const std::stop_token&) = 0;
    virtual bool acquire_until(std::chrono::steady_clock::time_point, const std::stop_token&) = 0;
    /// Waits for nobody but the servers: at most for `limit`, then it throws.
    virtual bool try_acquire(std::chrono::nanoseconds limit, const std::stop_token&) = 0;

    virtual bool holds() const = 0;
    virtual std::stop_token lost() const = 0;
    virtual kazoo::zxid token() const = 0;
    virtual void release() = 0;

    /// All who are there: those of a line in its order, of a semaphore those who have a permit.
    virtual std::vector<kazoo::contender> contenders(std::chrono::nanoseconds limit, const std::stop_token&) const = 0;
    /// What keeps a newcomer, or one of us who waits, from it: who holds it. Empty: nothing.
    virtual std::string in_the_way(std::vector<kazoo::contender>) const = 0;
};

/// One at a time, as kazoo::mutex.
std::unique_ptr<guard> exclusive_lock(const kazoo::client&, const std::string& path, const std::string& identifier);
/// Any number, beside nobody who has it exclusively.
std::unique_ptr<guard> shared_lock(const kazoo::client&, const std::string& path, const std::string& identifier);
std::unique_ptr<guard> semaphore_permit(const kazoo::client&, const std::string& path, std::size_t permits,
                                        const std::string& identifier);

} // namespace kz

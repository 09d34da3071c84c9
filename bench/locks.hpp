#pragma once
#include "peer.hpp"

#include <memory>
#include <string_view>

namespace bench {

inline constexpr std::size_t lock_sessions = 10; ///< where many contend
inline constexpr std::size_t lock_readers = 8;   ///< of those in readers_writers; the others write
inline constexpr std::size_t semaphore_permits = 3;

/// What one of those who contend acquires.
enum class lock_kind {
    mutex,
    reader, ///< a shared mutex, to read
    writer, ///< the same, to write
    permit, ///< one of a semaphore
};

/// A session with a lock that others contend for, too.
class locker {
  public:
    virtual ~locker() = default;
    /// Acquires it, however long that takes, and releases it. The next one comes at once.
    virtual void cycle() = 0;
};

/// The one of this peer; throws std::invalid_argument if it has none.
std::unique_ptr<locker> connect_locker(std::string_view peer, lock_kind, const target&);

} // namespace bench

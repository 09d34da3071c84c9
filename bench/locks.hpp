#pragma once
#include "peer.hpp"

#include <memory>
#include <string_view>

namespace bench {

inline constexpr std::size_t lock_sessions = 10; ///< of handoff

/// A session with a lock that all its kind contend for.
class locker {
  public:
    virtual ~locker() = default;
    /// Acquires it, however long that takes, and releases it. The next one comes at once.
    virtual void cycle() = 0;
};

/// The one of this peer; throws std::invalid_argument if it has none.
std::unique_ptr<locker> connect_locker(std::string_view peer, const target&);

} // namespace bench

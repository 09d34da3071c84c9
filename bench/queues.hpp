#pragma once
#include "peer.hpp"

#include <cstddef>
#include <memory>
#include <string_view>

namespace bench {

inline constexpr std::size_t queue_consumers = 8; ///< where many take
inline constexpr std::size_t most_pushes = 50;    ///< under way at once

/// A session that fills a queue, and others that empty it at the same time.
class passer {
  public:
    virtual ~passer() = default;
    /// Passes `count` items through, each of data_size bytes, and times how long each was on its way.
    virtual void pass(std::size_t count, latencies&) = 0;
};

/// The one of this peer; throws std::invalid_argument if it has none.
std::unique_ptr<passer> connect_passer(std::string_view peer, std::size_t consumers, const target&);

} // namespace bench

#pragma once
#include "util/clock.hpp"

#include <cstdint>

namespace kazoo::server {

/// Now, as both clocks show it: sessions expire by the monotonic one, ctime and mtime come from the other.
struct moment {
    time_point at{};
    std::int64_t wall_ms = 0; ///< since 1970
};

} // namespace kazoo::server

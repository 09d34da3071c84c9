#pragma once
#include <cstdint>

namespace kazoo::net {

/// How often this process was forked off while a loop existed: an object that remembers it can tell whether its threads
/// are still there. Async-signal-safe after the first call.
std::uint64_t fork_generation() noexcept;

} // namespace kazoo::net

#pragma once
// Buffers that live as long as their client must not keep the memory of one burst for ever.
#include <cstddef>
#include <string>

namespace kazoo::util {

/// What a buffer may always keep, so that a client that sends and receives all the time need not allocate on every
/// turn.
inline constexpr std::size_t kept_capacity = 1 << 20;

/// Gives back what a large buffer does not use.
inline void give_back(std::string& buffer) noexcept {
    if (buffer.capacity() > kept_capacity && buffer.size() < buffer.capacity() / 4) buffer.shrink_to_fit();
}

} // namespace kazoo::util

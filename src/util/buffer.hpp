#pragma once
// Buffers that live as long as their client must not keep for ever what one burst made of them.
#include <cstddef>
#include <string>

namespace kazoo::util {

/// What a buffer may keep whatever it is used for: who sends and receives all the time must not pay for new memory on
/// every turn.
inline constexpr std::size_t kept_capacity = 1 << 20;

/// Gives back what a large buffer does not use.
inline void give_back(std::string& buffer) noexcept {
    if (buffer.capacity() > kept_capacity && buffer.size() < buffer.capacity() / 4) buffer.shrink_to_fit();
}

} // namespace kazoo::util

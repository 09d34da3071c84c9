#pragma once
// Whether a node of ours is there.
#include <kazoo/export.hpp>

#include <cstdint>
#include <iosfwd>
#include <string_view>

namespace kazoo {

/// How it stands with a node that is to be there for as long as its owner says.
enum class presence_state : std::uint8_t {
    left,    ///< it is not to be there
    joining, ///< it is to be there, and is being made: at first, or again
    joined   ///< it is there
};
/// The enumerator's name, such as "joined". Static storage.
KAZOO_EXPORT std::string_view to_string(presence_state) noexcept;
/// Prints to_string() of it.
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, presence_state);

} // namespace kazoo

#pragma once
// When something that was granted counts as lost.
#include <cstdint>

namespace kazoo {

/// What a recipe takes for the loss of what it holds. doc/certainty.md explains the choice.
enum class loss : std::uint8_t {
    /// As soon as it is not certain any more that the session lives. Right also while servers are cut off from each
    /// other. Costs a committed transaction each third of the session's timeout, for all grants of a client together.
    certainty_over,
    /// When the session is over for us: told by a server, or because none has answered for the session's timeout. A
    /// server that is cut off from its leader still answers, for up to syncLimit of its ticks; meanwhile somebody else
    /// may have been granted the same. For those who fence every write, and for fleets of thousands of clients.
    session_over
};

} // namespace kazoo

#pragma once
// What the workers of the soak and the store they write to tell each other. One packet each, over a local socket.
#include <cstdint>

namespace kazoo::test::soak {

enum class step : std::uint32_t {
    enter,  ///< first write of a turn
    leave,  ///< last write of a turn
    refused ///< not a write: what the worker knew after a write of its turn had been refused
};

struct message {
    std::uint32_t worker;
    step what;
    std::uint64_t turn;
    std::int64_t token;
    // Of step::refused alone.
    bool still_holds; ///< holds() after the refusal
    bool saw_lost;    ///< lost() was requested
};

struct answer {
    bool accepted;
    bool stop; ///< this turn was the last one
};

} // namespace kazoo::test::soak

#pragma once
// What our side of an authentication by SASL says next.
#include <cstdint>
#include <string>

namespace kazoo::util {

struct sasl_step {
    enum class state : std::uint8_t {
        more,  ///< the server has to say something yet
        done,  ///< nothing more is expected of it: it has proven itself, as far as the mechanism has that
        failed ///< it goes no further
    };
    state is = state::failed;
    std::string token{}; ///< for the server
    std::string why{};   ///< if it failed
};

} // namespace kazoo::util

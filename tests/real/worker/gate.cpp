#include "modes.hpp"

#include <kazoo/client.hpp>
#include <kazoo/recipe/double_barrier.hpp>

#include <chrono>
#include <string>
#include <unistd.h>

namespace lock_worker {

int stay_inside(const std::vector<std::string>& arguments) {
    const kazoo::client zk(arguments[0], {.session_timeout = std::chrono::seconds(4)});
    kazoo::double_barrier b(zk, arguments[1], std::stoul(arguments[3]), {.identifier = arguments[2]});
    b.enter();
    for (;;) ::pause();
}

} // namespace lock_worker

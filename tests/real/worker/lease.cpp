#include "modes.hpp"

#include <kazoo/client.hpp>
#include <kazoo/recipe/lease.hpp>

#include <chrono>
#include <fstream>
#include <string>
#include <unistd.h>

namespace lock_worker {

int keep_lease(const std::vector<std::string>& arguments) {
    const kazoo::client zk(arguments[0]);
    const auto lease = kazoo::lease::try_obtain(zk, arguments[1], std::chrono::hours(1), {.identifier = arguments[2]});
    if (!lease) return 1;
    std::ofstream(arguments[3], std::ios::app) << arguments[2] << " True\n" << std::flush;
    for (;;) ::pause();
}

} // namespace lock_worker

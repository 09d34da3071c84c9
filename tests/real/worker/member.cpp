#include "modes.hpp"

#include <kazoo/client.hpp>
#include <kazoo/recipe/party.hpp>
#include <kazoo/recipe/shallow_party.hpp>

#include <chrono>
#include <string>
#include <unistd.h>

namespace lock_worker {

namespace {

template <class Party> int join_for_ever(const std::vector<std::string>& arguments) {
    const kazoo::client zk(arguments[0], {.session_timeout = std::chrono::seconds(4)});
    Party p(zk, arguments[1], {.identifier = arguments[2]});
    p.join();
    for (;;) ::pause();
}

} // namespace

int stay_member(const std::vector<std::string>& arguments) {
    return arguments[3] == "shallow" ? join_for_ever<kazoo::shallow_party>(arguments)
                                     : join_for_ever<kazoo::party>(arguments);
}

} // namespace lock_worker

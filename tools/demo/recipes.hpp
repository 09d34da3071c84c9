#pragma once
// Recipes whose users are clients of this process.
#include "network.hpp"

#include <kazoo/client.hpp>

namespace demo {

/// Two candidates; the first one, behind `net`, leads until it is cut off. `near` is a client behind it, `other` is
/// not.
void one_leader(const kazoo::client& near, network& net, const kazoo::client& other);

/// Items with priorities for two consumers, of which the one behind `net` is cut off again and again.
void a_queue(const kazoo::client& near, network& net, const kazoo::client& other);

} // namespace demo

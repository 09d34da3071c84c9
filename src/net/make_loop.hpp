#pragma once
// The way to a real event loop without seeing what it is made of.
#include "loop/loop.hpp"
#include "net/lookup.hpp"

#include <memory>

namespace kazoo::net {

/// Throws std::system_error when the system is out of descriptors.
std::unique_ptr<detail::loop> make_loop(lookup_function = system_lookup);

} // namespace kazoo::net

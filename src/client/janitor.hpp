#pragma once
// Clean-up that nobody waits for: it goes on in the background until it is done or the session is over.
#include "client/core.hpp"

#include <string>

namespace kazoo::detail {

/// Removes the children of `folder` whose names start with `id`: what is left of a protected create that was given up
/// after it was sent (C52).
void remove_protected_later(core&, std::string root, std::string folder, std::string id);

} // namespace kazoo::detail

#pragma once
// What this machine calls itself.
#include <string>

namespace kazoo::util {

/// "localhost" if it does not say.
std::string host_name();

} // namespace kazoo::util

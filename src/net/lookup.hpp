#pragma once
// Names to addresses, blocking.
#include <string>
#include <system_error>
#include <vector>

namespace kazoo::net {

/// Every numeric address of `host` once, in the system's order; an error if there is none.
using lookup_function = std::error_code (*)(const std::string& host, std::vector<std::string>& addresses);

/// getaddrinfo
std::error_code system_lookup(const std::string& host, std::vector<std::string>& addresses);

} // namespace kazoo::net

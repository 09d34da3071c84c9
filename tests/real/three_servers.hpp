#pragma once
// Who is who in an ensemble of three that was started at once: of servers that know the same, the last one leads.
#include <cstddef>

namespace kazoo::test {

inline constexpr std::size_t follower = 0, other = 1, leader = 2;

} // namespace kazoo::test

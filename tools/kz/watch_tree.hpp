#pragma once
// watch --tree
#include "settings.hpp"

#include <kazoo/client.hpp>

#include <cstdint>
#include <stop_token>
#include <string>

namespace kz {

/// Prints what a cache of the tree tells, a line each: what is there as node_added, then `initialized`, then changes.
/// Until `stop` is requested or `count` lines were printed (0: never). What may not be read is logged.
void watch_tree(const settings&, const kazoo::client&, const std::string& path, std::uint64_t count,
                const std::stop_token& stop);

} // namespace kz

#pragma once
// The paths of a node and all below it.
#include "client/handle.hpp"
#include "task/task.hpp"

#include <kazoo/child_names.hpp>

#include <functional>
#include <string>
#include <vector>

namespace kazoo::detail {

/// Lists what is below `top`, whose children are known, with a window of requests under way. The top comes first, each
/// node ahead of what is below it. Nodes that go meanwhile count as ones without children. `found(n)` is called with
/// the number of nodes known so far.
task<std::vector<std::string>> list_below(handle zk, std::string top, child_names children,
                                          std::function<void(std::size_t)> found);

} // namespace kazoo::detail

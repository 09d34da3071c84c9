#pragma once
// Who stands in a folder, read for those who ask.
#include "recipe/support.hpp"

#include <kazoo/recipe/contender.hpp>

#include <optional>
#include <string>
#include <vector>

namespace kazoo::recipe {

/// What the nodes of these names below `folder` say, in the order of the names; those that are gone are left out.
task<std::vector<contender>> read_contenders(handle zk, std::string folder, std::vector<std::string> names);

/// The contenders of a lock, in the order of their numbers: names with one of these marks. Those with one of `shared`
/// are marked. Repeated when the connection breaks.
future<std::vector<contender>> contenders_of(core& c, std::string root, std::string folder,
                                             std::vector<std::string> marks, std::vector<std::string> shared = {});

/// The first of them that is there when it is read, if there is one. Repeated when the connection breaks.
future<std::optional<contender>> first_contender_of(core& c, std::string root, std::string folder,
                                                    std::vector<std::string> marks, std::vector<std::string> shared);

} // namespace kazoo::recipe

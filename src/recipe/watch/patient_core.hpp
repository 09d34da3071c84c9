#pragma once
// What a patient_children_watch and its tasks share.
#include "recipe/parts/settling.hpp"

#include <kazoo/recipe/patient_children_watch.hpp>

#include <memory>
#include <optional>
#include <stop_token>
#include <string_view>

namespace kazoo::recipe {

class patient_core final : public settling {
  public:
    patient_core(const client& c, std::string_view path, duration boundary)
        : settling(c, "patient_children_watch", path, boundary) {}

    future<settled_children> settle(std::stop_token);
    future<std::optional<settled_children>> settle_for(duration limit, std::stop_token);
};

} // namespace kazoo::recipe

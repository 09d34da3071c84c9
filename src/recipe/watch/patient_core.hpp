#pragma once
// What a patient_children_watch and its tasks share.
#include "recipe/parts/recipe_object.hpp"
#include "recipe/parts/sight.hpp"
#include "recipe/support.hpp"

#include <kazoo/recipe/patient_children_watch.hpp>

#include <memory>
#include <optional>
#include <stop_token>
#include <string_view>
#include <utility>

namespace kazoo::recipe {

class patient_core final : public recipe_object {
  public:
    patient_core(const client& c, std::string_view path, duration boundary)
        : recipe_object(c, "patient_children_watch", path), boundary_(boundary) {}

    future<settled_children> settle(std::stop_token);
    future<std::optional<settled_children>> settle_for(duration limit, std::stop_token);

  private:
    /// Nothing is applied, whoever gives it up.
    task_options reading(std::string_view name, time_point deadline = never, std::stop_token stop = {}) const {
        task_options o = waiting(name, deadline, std::move(stop));
        o.only_reads = true;
        return o;
    }
    static task<settled_children> become_settled(std::shared_ptr<patient_core>);
    static task<std::optional<settled_children>> within_limits(task<settled_children>);
    static task<void> change(std::shared_ptr<patient_core>, sight, pinned_handle, future<watch_event>);

    const duration boundary_;
};

} // namespace kazoo::recipe

#pragma once
// Waiting until a list of children has not changed for a while.
#include "recipe/parts/recipe_object.hpp"
#include "recipe/parts/sight.hpp"
#include "recipe/support.hpp"

#include <kazoo/types.hpp>

#include <memory>
#include <optional>
#include <stop_token>
#include <string_view>
#include <utility>

namespace kazoo::recipe {

/// What is known of a list from before, so that its boundary need not begin with the question.
struct known_list {
    std::optional<sight> last{};
    std::optional<time_point> event_at{}; ///< when it was told that the list is not this one any more
};

/// The names are sorted by their bytes.
struct settled_list {
    child_list children;
    sight seen;
    /// Completes when the list is not this one any more, or the node is gone, whatever becomes of connections and
    /// sessions. Dropping it forgets the watch.
    future<void> changed;
};

class settling : public recipe_object {
  public:
    settling(const client& c, std::string_view recipe, std::string_view path, duration boundary)
        : recipe_object(c, recipe, path), boundary_(boundary) {}

    /// Nothing is applied, whoever gives it up.
    task_options reading(std::string_view name, time_point deadline = never, std::stop_token stop = {}) const {
        task_options o = waiting(name, deadline, std::move(stop));
        o.only_reads = true;
        return o;
    }
    /// Fails with errc::no_node where there is none.
    static task<settled_list> settled(std::shared_ptr<settling>, known_list = {});

  private:
    static task<void> change(std::shared_ptr<settling>, sight settled, pinned_handle, future<watch_event> changed);

    const duration boundary_;
};

} // namespace kazoo::recipe

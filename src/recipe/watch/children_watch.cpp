#include <kazoo/recipe/children_watch.hpp>

#include "recipe/parts/follower.hpp"

namespace kazoo {

children_watch::children_watch(client c, std::string_view path, detail::watch_function<std::optional<child_list>> f,
                               children_watch_options o)
    : watching(c, recipe::follower_of<child_list>::start(
                      c, path, {.recipe = "children_watch", .on_error = std::move(o.on_error)},
                      o.until_deleted ? recipe::read_and_watch<child_list> : recipe::read_or_await<child_list>,
                      std::move(f))) {}

} // namespace kazoo

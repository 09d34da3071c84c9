#include <kazoo/recipe/data_watch.hpp>
#include <kazoo/recipe/existing_data_watch.hpp>

#include "recipe/parts/follower.hpp"

namespace kazoo {

namespace {

std::shared_ptr<recipe::follower> follow(const client& c, std::string_view path, recipe::follow_rules rules,
                                         recipe::follower_of<node>::reader read,
                                         detail::watch_function<std::optional<node>> f) {
    return recipe::follower_of<node>::start(c, path, std::move(rules), std::move(read), std::move(f));
}

} // namespace

data_watch::data_watch(client c, std::string_view path, detail::watch_function<std::optional<node>> f,
                       data_watch_options o)
    : watching(c, follow(c, path, {.recipe = "data_watch", .on_error = std::move(o.on_error)},
                         recipe::read_or_await<node>, std::move(f))) {}

existing_data_watch::existing_data_watch(client c, std::string_view path, detail::watch_function<std::optional<node>> f,
                                         data_watch_options o)
    : watching(c, follow(c, path, {.recipe = "existing_data_watch", .on_error = std::move(o.on_error)},
                         recipe::read_and_watch<node>, std::move(f))) {}

} // namespace kazoo

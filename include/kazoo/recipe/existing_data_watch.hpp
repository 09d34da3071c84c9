#pragma once
// Hears of a node's data as long as the node is there. doc/recipes/data_watch.md tells more.
#include <kazoo/client.hpp>
#include <kazoo/export.hpp>
#include <kazoo/recipe/data_watch.hpp>
#include <kazoo/recipe/watch_function.hpp>
#include <kazoo/recipe/watching.hpp>
#include <kazoo/types.hpp>

#include <optional>
#include <string_view>
#include <utility>

namespace kazoo {

/// As data_watch, for names that do not come back: it ends with the node, and leaves no watch on a name where no node
/// is. A server would keep such a watch as long as the session.
///
/// **What happens when …** as with data_watch, but for these:
/// - *there is no node* at the beginning: one call with nothing, and it is over.
/// - *the node is deleted*: one call with nothing, and it is over; a node that is made there again is another one. If
/// it
///   was made again before we looked, the new one is followed.
class [[nodiscard]] KAZOO_EXPORT existing_data_watch : public watching {
  public:
    /// As that of data_watch.
    template <watch_function_of<std::optional<node>> F>
    existing_data_watch(client c, std::string_view path, F f, data_watch_options options = {})
        : existing_data_watch(std::move(c), path, detail::to_watch_function<std::optional<node>>(std::move(f)),
                              std::move(options)) {}

  private:
    existing_data_watch(client, std::string_view path, detail::watch_function<std::optional<node>>, data_watch_options);
};

} // namespace kazoo

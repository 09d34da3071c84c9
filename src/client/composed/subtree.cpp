#include "client/composed/subtree.hpp"

#include "client/composed/ask_each.hpp"

#include <kazoo/path.hpp>

namespace kazoo::detail {

task<std::vector<std::string>> list_below(handle zk, std::string top, child_names children,
                                          std::function<void(std::size_t)> found) {
    std::vector<std::string> paths(1, top);
    const auto to_list = std::make_shared<std::deque<std::size_t>>();
    const auto add = [&](std::size_t parent, const child_names& names) {
        for (const std::string_view name : names) {
            to_list->push_back(paths.size());
            paths.push_back(path::join(paths[parent], name));
        }
        found(paths.size());
    };
    add(0, children);
    const auto ask = [&](std::size_t i) { return zk.async_get_children(paths[i]); };
    const auto take = [&](std::size_t i, result<child_names> names) {
        if (names)
            add(i, *names);
        else if (names.error() != errc::no_node)
            names.rethrow();
    };
    co_await ask_each(to_list, ask, take);
    co_return paths;
}

} // namespace kazoo::detail

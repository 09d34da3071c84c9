// A node's children and what they hold, in one burst.
#include "client/blocking.hpp"
#include "client/composed/ask_each.hpp"
#include "client/handle.hpp"
#include "task/root_task.hpp"

#include <kazoo/client.hpp>
#include <kazoo/path.hpp>

#include <utility>

namespace kazoo {

namespace detail {

namespace {

task<std::vector<child_node>> children_with_data(handle zk, std::string parent) {
    const auto list = [&zk, &parent] { return zk.async_get_children(parent); };
    auto names = co_await repeat(list);
    names.sort();
    std::vector<child_node> children;
    children.reserve(names.size());
    const auto items = std::make_shared<std::deque<std::size_t>>();
    for (std::size_t i = 0; i < names.size(); ++i) items->push_back(i);
    const auto ask = [&](std::size_t i) { return zk.async_get_if_exists(path::join(parent, names[i])); };
    const auto take = [&](std::size_t i, result<std::optional<node>> n) {
        if (!n) n.rethrow();
        if (!*n) return; // it went meanwhile
        node& found = **n;
        children.push_back({std::string(names[i]), std::move(found.data), found.stat});
    };
    co_await ask_each(items, ask, take);
    co_return children;
}

} // namespace

} // namespace detail

future<std::vector<child_node>> node_operations::async_children_with_data(std::string_view path) const {
    return detail::spawn(core(), {.name = "children_with_data", .path = path, .only_reads = true},
                         detail::children_with_data(detail::handle(*this), std::string(path)));
}
std::vector<child_node> client::children_with_data(std::string_view path, const std::stop_token& stop) const {
    return detail::blocking(*this, stop, [&] { return async_children_with_data(path); });
}

} // namespace kazoo

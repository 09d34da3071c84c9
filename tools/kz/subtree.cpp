#include "subtree.hpp"

#include <kazoo/error.hpp>
#include <kazoo/path.hpp>

#include <algorithm>

namespace kz {

std::vector<subtree_node> read_subtree(const kazoo::client& client, const std::string& top, std::size_t depth,
                                       const std::function<void(std::size_t)>& progress) {
    std::vector<subtree_node> nodes{{top, 0}};
    std::size_t begin = 0;
    for (std::size_t level = 0; level < depth && begin < nodes.size(); ++level) {
        const std::size_t end = nodes.size();
        pipelined(
            end - begin, [&](std::size_t i) { return client.async_get_children(nodes[begin + i].path); },
            [&](std::size_t i, kazoo::future<std::vector<std::string>> reply) {
                const std::size_t parent = begin + i;
                auto names = std::move(reply).result();
                if (!names && (names.error() != kazoo::errc::no_node || parent == 0)) names.rethrow();
                if (!names) return;
                std::ranges::sort(*names);
                for (const auto& name : *names) nodes.push_back({kazoo::path::join(nodes[parent].path, name), parent});
                if (progress) progress(nodes.size());
            });
        begin = end;
    }
    return nodes;
}

} // namespace kz

#include "subtree.hpp"

#include <kazoo/bulk.hpp>
#include <kazoo/error.hpp>
#include <kazoo/path.hpp>

#include <algorithm>

namespace kz {

namespace {

/// The fault of the node, not of the connection.
bool is_unreadable(std::error_code e) noexcept {
    return e == kazoo::errc::no_auth || e == kazoo::errc::too_large || e == kazoo::errc::malformed_reply;
}

} // namespace

std::vector<subtree_node> read_subtree(const kazoo::client& client, const std::string& top,
                                       const subtree_reading& how) {
    std::vector<subtree_node> nodes{{top, 0}};
    std::size_t begin = 0;
    for (std::size_t level = 0; level < how.depth && begin < nodes.size(); ++level) {
        const std::size_t end = nodes.size();
        kazoo::bulk(
            end - begin, [&](std::size_t i) { return client.async_get_children(nodes[begin + i].path); },
            [&](std::size_t i, kazoo::result<kazoo::child_names> names) {
                const std::size_t parent = begin + i;
                if (!names) {
                    if (names.error() == kazoo::errc::no_node && parent != 0) return;
                    if (!how.goes_on || !is_unreadable(names.error())) names.rethrow();
                    nodes[parent].unreadable = names.error();
                    return;
                }
                names->sort();
                for (const auto& name : *names) nodes.push_back({kazoo::path::join(nodes[parent].path, name), parent});
                if (how.progress) how.progress(nodes.size());
            });
        begin = end;
    }
    return nodes;
}

} // namespace kz

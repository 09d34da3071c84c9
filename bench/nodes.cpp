#include "nodes.hpp"

#include <deque>
#include <kazoo/client.hpp>
#include <kazoo/path.hpp>

namespace bench {

namespace {

constexpr std::size_t creates_under_way = 1000;

template <class Future> void finish_all_but(std::deque<Future>& under_way, std::size_t rest) {
    for (; under_way.size() > rest; under_way.pop_front()) std::move(under_way.front()).get();
}

std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

} // namespace

void make_nodes(const target& t) {
    const kazoo::client client(t.address);
    client.ensure_path(t.crowd());
    client.ensure_path(folder_of(t.created()));
    client.ensure_path(folder_of(t.lock()));
    client.create(t.node(), std::string(data_size, 'x'));
    std::deque<kazoo::future<std::string>> creates;
    for (std::size_t i = 0; i < child_count; ++i) {
        const std::string digits = std::to_string(i);
        creates.push_back(client.async_create(t.crowd() + "/child-" + std::string(10 - digits.size(), '0') + digits));
        finish_all_but(creates, creates_under_way);
    }
    finish_all_but(creates, 0);
    client.close();
}

void make_tree(const target& t) {
    const kazoo::client client(t.address);
    client.ensure_path(t.tree());
    std::deque<kazoo::future<std::string>> creates;
    const auto create = [&](const std::string& path) {
        creates.push_back(client.async_create(path, std::string(data_size, 'x')));
        finish_all_but(creates, creates_under_way);
    };
    for (std::size_t folder = 0; folder < tree_folders; ++folder) {
        const std::string path = kazoo::path::join(t.tree(), std::to_string(folder));
        create(path);
        for (std::size_t leaf = 0; leaf < tree_leaves; ++leaf)
            create(kazoo::path::join(path, "node-" + std::to_string(leaf)));
    }
    finish_all_but(creates, 0);
    client.close();
}

void remove_nodes(const target& t) {
    const kazoo::client client(t.address);
    client.remove_tree(t.root);
    client.close();
}

} // namespace bench

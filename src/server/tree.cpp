#include "server/tree.hpp"

#include <kazoo/path.hpp>

#include <algorithm>
#include <utility>

namespace kazoo::server {

namespace {

constexpr std::size_t ephemerals_capacity = 16; // of a Java HashSet made without a size

void store_data(znode& node, std::string_view data) {
    node.data_is_null = proto::is_null(data);
    node.data.assign(data);
}

} // namespace

proto::stat znode::stat() const noexcept {
    const auto present = static_cast<std::uint32_t>(children.size());
    proto::stat s;
    s.czxid = czxid;
    s.mzxid = mzxid;
    s.ctime = ctime;
    s.mtime = mtime;
    s.version = version;
    // Clients see creates + deletes; every create is still present or has been deleted.
    s.cversion = static_cast<std::int32_t>(static_cast<std::uint32_t>(creates) * 2 - present);
    s.aversion = aversion;
    s.ephemeral_owner = owner.is_session() ? owner.value : 0;
    s.data_length = static_cast<std::int32_t>(data.size());
    s.num_children = static_cast<std::int32_t>(present);
    s.pzxid = pzxid;
    return s;
}

std::string_view parent_of(std::string_view path) noexcept { return path.substr(0, path.rfind('/')); }

tree::tree() {
    emplace("/", "", open_acl());
    for (const std::string_view path : {"/zookeeper", "/zookeeper/quota", "/zookeeper/config"}) {
        znode& node = emplace(path, "", path == "/zookeeper/config" ? read_acl() : open_acl());
        find(parent_of(path))->children.insert(node, path::basename(node.path));
    }
    find("/zookeeper/config")->aversion = -1; // its ACL was set in a way of its own
}

znode* tree::find(std::string_view path) noexcept { return const_cast<znode*>(std::as_const(*this).find(path)); }

const znode* tree::find(std::string_view path) const noexcept {
    const auto found = nodes_.find(path.empty() ? std::string_view("/") : path);
    return found == nodes_.end() ? nullptr : &found->second;
}

znode& tree::emplace(std::string_view path, std::string_view data, acl_pointer acl) {
    const auto [at, fresh] = nodes_.try_emplace(std::string(path));
    znode& node = at->second;
    node.path = at->first;
    node.acl = std::move(acl);
    store_data(node, data);
    data_size_ += path.size() + data.size();
    return node;
}

znode& tree::create(std::string_view path, std::string_view data, acl_pointer acl, node_owner owner, transaction txn) {
    znode& parent = *find(parent_of(path));
    znode& node = emplace(path, data, std::move(acl));
    node.czxid = node.mzxid = node.pzxid = txn.zxid;
    node.ctime = node.mtime = txn.wall_ms;
    node.owner = owner;
    parent.children.insert(node, path::basename(node.path));
    // At 2^31 creates the number turns negative, once; from then on neither it nor pzxid moves.
    const auto creates = static_cast<std::int32_t>(static_cast<std::uint32_t>(parent.creates) + 1);
    if (creates > parent.creates) {
        parent.creates = creates;
        parent.pzxid = txn.zxid;
    }
    if (owner.is_session())
        ephemerals_.try_emplace(owner.value, ephemerals_capacity).first->second.insert(node, node.path);
    else if (!owner.is_none())
        mortals_.emplace(path);
    return node;
}

void tree::remove(znode& node, transaction txn) {
    znode& parent = *find(parent_of(node.path));
    parent.children.erase(node);
    parent.pzxid = txn.zxid;
    if (node.owner.is_session()) {
        const auto owned = ephemerals_.find(node.owner.value);
        owned->second.erase(node);
        if (owned->second.empty()) ephemerals_.erase(owned);
    } else if (!node.owner.is_none()) {
        mortals_.erase(mortals_.find(node.path));
    }
    data_size_ -= node.path.size() + node.data.size();
    nodes_.erase(nodes_.find(node.path));
}

void tree::set_data(znode& node, std::string_view data, std::int32_t version, transaction txn) {
    data_size_ += data.size();
    data_size_ -= node.data.size();
    store_data(node, data);
    node.version = version;
    node.mzxid = txn.zxid;
    node.mtime = txn.wall_ms;
}

std::size_t tree::count_below(const znode& top) const {
    std::size_t count = 0;
    std::vector<const znode*> open{&top};
    while (!open.empty()) {
        const znode& node = *open.back();
        open.pop_back();
        count += node.children.size();
        node.children.for_each([&](const znode& child) { open.push_back(&child); });
    }
    return count;
}

std::vector<const znode*> tree::sorted() const {
    std::vector<const znode*> all;
    all.reserve(nodes_.size());
    for (const auto& [path, node] : nodes_) all.push_back(&node);
    std::sort(all.begin(), all.end(), [](const znode* a, const znode* b) { return a->path < b->path; });
    return all;
}

const ephemeral_set* tree::ephemerals(std::int64_t session) const {
    const auto found = ephemerals_.find(session);
    return found == ephemerals_.end() ? nullptr : &found->second;
}

std::size_t tree::ephemeral_count() const noexcept {
    std::size_t count = 0;
    for (const auto& [session, owned] : ephemerals_) count += owned.size();
    return count;
}

} // namespace kazoo::server

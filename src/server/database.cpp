#include "server/database.hpp"

namespace kazoo::server {

namespace {

std::string_view watchable(std::string_view parent_path) { return parent_path.empty() ? "/" : parent_path; }

} // namespace

proto::stat database::apply(const change& c, transaction txn) {
    const proto::stat stat = change_nodes(c, txn);
    tell({.txn = txn, .what = &c});
    return stat;
}

proto::stat database::change_nodes(const change& c, transaction txn) {
    switch (c.what) {
    case change::kind::create: {
        const znode& node = nodes_.create(c.path, c.data, c.acl, c.owner, txn);
        const std::string_view parent_path = watchable(parent_of(c.path));
        data_watches.fire(change_kind::created, c.path, *node.acl);
        child_watches.fire(change_kind::children_changed, parent_path, *nodes_.find(parent_path)->acl);
        return node.stat();
    }
    case change::kind::remove: remove(c.path, txn); return {};
    case change::kind::set_data: {
        znode& node = *nodes_.find(c.path);
        nodes_.set_data(node, c.data, c.version, txn);
        data_watches.fire(change_kind::data_changed, c.path, *node.acl);
        return node.stat();
    }
    case change::kind::set_acl: {
        znode& node = *nodes_.find(c.path);
        node.acl = c.acl;
        node.aversion = c.version;
        return node.stat();
    }
    case change::kind::check: break;
    }
    return {};
}

void database::remove(std::string_view path, transaction txn) {
    const std::string_view parent_path = watchable(parent_of(path));
    znode& node = *nodes_.find(path);
    const acl_pointer acl = node.acl;
    nodes_.remove(node, txn);
    const auto& told = data_watches.fire(change_kind::deleted, path, *acl);
    child_watches.fire(change_kind::deleted, path, *acl, told);
    child_watches.fire(change_kind::children_changed, parent_path, *nodes_.find(parent_path)->acl);
}

void database::remove_ephemerals(std::int64_t session, transaction txn) {
    const ephemeral_set* owned = nodes_.ephemerals(session);
    if (owned == nullptr) return;
    std::vector<std::string> paths;
    for (const znode* node : owned->in_clone_order()) paths.emplace_back(node->path);
    for (const std::string& path : paths) remove(path, txn);
    tell({.txn = txn, .ended_session = session});
}

bool database::restore_watches(const proto::set_watches2_request& request, watcher& who) {
    // What a client missed is told without a look at the ACL.
    static const acl_list everybody;
    const auto tell = [&](change_kind change, std::string_view path) { who.notify(change, path, everybody); };
    for (const std::string_view path : request.data) {
        if (proto::is_null(path)) return false;
        const znode* node = nodes_.find(path);
        if (node == nullptr)
            tell(change_kind::deleted, path);
        else if (node->mzxid > request.relative_zxid)
            tell(change_kind::data_changed, path);
        else
            data_watches.add(path, who, watch_kind::one_shot);
    }
    for (const std::string_view path : request.exist) {
        if (proto::is_null(path)) return false;
        if (nodes_.find(path) != nullptr)
            tell(change_kind::created, path);
        else
            data_watches.add(path, who, watch_kind::one_shot);
    }
    for (const std::string_view path : request.child) {
        if (proto::is_null(path)) return false;
        const znode* node = nodes_.find(path);
        if (node == nullptr)
            tell(change_kind::deleted, path);
        else if (node->pzxid > request.relative_zxid)
            tell(change_kind::children_changed, path);
        else
            child_watches.add(path, who, watch_kind::one_shot);
    }
    for (const std::string_view path : request.persistent) {
        child_watches.add(path, who, watch_kind::persistent);
        data_watches.add(path, who, watch_kind::persistent);
    }
    for (const std::string_view path : request.recursive) {
        child_watches.add(path, who, watch_kind::recursive);
        data_watches.add(path, who, watch_kind::recursive);
    }
    return true;
}

} // namespace kazoo::server

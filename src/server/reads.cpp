// Operations that change no node.
#include "server/processor.hpp"

#include <algorithm>

namespace kazoo::server {

namespace {

void put_children(proto::writer& out, const znode& node) {
    out.put(static_cast<std::int32_t>(node.children.size()));
    node.children.for_each([&](const znode& child) { out.put(child.name()); });
}

bool is_read(const proto::multi_op& op) { return std::holds_alternative<proto::path_watch_request>(op.body); }

/// Java's trim()
std::string_view trimmed(std::string_view s) {
    while (!s.empty() && static_cast<unsigned char>(s.front()) <= ' ') s.remove_prefix(1);
    while (!s.empty() && static_cast<unsigned char>(s.back()) <= ' ') s.remove_suffix(1);
    return s;
}

} // namespace

/// Reads do not look at the form of a path: a malformed one is just not there.
errc processor::readable(const request& r, std::string_view path, perms wanted, const znode*& node) const {
    if (proto::is_null(path)) return errc::marshalling_error;
    node = database_.nodes().find(path);
    if (node == nullptr) return errc::no_node;
    return allows(*node->acl, wanted, r.from.identities) ? ok : errc::no_auth;
}

errc processor::exists(const request& r) {
    proto::path_watch_request q;
    if (!proto::decode(r.body, q) || proto::is_null(q.path)) return errc::marshalling_error;
    if (q.path.find('\0') != std::string_view::npos) return errc::bad_arguments;
    const znode* node = database_.nodes().find(q.path);
    const bool hides = node != nullptr && config_.metadata_needs_permission;
    if (hides && !allows(*node->acl, perms::read, r.from.identities)) return errc::no_auth;
    if (q.watch) database_.data_watches.add(q.path, r.from, watch_kind::one_shot);
    if (node == nullptr) return errc::no_node;
    reply_with(r, node->stat());
    return ok;
}

errc processor::get_data(const request& r) {
    proto::path_watch_request q;
    if (!proto::decode(r.body, q)) return errc::marshalling_error;
    const znode* node = nullptr;
    if (const errc e = readable(r, q.path, perms::read, node); e != ok) return e;
    if (q.watch) database_.data_watches.add(q.path, r.from, watch_kind::one_shot);
    reply_with(r, node->data_view(), node->stat());
    return ok;
}

errc processor::get_acl(const request& r) {
    proto::path_request q;
    if (!proto::decode(r.body, q)) return errc::marshalling_error;
    const znode* node = nullptr;
    if (const errc e = readable(r, q.path, perms::read | perms::admin, node); e != ok) return e;
    const bool may_see_hashes = allows(*node->acl, perms::admin, r.from.identities);
    {
        proto::frame_writer out(r.from.output());
        out.put(proto::reply_header{r.xid, database_.zxid(), 0});
        out.put(static_cast<std::int32_t>(node->acl->size()));
        for (const kazoo::acl& entry : *node->acl) {
            out.put(static_cast<std::int32_t>(entry.perms));
            out.put(std::string_view(entry.scheme));
            const bool hidden = entry.scheme == "digest" && !may_see_hashes;
            std::string buffer;
            out.put(as_java_writes(hidden ? without_hash(entry.id) : entry.id, buffer));
        }
        out.put(node->stat());
    }
    sent(r.from);
    return ok;
}

errc processor::get_children(const request& r) {
    proto::path_watch_request q;
    if (!proto::decode(r.body, q)) return errc::marshalling_error;
    const znode* node = nullptr;
    if (const errc e = readable(r, q.path, perms::read, node); e != ok) return e;
    if (q.watch) database_.child_watches.add(q.path, r.from, watch_kind::one_shot);
    {
        proto::frame_writer out(r.from.output());
        out.put(proto::reply_header{r.xid, database_.zxid(), 0});
        put_children(out, *node);
        if (r.type == proto::opcode::get_children2) out.put(node->stat());
    }
    sent(r.from);
    return ok;
}

errc processor::count_children(const request& r) {
    proto::path_request q;
    if (!proto::decode(r.body, q)) return errc::marshalling_error;
    const znode* node = nullptr;
    if (const errc e = readable(r, q.path, perms::read, node); e != ok) return e;
    // Everything whose path starts with the given one and a slash is counted: for "" that is "/" too.
    const std::size_t count = database_.nodes().count_below(*node) + (q.path.empty() ? 1 : 0);
    reply_with(r, static_cast<std::int32_t>(count));
    return ok;
}

errc processor::get_ephemerals(const request& r) {
    proto::path_request q;
    if (!proto::decode(r.body, q)) return errc::marshalling_error;
    const std::string_view trimmed_prefix = trimmed(q.path);
    const std::string_view prefix = trimmed_prefix.empty() || trimmed_prefix == "/" ? "" : q.path;
    proto::names_reply answer;
    if (const ephemeral_set* owned = database_.nodes().ephemerals(r.from.session))
        for (const znode* node : owned->in_clone_order())
            if (node->path.starts_with(prefix)) answer.names.push_back(node->path);
    reply_with(r, answer);
    return ok;
}

errc processor::who_am_i(const request& r) {
    {
        proto::frame_writer out(r.from.output());
        out.put(proto::reply_header{r.xid, database_.zxid(), 0});
        out.put(static_cast<std::int32_t>(r.from.identities.all().size()));
        for (const auto& [scheme, name] : r.from.identities.all()) {
            // The user without the hash; `super` has no name of its own.
            const std::string_view shown =
                std::string_view(name).substr(0, scheme == "digest" ? name.find(':') : name.size());
            std::string buffer;
            out.put(std::string_view(scheme));
            out.put(shown.empty() ? proto::empty_view : as_java_writes(shown, buffer));
        }
    }
    sent(r.from);
    return ok;
}

errc processor::sync(const request& r) {
    proto::path_request q;
    if (!proto::decode(r.body, q)) return errc::marshalling_error;
    std::string buffer;
    reply_with(r, as_java_writes(q.path, buffer));
    return ok;
}

errc processor::multi_read(const request& r) {
    proto::reader in(r.body);
    std::vector<proto::multi_op> ops;
    for (bool more = true; more;) {
        proto::multi_op op;
        if (!proto::get_multi_op(in, op, more)) return errc::marshalling_error;
        if (!more) break;
        if (!ops.empty() && is_read(op) != is_read(ops.front())) return errc::marshalling_error;
        ops.push_back(std::move(op));
    }
    // At an operation that it cannot do the server gives up, but sends the results so far behind the error.
    const auto bad = std::find_if(ops.begin(), ops.end(), [](const proto::multi_op& op) {
        return !is_read(op) || proto::is_null(std::get<proto::path_watch_request>(op.body).path);
    });
    const errc e = bad == ops.end() ? ok : errc::marshalling_error;
    std::string& output = r.from.output();
    const std::size_t start = output.size();
    bool too_long = false;
    {
        proto::frame_writer out(output);
        out.put(proto::reply_header{r.xid, database_.zxid(), static_cast<std::int32_t>(e)});
        for (auto op = ops.begin(); op != bad && !too_long; ++op) {
            put_read_result(out, r, *op);
            too_long = output.size() - start > r.from.output_limit();
        }
        proto::put_multi_end(out);
    }
    // One request of a megabyte can ask for the same large node a thousand times.
    if (too_long) {
        output.resize(start);
        r.from.close();
        return ok;
    }
    sent(r.from);
    return ok;
}

void processor::put_read_result(proto::writer& out, const request& r, const proto::multi_op& op) const {
    const znode* node = nullptr;
    const errc e = readable(r, std::get<proto::path_watch_request>(op.body).path, perms::read, node);
    if (e != ok) {
        proto::put_multi_result(out, {.type = proto::opcode::error, .err = static_cast<std::int32_t>(e), .path = {}});
        return;
    }
    out.put(proto::multi_header{static_cast<std::int32_t>(op.type), false, 0});
    if (op.type == proto::opcode::get_data)
        out.put(proto::data_reply{node->data_view(), node->stat()});
    else
        put_children(out, *node);
}

} // namespace kazoo::server

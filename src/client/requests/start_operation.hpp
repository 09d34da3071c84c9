#pragma once
// Shared by the files that start requests: from a path and a body to a future.
#include "client/requests/convert.hpp"
#include "client/requests/operation_state.hpp"
#include "client/requests/operations.hpp"
#include "client/requests/rooted_path.hpp"

namespace kazoo::detail {

template <class Record, class T, class Convert>
bool decode_into(std::string_view body, std::optional<T>& value, Convert convert) {
    Record record;
    if (!proto::decode(body, record)) return false;
    value.emplace(convert(record));
    return true;
}

inline node to_node(const proto::data_reply& r) { return {to_public(r.data), to_public(r.stat)}; }
inline node_stat to_stat(const proto::stat_reply& r) { return to_public(r.stat); }
/// Straight into the strings that the caller gets: a list may be long.
inline bool decode_children(std::string_view body, child_list& list) {
    proto::reader in(body);
    proto::stat stat;
    in.get(list.names);
    in.get(stat);
    list.stat = to_public(stat);
    return in.ok();
}

template <class Op, class Encode, class... Args>
auto start(handle_view h, std::string_view given, const rooted_path& path, bool large, Encode encode, Args&&... args) {
    const ref<Op> op = make_operation<Op>(given, h.owner, std::forward<Args>(args)...);
    if (!path.defect().empty())
        op->refuse(errc::invalid_path, path.defect());
    else if (h.expired())
        op->refuse(errc::session_expired, {});
    else
        h.owner.submit(*op, large || path.full().size() > large_request, encode);
    using T = typename Op::result_type;
    return future<T>(ref<shared_state<T>>(op));
}

} // namespace kazoo::detail

#pragma once
// Shared by the files that start requests: from a path and a body to a future.
#include "client/chroot.hpp"
#include "client/client_access.hpp"
#include "client/requests/convert.hpp"
#include "client/requests/names.hpp"
#include "client/requests/operation_state.hpp"

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
inline bool decode_children(std::string_view body, util::shared_block* memory, child_list& list) {
    proto::reader in(body);
    proto::stat stat;
    if (!get_names(in, memory, list.names)) return false;
    in.get(stat);
    list.stat = to_public(stat);
    return in.ok();
}

/// Above this many bytes a request is encoded outside the queue's lock.
inline constexpr std::size_t large_request = 16 * 1024;

template <class Op, class Encode, class... Args>
auto start(const node_operations& h, std::string_view given, const absolute_path& path, bool large, Encode encode,
           Args&&... args) {
    core& owner = client_access::core_of(h);
    const ref<Op> op = make_operation<Op>(given, owner, std::forward<Args>(args)...);
    if (!path.defect().empty())
        op->refuse(errc::invalid_path, path.defect());
    else if (client_access::expired(h))
        op->refuse(errc::session_expired, {});
    else
        owner.submit(*op, large || path.view().size() > large_request, encode);
    using T = typename Op::result_type;
    return make_future<T>(op);
}

} // namespace kazoo::detail

#include "session/set_watches.hpp"

#include "proto/framing.hpp"

namespace kazoo::session {

std::vector<std::string_view>& set_watches_batch::of(watch_kind kind) noexcept {
    switch (kind) {
    case watch_kind::data: return data;
    case watch_kind::exists: return exists;
    case watch_kind::child: return child;
    case watch_kind::persistent: return persistent;
    case watch_kind::recursive: break;
    }
    return recursive;
}

proto::opcode set_watches_batch::op() const noexcept {
    return persistent.empty() && recursive.empty() ? proto::opcode::set_watches : proto::opcode::set_watches2;
}

void add_to_batches(std::vector<set_watches_batch>& batches, watch_kind kind,
                    const std::vector<std::string_view>& paths, std::size_t limit, std::size_t& bytes_in_last) {
    for (const std::string_view path : paths) {
        const std::size_t size = path.size() + 4;
        if (batches.empty() || bytes_in_last + size > limit) {
            batches.emplace_back();
            bytes_in_last = 0;
        }
        batches.back().of(kind).push_back(path);
        bytes_in_last += size;
    }
}

void put_set_watches(std::string& out, const set_watches_batch& batch, std::int64_t relative_zxid) {
    if (batch.op() == proto::opcode::set_watches)
        proto::put_request(out, proto::xid::set_watches, batch.op(),
                           proto::set_watches_request{relative_zxid, batch.data, batch.exists, batch.child});
    else
        proto::put_request(out, proto::xid::set_watches, batch.op(),
                           proto::set_watches2_request{relative_zxid, batch.data, batch.exists, batch.child,
                                                       batch.persistent, batch.recursive});
}

} // namespace kazoo::session

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

/// Long requests do not keep the queue locked while they are encoded.
constexpr encoded place_for(std::size_t bytes) noexcept {
    constexpr std::size_t long_request = 16 * 1024;
    return bytes > long_request ? encoded::apart : encoded::in_place;
}

/// What one operation is done to: the handle, the path that its caller gave, and that path on the servers. For the
/// duration of a call.
class target {
  public:
    /// `data`: what the request carries beside the path.
    target(const node_operations& h, std::string_view given, data_view data = "", naming n = naming::whole)
        : from_(h), given_(given), path_(chroot(h.root()).absolute(given, n)), data_bytes_(data.text().size()) {}

    const node_operations& from() const noexcept { return from_; }
    core& owner() const noexcept { return client_access::core_of(from_); }
    std::string_view given() const noexcept { return given_; }
    std::string_view path() const noexcept { return path_.view(); }
    std::string_view defect() const noexcept { return path_.defect(); }
    encoded where() const noexcept { return place_for(data_bytes_ + path().size()); }

  private:
    const node_operations& from_;
    std::string_view given_;
    absolute_path path_;
    std::size_t data_bytes_;
};

/// Why an operation cannot be sent; nothing if it can.
struct refusal {
    errc code{};
    std::string_view defect; ///< static storage
};

template <class Op, class Encode> void submit(const node_operations& h, Op& op, encoded where, Encode encode) {
    try {
        client_access::core_of(h).submit(op, where, encode);
    } catch (...) { // there is no memory
        op.not_sent();
        throw;
    }
}

/// Submits it through the handle, unless there is a reason not to; `encode(writer&)` writes the request's body.
template <class Op, class Encode>
auto send(const node_operations& h, const ref<Op>& op, const refusal& refused, encoded where, Encode encode) {
    if (client_access::epoch_of(h) != 0) op->belongs_to_session();
    op->begin();
    if (refused.code != errc{})
        op->refuse(refused.code, refused.defect);
    else if (client_access::expired(h))
        op->refuse(errc::session_expired, {});
    else
        submit(h, *op, where, encode);
    return make_future<typename Op::result_type>(op);
}

/// Sends a new Op to the target, made from the arguments behind, unless its path is none or it is refused.
template <class Op, class Encode, class... Args>
auto start(const target& at, refusal refused, Encode encode, Args&&... args) {
    if (!at.defect().empty()) refused = {errc::invalid_path, at.defect()};
    return send(at.from(), make_operation<Op>(at.given(), at.owner(), std::forward<Args>(args)...), refused, at.where(),
                encode);
}
template <class Op, class Encode, class... Args>
    requires std::is_invocable_v<Encode, proto::writer&>
auto start(const target& at, Encode encode, Args&&... args) {
    return start<Op>(at, refusal{}, encode, std::forward<Args>(args)...);
}

} // namespace kazoo::detail

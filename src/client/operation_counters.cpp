#include "client/operation_counters.hpp"

#include <algorithm>
#include <string_view>

namespace kazoo::detail {

namespace {

/// As callers name it: several opcodes are one operation to them.
std::string_view name_of(proto::opcode op) noexcept {
    using enum proto::opcode;
    switch (op) {
    case create:
    case create2:
    case create_container:
    case create_ttl: return "create";
    case remove: return "remove";
    case exists: return "exists";
    case get_data: return "get";
    case set_data: return "set";
    case get_acl: return "get_acl";
    case set_acl: return "set_acl";
    case get_children:
    case get_children2: return "get_children";
    case sync: return "sync";
    case multi: return "transaction";
    case multi_read: return "multi_read";
    case reconfig: return "reconfig";
    case remove_watches: return "remove_watches";
    case add_watch: return "add_watch";
    case get_ephemerals: return "get_ephemerals";
    case get_all_children_number: return "count_descendants";
    case who_am_i: return "who_am_i";
    default: return "other";
    }
}

operation_metrics& entry(std::vector<operation_metrics>& all, std::string_view name) {
    const auto at = std::ranges::find(all, name, &operation_metrics::name);
    if (at != all.end()) return *at;
    all.emplace_back().name = name;
    return all.back();
}

} // namespace

void operation_counters::failed(proto::opcode op, const std::error_code& code) noexcept {
    kinds_[slot_of(op)].failed.add_shared();
    const int value = code.value();
    if (code.category() != category())
        others_.add_shared();
    else if (value < 0 && value > -static_cast<int>(server_codes))
        by_server_code_[static_cast<std::size_t>(-value)].add_shared();
    else if (value > 0 && value < static_cast<int>(own_codes))
        by_own_code_[static_cast<std::size_t>(value)].add_shared();
    else
        others_.add_shared();
}

void operation_counters::read(client_metrics& out) const {
    for (std::size_t i = 0; i < slots; ++i) {
        const kind& k = kinds_[i];
        const std::uint64_t failed = k.failed.get(), succeeded = k.succeeded.get();
        if (failed + succeeded == 0) continue;
        operation_metrics& m = entry(out.operations, name_of(opcode_of(i)));
        m.succeeded += succeeded;
        m.failed += failed;
        m.bytes_sent += k.bytes_sent.get();
        m.bytes_received += k.bytes_received.get();
    }
    const auto note = [&](int code, std::uint64_t n) {
        if (n != 0) out.errors.push_back({static_cast<errc>(code), n});
    };
    for (std::size_t i = 1; i < server_codes; ++i) note(-static_cast<int>(i), by_server_code_[i].get());
    for (std::size_t i = 1; i < own_codes; ++i) note(static_cast<int>(i), by_own_code_[i].get());
    out.other_errors = others_.get();
}

} // namespace kazoo::detail

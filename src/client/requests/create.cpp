#include "client/requests/create.hpp"

#include "client/requests/create_request.hpp"
#include "client/requests/start_operation.hpp"

namespace kazoo::detail {

namespace {

class create_op final : public operation_state<std::string> {
  public:
    create_op(core& c, create_mode m, std::string_view root)
        : operation_state(c, "create", opcode_of(m, proto::opcode::create)), root_(root) {
        if (m.is_ephemeral()) belongs_to_session();
    }
    bool decode(std::string_view body) override {
        return decode_into<proto::path_reply>(body, value,
                                              [&](const auto& r) { return std::string(root_.relative(r.path)); });
    }

  private:
    chroot_length root_;
};

class create2_op final : public operation_state<created_node> {
  public:
    create2_op(core& c, create_mode m, std::string_view root)
        : operation_state(c, "create", opcode_of(m, proto::opcode::create2)), root_(root) {
        if (m.is_ephemeral()) belongs_to_session();
    }
    bool decode(std::string_view body) override {
        return decode_into<proto::path_stat_reply>(body, value, [&](const auto& r) {
            return created_node{std::string(root_.relative(r.path)), to_public(r.stat)};
        });
    }

  private:
    chroot_length root_;
};

template <class Op>
auto start_create_op(const node_operations& h, std::string_view given, data_view data, create_mode mode, acl_view acl) {
    const target at(h, given, data, naming_of(mode));
    const std::string_view defect = defect_of(mode);
    return start<Op>(
        at, defect.empty() ? refusal{} : refusal{errc::bad_arguments, defect},
        [&](proto::writer& w) { put_create(w, at.path(), data, mode, acl); }, mode, h.root());
}

} // namespace

std::string_view defect_of(create_mode m) noexcept {
    constexpr std::chrono::milliseconds longest{(std::int64_t{1} << 40) - 1};
    if (!m.has_ttl()) return {};
    if (m.time_to_live().count() <= 0) return "a time to live must be positive";
    if (m.time_to_live() > longest) return "a time to live can be 2^40 - 1 ms at most, about 34 years";
    return {};
}

future<std::string> start_create(const node_operations& h, std::string_view path, data_view data, create_mode mode,
                                 acl_view acl) {
    return start_create_op<create_op>(h, path, data, mode, acl);
}

future<created_node> start_create_with_stat(const node_operations& h, std::string_view path, data_view data,
                                            create_mode mode, acl_view acl) {
    return start_create_op<create2_op>(h, path, data, mode, acl);
}

} // namespace kazoo::detail

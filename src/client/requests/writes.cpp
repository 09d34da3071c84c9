// set, remove, set_acl.
#include "client/blocking.hpp"
#include "client/requests/start_operation.hpp"

namespace kazoo {

namespace detail {

namespace {

class stat_op final : public operation_state<node_stat> {
  public:
    stat_op(core& c, std::string_view name, proto::opcode opcode) : operation_state(c, name, opcode) {}
    bool decode(std::string_view body) override { return decode_into<proto::stat_reply>(body, value, to_stat); }
};

class remove_op final : public operation_state<void> {
  public:
    explicit remove_op(core& c) : operation_state(c, "remove", proto::opcode::remove) {}
    bool decode(std::string_view) override {
        value.emplace();
        return true;
    }
};

class remove_if_exists_op final : public operation_state<bool> {
  public:
    explicit remove_if_exists_op(core& c) : operation_state(c, "remove", proto::opcode::remove) {}
    bool decode(std::string_view) override {
        value.emplace(true);
        return true;
    }
    bool accept_error(std::int32_t err) override {
        if (err != static_cast<std::int32_t>(errc::no_node)) return false;
        value.emplace(false);
        return true;
    }
};

template <class Op> auto start_remove(const node_operations& h, std::string_view given, version expected) {
    const target at(h, given);
    return start<Op>(at, [&](proto::writer& w) {
        w.put(proto::path_version_request{at.path(), static_cast<std::int32_t>(expected)});
    });
}

} // namespace

} // namespace detail

// -- set --------------------------------------------------------------------------------------------------------------

future<node_stat> node_operations::async_set(std::string_view given, data_view data, version expected) const {
    const detail::target at(*this, given, data);
    return detail::start<detail::stat_op>(
        at,
        [&](proto::writer& w) {
            w.put(proto::set_data_request{at.path(), data.text(), static_cast<std::int32_t>(expected)});
        },
        "set", proto::opcode::set_data);
}
node_stat client::set(std::string_view path, data_view data, version expected, const std::stop_token& stop) const {
    return detail::blocking(*this, stop, [&] { return async_set(path, data, expected); });
}

// -- remove -----------------------------------------------------------------------------------------------------------

future<void> node_operations::async_remove(std::string_view path, version expected) const {
    return detail::start_remove<detail::remove_op>(*this, path, expected);
}
future<bool> node_operations::async_remove_if_exists(std::string_view path, version expected) const {
    return detail::start_remove<detail::remove_if_exists_op>(*this, path, expected);
}
void client::remove(std::string_view path, version expected, const std::stop_token& stop) const {
    detail::blocking(*this, stop, [&] { return async_remove(path, expected); });
}
bool client::remove_if_exists(std::string_view path, version expected, const std::stop_token& stop) const {
    return detail::blocking(*this, stop, [&] { return async_remove_if_exists(path, expected); });
}

// -- set_acl ----------------------------------------------------------------------------------------------------------

future<node_stat> node_operations::async_set_acl(std::string_view given, acl_view acl, acl_version expected) const {
    const detail::target at(*this, given);
    return detail::start<detail::stat_op>(
        at,
        [&](proto::writer& w) {
            w.put(proto::set_acl_request{at.path(), detail::to_wire(acl), static_cast<std::int32_t>(expected)});
        },
        "set_acl", proto::opcode::set_acl);
}
node_stat client::set_acl(std::string_view path, acl_view acl, acl_version expected,
                          const std::stop_token& stop) const {
    return detail::blocking(*this, stop, [&] { return async_set_acl(path, acl, expected); });
}

} // namespace kazoo

// get, exists, get_children, get_acl.
#include "client/blocking.hpp"
#include "client/requests/start_operation.hpp"

namespace kazoo {

namespace detail {

namespace {

class get_op final : public operation_state<node> {
  public:
    explicit get_op(core& c) : operation_state(c, "get", proto::opcode::get_data) {}
    bool decode(std::string_view body) override { return decode_into<proto::data_reply>(body, value, to_node); }
};

class get_if_exists_op final : public operation_state<std::optional<node>> {
  public:
    explicit get_if_exists_op(core& c) : operation_state(c, "get", proto::opcode::get_data) {}
    bool decode(std::string_view body) override {
        return decode_into<proto::data_reply>(body, value, [](const auto& r) { return std::optional(to_node(r)); });
    }
    bool accept_error(std::int32_t err) override {
        if (err != static_cast<std::int32_t>(errc::no_node)) return false;
        value.emplace();
        return true;
    }
};

class exists_op final : public operation_state<std::optional<node_stat>> {
  public:
    explicit exists_op(core& c) : operation_state(c, "exists", proto::opcode::exists) {}
    bool decode(std::string_view body) override {
        return decode_into<proto::stat_reply>(body, value, [](const auto& r) { return std::optional(to_stat(r)); });
    }
    bool accept_error(std::int32_t err) override {
        if (err != static_cast<std::int32_t>(errc::no_node)) return false;
        value.emplace();
        return true;
    }
};

class get_children_op final : public operation_state<child_names> {
  public:
    explicit get_children_op(core& c) : operation_state(c, "get_children", proto::opcode::get_children) {}
    bool decode(std::string_view body) override {
        proto::reader in(body);
        return get_names(in, reply_memory(), value.emplace());
    }
};

class get_children2_op final : public operation_state<child_list> {
  public:
    explicit get_children2_op(core& c) : operation_state(c, "get_children", proto::opcode::get_children2) {}
    bool decode(std::string_view body) override { return decode_children(body, reply_memory(), value.emplace()); }
};

class get_acl_op final : public operation_state<acl_list> {
  public:
    explicit get_acl_op(core& c) : operation_state(c, "get_acl", proto::opcode::get_acl) {}
    bool decode(std::string_view body) override {
        return decode_into<proto::acl_reply>(body, value, [](const auto& r) {
            acl_list list{{}, to_public(r.stat)};
            for (const auto& e : r.acl) list.entries.push_back(to_public(e));
            return list;
        });
    }
};

template <class Op> auto start_read(const node_operations& h, std::string_view given) {
    const target at(h, given);
    return start<Op>(at, [&](proto::writer& w) { w.put(proto::path_watch_request{at.path()}); });
}

} // namespace

} // namespace detail

// -- get --------------------------------------------------------------------------------------------------------------

future<node> node_operations::async_get(std::string_view path) const {
    return detail::start_read<detail::get_op>(*this, path);
}
future<std::optional<node>> node_operations::async_get_if_exists(std::string_view path) const {
    return detail::start_read<detail::get_if_exists_op>(*this, path);
}
node client::get(std::string_view path, const std::stop_token& stop) const {
    return detail::blocking(*this, stop, [&] { return async_get(path); });
}
std::optional<node> client::get_if_exists(std::string_view path, const std::stop_token& stop) const {
    return detail::blocking(*this, stop, [&] { return async_get_if_exists(path); });
}

// -- exists -----------------------------------------------------------------------------------------------------------

future<std::optional<node_stat>> node_operations::async_exists(std::string_view path) const {
    return detail::start_read<detail::exists_op>(*this, path);
}
std::optional<node_stat> client::exists(std::string_view path, const std::stop_token& stop) const {
    return detail::blocking(*this, stop, [&] { return async_exists(path); });
}

// -- get_children -----------------------------------------------------------------------------------------------------

future<child_names> node_operations::async_get_children(std::string_view path) const {
    return detail::start_read<detail::get_children_op>(*this, path);
}
future<child_list> node_operations::async_get_children_with_stat(std::string_view path) const {
    return detail::start_read<detail::get_children2_op>(*this, path);
}
child_names client::get_children(std::string_view path, const std::stop_token& stop) const {
    return detail::blocking(*this, stop, [&] { return async_get_children(path); });
}
child_list client::get_children_with_stat(std::string_view path, const std::stop_token& stop) const {
    return detail::blocking(*this, stop, [&] { return async_get_children_with_stat(path); });
}

// -- get_acl ----------------------------------------------------------------------------------------------------------

future<acl_list> node_operations::async_get_acl(std::string_view given) const {
    const detail::target at(*this, given);
    return detail::start<detail::get_acl_op>(at, [&](proto::writer& w) { w.put(proto::path_request{at.path()}); });
}
acl_list client::get_acl(std::string_view path, const std::stop_token& stop) const {
    return detail::blocking(*this, stop, [&] { return async_get_acl(path); });
}

} // namespace kazoo

#include "client/requests/operations.hpp"

#include "client/requests/convert.hpp"
#include "client/requests/start_operation.hpp"

namespace kazoo::detail {

namespace {

// -- replies ----------------------------------------------------------------------------------------------------------

class create_op final : public operation_state<std::string> {
  public:
    create_op(core& c, std::size_t root) : operation_state(c, "create", proto::opcode::create, true), root_(root) {}
    bool decode(std::string_view body) override {
        return decode_into<proto::path_reply>(body, value, [&](const auto& r) { return relative_to(root_, r.path); });
    }

  private:
    std::size_t root_;
};

class create2_op final : public operation_state<created_node> {
  public:
    create2_op(core& c, std::size_t root) : operation_state(c, "create", proto::opcode::create2, true), root_(root) {}
    bool decode(std::string_view body) override {
        return decode_into<proto::path_stat_reply>(
            body, value, [&](const auto& r) { return created_node{relative_to(root_, r.path), to_public(r.stat)}; });
    }

  private:
    std::size_t root_;
};

class get_op final : public operation_state<node> {
  public:
    explicit get_op(core& c) : operation_state(c, "get", proto::opcode::get_data, false) {}
    bool decode(std::string_view body) override { return decode_into<proto::data_reply>(body, value, to_node); }
};

class get_if_exists_op final : public operation_state<std::optional<node>> {
  public:
    explicit get_if_exists_op(core& c) : operation_state(c, "get", proto::opcode::get_data, false) {}
    bool decode(std::string_view body) override {
        return decode_into<proto::data_reply>(body, value, [](const auto& r) { return std::optional(to_node(r)); });
    }
    bool accept_error(std::int32_t err) override {
        if (err != static_cast<std::int32_t>(errc::no_node)) return false;
        value.emplace();
        return true;
    }
};

class stat_op final : public operation_state<node_stat> {
  public:
    stat_op(core& c, std::string_view name, proto::opcode opcode) : operation_state(c, name, opcode, true) {}
    bool decode(std::string_view body) override { return decode_into<proto::stat_reply>(body, value, to_stat); }
};

class exists_op final : public operation_state<std::optional<node_stat>> {
  public:
    explicit exists_op(core& c) : operation_state(c, "exists", proto::opcode::exists, false) {}
    bool decode(std::string_view body) override {
        return decode_into<proto::stat_reply>(body, value, [](const auto& r) { return std::optional(to_stat(r)); });
    }
    bool accept_error(std::int32_t err) override {
        if (err != static_cast<std::int32_t>(errc::no_node)) return false;
        value.emplace();
        return true;
    }
};

class remove_op final : public operation_state<void> {
  public:
    explicit remove_op(core& c) : operation_state(c, "remove", proto::opcode::remove, true) {}
    bool decode(std::string_view) override {
        value.emplace();
        return true;
    }
};

class remove_if_exists_op final : public operation_state<bool> {
  public:
    explicit remove_if_exists_op(core& c) : operation_state(c, "remove", proto::opcode::remove, true) {}
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

class get_children_op final : public operation_state<std::vector<std::string>> {
  public:
    explicit get_children_op(core& c) : operation_state(c, "get_children", proto::opcode::get_children, false) {}
    bool decode(std::string_view body) override {
        proto::reader in(body);
        in.get(value.emplace());
        return in.ok();
    }
};

class get_children2_op final : public operation_state<child_list> {
  public:
    explicit get_children2_op(core& c) : operation_state(c, "get_children", proto::opcode::get_children2, false) {}
    bool decode(std::string_view body) override { return decode_children(body, value.emplace()); }
};

class get_acl_op final : public operation_state<acl_list> {
  public:
    explicit get_acl_op(core& c) : operation_state(c, "get_acl", proto::opcode::get_acl, false) {}
    bool decode(std::string_view body) override {
        return decode_into<proto::acl_reply>(body, value, [](const auto& r) {
            acl_list list{{}, to_public(r.stat)};
            for (const auto& e : r.acl) list.entries.push_back(to_public(e));
            return list;
        });
    }
};

class sync_op final : public operation_state<void> {
  public:
    explicit sync_op(core& c) : operation_state(c, "sync", proto::opcode::sync, false) {}
    bool decode(std::string_view) override {
        value.emplace();
        return true;
    }
};

// -- submission -------------------------------------------------------------------------------------------------------

template <class Op, class... Args>
auto start_create_op(handle_view h, std::string_view given, data_view data, create_mode mode, acl_view acl,
                     Args&&... args) {
    const rooted_path path(h.root, given, is_sequential(mode));
    const bool large = data.text().size() > large_request;
    return start<Op>(
        h, given, path, large,
        [&](proto::writer& w) {
            w.put(proto::create_request{path.full(), data.text(), to_wire(acl), static_cast<std::int32_t>(mode)});
        },
        std::forward<Args>(args)...);
}

template <class Op> auto start_read(handle_view h, std::string_view given) {
    const rooted_path path(h.root, given);
    return start<Op>(h, given, path, false,
                     [&](proto::writer& w) { w.put(proto::path_watch_request{path.full(), false}); });
}

template <class Op> auto start_remove_op(handle_view h, std::string_view given, version expected) {
    const rooted_path path(h.root, given);
    return start<Op>(h, given, path, false, [&](proto::writer& w) {
        w.put(proto::path_version_request{path.full(), static_cast<std::int32_t>(expected)});
    });
}

} // namespace

future<std::string> start_create(handle_view h, std::string_view path, data_view data, create_mode mode, acl_view acl) {
    return start_create_op<create_op>(h, path, data, mode, acl, h.root.size());
}

future<created_node> start_create_with_stat(handle_view h, std::string_view path, data_view data, create_mode mode,
                                            acl_view acl) {
    return start_create_op<create2_op>(h, path, data, mode, acl, h.root.size());
}

future<node> start_get(handle_view h, std::string_view path) { return start_read<get_op>(h, path); }

future<std::optional<node>> start_get_if_exists(handle_view h, std::string_view path) {
    return start_read<get_if_exists_op>(h, path);
}

future<std::optional<node_stat>> start_exists(handle_view h, std::string_view path) {
    return start_read<exists_op>(h, path);
}

future<std::vector<std::string>> start_get_children(handle_view h, std::string_view path) {
    return start_read<get_children_op>(h, path);
}

future<child_list> start_get_children_with_stat(handle_view h, std::string_view path) {
    return start_read<get_children2_op>(h, path);
}

future<node_stat> start_set(handle_view h, std::string_view given, data_view data, version expected) {
    const rooted_path path(h.root, given);
    return start<stat_op>(
        h, given, path, data.text().size() > large_request,
        [&](proto::writer& w) {
            w.put(proto::set_data_request{path.full(), data.text(), static_cast<std::int32_t>(expected)});
        },
        "set", proto::opcode::set_data);
}

future<void> start_remove(handle_view h, std::string_view path, version expected) {
    return start_remove_op<remove_op>(h, path, expected);
}

future<bool> start_remove_if_exists(handle_view h, std::string_view path, version expected) {
    return start_remove_op<remove_if_exists_op>(h, path, expected);
}

future<acl_list> start_get_acl(handle_view h, std::string_view given) {
    const rooted_path path(h.root, given);
    return start<get_acl_op>(h, given, path, false, [&](proto::writer& w) { w.put(proto::path_request{path.full()}); });
}

future<node_stat> start_set_acl(handle_view h, std::string_view given, acl_view acl, acl_version expected) {
    const rooted_path path(h.root, given);
    return start<stat_op>(
        h, given, path, false,
        [&](proto::writer& w) {
            w.put(proto::set_acl_request{path.full(), to_wire(acl), static_cast<std::int32_t>(expected)});
        },
        "set_acl", proto::opcode::set_acl);
}

future<void> start_sync(handle_view h, std::string_view given) {
    const rooted_path path(h.root, given);
    return start<sync_op>(h, given, path, false, [&](proto::writer& w) { w.put(proto::path_request{path.full()}); });
}

} // namespace kazoo::detail

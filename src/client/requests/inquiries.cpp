// who_am_i, get_ephemerals, count_descendants: what a server can tell beside nodes.
#include "client/blocking.hpp"
#include "client/requests/start_operation.hpp"

namespace kazoo {

namespace detail {

namespace {

class who_am_i_op final : public operation_state<std::vector<client_identity>> {
  public:
    explicit who_am_i_op(core& c) : operation_state(c, "who_am_i", proto::opcode::who_am_i) {}
    bool decode(std::string_view body) override {
        return decode_into<proto::who_am_i_reply>(body, value, [](const auto& r) {
            std::vector<client_identity> all;
            for (const proto::id& i : r.ids) all.push_back({std::string(i.scheme), std::string(i.name)});
            return all;
        });
    }
};

class get_ephemerals_op final : public operation_state<std::vector<std::string>> {
  public:
    get_ephemerals_op(core& c, std::string_view root)
        : operation_state(c, "get_ephemerals", proto::opcode::get_ephemerals), root_(root) {}
    bool decode(std::string_view body) override {
        return decode_into<proto::names_reply>(body, value, [&](const auto& r) {
            std::vector<std::string> paths;
            for (const std::string_view p : r.names) paths.emplace_back(root_.relative(p));
            return paths;
        });
    }

  private:
    chroot_length root_;
};

class count_op final : public operation_state<std::size_t> {
  public:
    explicit count_op(core& c) : operation_state(c, "count_descendants", proto::opcode::get_all_children_number) {}
    bool decode(std::string_view body) override {
        return decode_into<proto::count_reply>(
            body, value, [](const auto& r) { return static_cast<std::size_t>(std::max(r.count, 0)); });
    }
};

} // namespace

} // namespace detail

future<std::vector<client_identity>> node_operations::async_who_am_i() const {
    return detail::send(*this, detail::make_operation<detail::who_am_i_op>("", core()), {}, detail::place_for(0),
                        [](proto::writer&) {});
}
std::vector<client_identity> client::who_am_i(const std::stop_token& stop) const {
    return detail::blocking(*this, stop, [&] { return async_who_am_i(); });
}

/// Servers compare texts. "/" below a chroot becomes "/app/", so what is beside the chroot is not meant.
future<std::vector<std::string>> node_operations::async_get_ephemerals(std::string_view prefix) const {
    const detail::target at(*this, prefix, "", detail::naming::sequential);
    return detail::start<detail::get_ephemerals_op>(
        at, [&](proto::writer& w) { w.put(proto::path_request{at.path()}); }, root());
}
std::vector<std::string> client::get_ephemerals(std::string_view prefix, const std::stop_token& stop) const {
    return detail::blocking(*this, stop, [&] { return async_get_ephemerals(prefix); });
}

future<std::size_t> node_operations::async_count_descendants(std::string_view path) const {
    const detail::target at(*this, path);
    return detail::start<detail::count_op>(at, [&](proto::writer& w) { w.put(proto::path_request{at.path()}); });
}
std::size_t client::count_descendants(std::string_view path, const std::stop_token& stop) const {
    return detail::blocking(*this, stop, [&] { return async_count_descendants(path); });
}

} // namespace kazoo

// get_config, watch_config, add_config_watch, reconfig: of the ensemble, so no chroot applies.
#include "client/blocking.hpp"
#include "client/handle.hpp"
#include "client/requests/watch_operation.hpp"
#include "util/server_texts.hpp"

namespace kazoo {

namespace detail {

namespace {

constexpr std::string_view config_path = "/zookeeper/config";

ensemble_config to_config(const proto::data_reply& r) { return util::parse_config(std::string(r.data)); }

class config_op final : public operation_state<ensemble_config> {
  public:
    config_op(core& c, std::string_view name, proto::opcode opcode) : operation_state(c, name, opcode) {}
    bool decode(std::string_view body) override { return decode_into<proto::data_reply>(body, value, to_config); }
};

class watch_config_op final : public watch_op<ensemble_config> {
  public:
    using watch_op::watch_op;
    bool decode(std::string_view body) override { return decode_watched<proto::data_reply>(body, to_config); }
};

/// To the servers "" is a list of servers, and none is in it.
std::string_view null_if_empty(std::string_view s) noexcept { return s.empty() ? proto::null_view : s; }

} // namespace

} // namespace detail

future<ensemble_config> node_operations::async_get_config() const {
    const detail::handle unrooted = detail::handle(*this).unrooted();
    const detail::target at(unrooted, detail::config_path);
    return detail::start<detail::config_op>(
        at, [&](proto::writer& w) { w.put(proto::path_watch_request{at.path()}); }, "get_config",
        proto::opcode::get_data);
}
ensemble_config client::get_config(const std::stop_token& stop) const {
    return detail::blocking(*this, stop, [&] { return async_get_config(); });
}

future<watched<ensemble_config>> node_operations::async_watch_config() const {
    return detail::start_oneshot<detail::watch_config_op>(detail::handle(*this).unrooted(), detail::config_path,
                                                          session::watch_kind::data, "watch_config",
                                                          proto::opcode::get_data);
}
watched<ensemble_config> client::watch_config(const std::stop_token& stop) const {
    return detail::blocking(*this, stop, [&] { return async_watch_config(); });
}

future<watch_stream> node_operations::async_add_config_watch() const {
    return detail::handle(*this).unrooted().async_add_watch(detail::config_path, watch_mode::persistent);
}
watch_stream client::add_config_watch(const std::stop_token& stop) const {
    return detail::blocking(*this, stop, [&] { return async_add_config_watch(); });
}

future<ensemble_config> node_operations::async_reconfig(const reconfiguration& r) const {
    const std::size_t bytes = r.joining.size() + r.leaving.size() + r.members.size();
    return detail::send(
        *this, detail::make_operation<detail::config_op>("", core(), "reconfig", proto::opcode::reconfig), {},
        detail::place_for(bytes), [&](proto::writer& w) {
            w.put(proto::reconfig_request{detail::null_if_empty(r.joining), detail::null_if_empty(r.leaving),
                                          detail::null_if_empty(r.members), static_cast<std::int64_t>(r.from)});
        });
}
ensemble_config client::reconfig(const reconfiguration& r, const std::stop_token& stop) const {
    return detail::blocking(*this, stop, [&] { return async_reconfig(r); });
}

} // namespace kazoo

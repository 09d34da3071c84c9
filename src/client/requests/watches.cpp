// The requests that register watches.
#include "client/blocking.hpp"
#include "client/requests/watch_operation.hpp"

namespace kazoo {

namespace detail {

namespace {

class watch_data_op final : public watch_op<node> {
  public:
    using watch_op::watch_op;
    bool decode(std::string_view body) override { return decode_watched<proto::data_reply>(body, to_node); }
};

class watch_children_op final : public watch_op<child_list> {
  public:
    using watch_op::watch_op;
    bool decode(std::string_view body) override {
        child_list list;
        return decode_children(body, this->reply_memory(), list) && give(std::move(list));
    }
};

class watch_exists_op final : public watch_op<std::optional<node_stat>> {
  public:
    using watch_op::watch_op;
    bool decode(std::string_view body) override {
        return decode_watched<proto::stat_reply>(body, [](const auto& r) { return std::optional(to_stat(r)); });
    }
    bool accept_error(std::int32_t err) override {
        if (err != static_cast<std::int32_t>(errc::no_node)) return false;
        value.emplace(watched<std::optional<node_stat>>{std::nullopt, changed()});
        return true;
    }
};

class add_watch_op final : public operation_state<watch_stream> {
  public:
    add_watch_op(core& c, ref<watch_queue> s)
        : operation_state(c, "add_watch", proto::opcode::add_watch), stream_(std::move(s)) {
        watcher = stream_;
    }
    bool decode(std::string_view) override {
        value.emplace(watch_queue::stream(stream_));
        return true;
    }
    void on_undelivered() noexcept override {
        if (stream_->registered()) stream_->forget_later();
    }

  private:
    ref<watch_queue> stream_;
};

} // namespace

} // namespace detail

using session::watch_kind;

future<watched<node>> node_operations::async_watch(std::string_view path) const {
    return detail::start_oneshot<detail::watch_data_op>(*this, path, watch_kind::data, "watch",
                                                        proto::opcode::get_data);
}
watched<node> client::watch(std::string_view path, const std::stop_token& stop) const {
    return detail::blocking(*this, stop, [&] { return async_watch(path); });
}

future<watched<std::optional<node_stat>>> node_operations::async_watch_exists(std::string_view path) const {
    return detail::start_oneshot<detail::watch_exists_op>(*this, path, watch_kind::exists, "watch_exists",
                                                          proto::opcode::exists);
}
watched<std::optional<node_stat>> client::watch_exists(std::string_view path, const std::stop_token& stop) const {
    return detail::blocking(*this, stop, [&] { return async_watch_exists(path); });
}

future<watched<child_list>> node_operations::async_watch_children(std::string_view path) const {
    return detail::start_oneshot<detail::watch_children_op>(*this, path, watch_kind::child, "watch_children",
                                                            proto::opcode::get_children2);
}
watched<child_list> client::watch_children(std::string_view path, const std::stop_token& stop) const {
    return detail::blocking(*this, stop, [&] { return async_watch_children(path); });
}

future<watch_stream> node_operations::async_add_watch(std::string_view given, watch_mode mode) const {
    const detail::target at(*this, given);
    const auto kind = mode == watch_mode::persistent ? watch_kind::persistent : watch_kind::recursive;
    detail::ref<detail::watch_queue> stream(
        new detail::watch_queue(at.owner(), kind, std::string(at.path()), detail::chroot_length(root())));
    return detail::start<detail::add_watch_op>(
        at, [&](proto::writer& w) { w.put(proto::add_watch_request{at.path(), static_cast<std::int32_t>(mode)}); },
        std::move(stream));
}
watch_stream client::add_watch(std::string_view path, watch_mode mode, const std::stop_token& stop) const {
    return detail::blocking(*this, stop, [&] { return async_add_watch(path, mode); });
}

} // namespace kazoo

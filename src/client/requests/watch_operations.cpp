// The requests that register watches.
#include "client/requests/start_operation.hpp"
#include "client/requests/watch_states.hpp"

namespace kazoo::detail {

namespace {

/// A read that sets a one-shot watch. The session registers the watcher when the reply says that the server did.
template <class T> class watch_op : public operation_state<watched<T>> {
  public:
    watch_op(core& c, std::string_view name, proto::opcode opcode, ref<oneshot_state> w)
        : operation_state<watched<T>>(c, name, opcode, false), watch_(std::move(w)) {
        this->watcher = watch_.get();
    }

    void on_any_reply(const session::reply& r) noexcept override {
        if (r.err != 0 && !(this->op == proto::opcode::exists && r.err == static_cast<std::int32_t>(errc::no_node)))
            return;
        watch_->entered_table();
        if (this->is_claimed_by_consumer()) watch_->forget_later();
    }

  protected:
    template <class Record, class Convert> bool decode_watched(std::string_view body, Convert convert) {
        Record record;
        return proto::decode(body, record) ? give(convert(record)) : refuse_reply();
    }
    bool give(T read) {
        this->value.emplace(watched<T>{std::move(read), changed()});
        return true;
    }
    /// The server watches, but nobody will hold the watch.
    bool refuse_reply() noexcept {
        watch_->forget_later();
        return false;
    }
    future<watch_event> changed() { return future<watch_event>(ref<shared_state<watch_event>>(watch_)); }

  private:
    ref<oneshot_state> watch_;
};

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
        return decode_children(body, list) ? give(std::move(list)) : refuse_reply();
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
        : operation_state(c, "add_watch", proto::opcode::add_watch, false), stream_(std::move(s)) {
        watcher = stream_.get();
    }
    void on_any_reply(const session::reply& r) noexcept override {
        if (r.err != 0) return;
        stream_->entered_table();
        if (is_claimed_by_consumer()) stream_->forget_later();
    }
    bool decode(std::string_view) override {
        value.emplace(watch_stream(stream_));
        return true;
    }

  private:
    ref<watch_queue> stream_;
};

template <class Op>
auto start_oneshot(handle_view h, std::string_view given, session::watch_kind kind, std::string_view name,
                   proto::opcode opcode) {
    const rooted_path path(h.root, given);
    ref<oneshot_state> watch(new oneshot_state(h.owner, kind, std::string(path.full()), h.root.size()));
    return start<Op>(
        h, given, path, false, [&](proto::writer& w) { w.put(proto::path_watch_request{path.full(), true}); }, name,
        opcode, std::move(watch));
}

} // namespace

future<watched<node>> start_watch(handle_view h, std::string_view path) {
    return start_oneshot<watch_data_op>(h, path, session::watch_kind::data, "watch", proto::opcode::get_data);
}

future<watched<std::optional<node_stat>>> start_watch_exists(handle_view h, std::string_view path) {
    return start_oneshot<watch_exists_op>(h, path, session::watch_kind::exists, "watch_exists", proto::opcode::exists);
}

future<watched<child_list>> start_watch_children(handle_view h, std::string_view path) {
    return start_oneshot<watch_children_op>(h, path, session::watch_kind::child, "watch_children",
                                            proto::opcode::get_children2);
}

future<watch_stream> start_add_watch(handle_view h, std::string_view given, watch_mode mode) {
    const rooted_path path(h.root, given);
    const auto kind = mode == watch_mode::persistent ? session::watch_kind::persistent : session::watch_kind::recursive;
    ref<watch_queue> stream(new watch_queue(h.owner, kind, std::string(path.full()), h.root.size()));
    return start<add_watch_op>(
        h, given, path, false,
        [&](proto::writer& w) { w.put(proto::add_watch_request{path.full(), static_cast<std::int32_t>(mode)}); },
        std::move(stream));
}

} // namespace kazoo::detail

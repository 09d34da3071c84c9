#pragma once
// Reads that set a one-shot watch, whatever they read.
#include "client/requests/start_operation.hpp"
#include "client/requests/watch_states.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace kazoo::detail {

/// By the time of the reply the session has registered the watcher, if the server did.
template <class T> class watch_op : public operation_state<watched<T>> {
  public:
    watch_op(core& c, std::string_view name, proto::opcode opcode, ref<oneshot_state> w)
        : operation_state<watched<T>>(c, name, opcode), watch_(std::move(w)) {
        this->watcher = watch_;
    }

  protected:
    template <class Record, class Convert> bool decode_watched(std::string_view body, Convert convert) {
        Record record;
        return proto::decode(body, record) && give(convert(record));
    }
    bool give(T read) {
        this->value.emplace(watched<T>{std::move(read), changed()});
        return true;
    }
    void on_undelivered() noexcept final {
        if (watch_->registered()) watch_->forget_later();
    }
    future<watch_event> changed() { return make_future<watch_event>(watch_); }

  private:
    ref<oneshot_state> watch_;
};

template <class Op>
auto start_oneshot(const node_operations& h, std::string_view given, session::watch_kind kind, std::string_view name,
                   proto::opcode opcode) {
    const target at(h, given);
    ref<oneshot_state> watch(new oneshot_state(at.owner(), kind, std::string(at.path()), chroot_length(h.root())));
    return start<Op>(
        at, [&](proto::writer& w) { w.put(proto::path_watch_request{.path = at.path(), .watch = true}); }, name, opcode,
        std::move(watch));
}

} // namespace kazoo::detail

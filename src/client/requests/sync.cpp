#include "client/blocking.hpp"
#include "client/requests/start_operation.hpp"

namespace kazoo {

namespace detail {

namespace {

class sync_op final : public operation_state<void> {
  public:
    explicit sync_op(core& c) : operation_state(c, "sync", proto::opcode::sync) {}
    bool decode(std::string_view) override {
        value.emplace();
        return true;
    }
};

} // namespace

} // namespace detail

future<void> node_operations::async_sync(std::string_view given) const {
    const detail::target at(*this, given);
    return detail::start<detail::sync_op>(at, [&](proto::writer& w) { w.put(proto::path_request{at.path()}); });
}
void client::sync(std::string_view path, const std::stop_token& stop) const {
    detail::blocking(*this, stop, [&] { return async_sync(path); });
}

} // namespace kazoo

#include "client/blocking.hpp"
#include "client/requests/start_operation.hpp"

namespace kazoo {

namespace detail {

namespace {

class sync_op final : public operation_state<void> {
  public:
    explicit sync_op(core& c) : operation_state(c, "sync", proto::opcode::sync, false) {}
    bool decode(std::string_view) override {
        value.emplace();
        return true;
    }
};

} // namespace

} // namespace detail

future<void> node_operations::async_sync(std::string_view given) const {
    const auto path = detail::chroot(root()).absolute(given);
    return detail::start<detail::sync_op>(*this, given, path, false,
                                          [&](proto::writer& w) { w.put(proto::path_request{path.view()}); });
}
void client::sync(std::string_view path) const {
    detail::blocking(*this, [&] { return async_sync(path); });
}

} // namespace kazoo

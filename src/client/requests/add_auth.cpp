// add_auth: a credential that the session keeps once the server has accepted it.
#include "client/requests/operations.hpp"

namespace kazoo::detail {

namespace {

class auth_state final : public shared_state<void> {
  public:
    using shared_state::shared_state;
    std::string_view operation() const noexcept override { return "add_auth"; }
    outcome on_abandoned() noexcept override { return outcome::unknown; }
};

class pending_credential final : public session::credential {
  public:
    explicit pending_credential(ref<shared_state<void>> waiter) noexcept : waiter_(std::move(waiter)) {}
    void on_accepted() noexcept override {
        if (waiter_->claim()) waiter_->publish(unit{});
    }
    void on_refused(errc e) noexcept override {
        if (!waiter_->claim()) return;
        failure f;
        f.code = make_error_code(e);
        waiter_->publish_failure(std::move(f));
    }

  private:
    ref<shared_state<void>> waiter_;
};

} // namespace

future<void> start_add_auth(handle_view h, std::string_view scheme, std::string_view secret) {
    ref<shared_state<void>> waiter(new auth_state(h.owner));
    auto credential = std::make_shared<pending_credential>(waiter);
    credential->scheme = scheme;
    credential->secret = secret;
    if (const errc e = h.owner.refusing(); e != errc{})
        credential->on_refused(e);
    else
        h.owner.add_credential(std::move(credential));
    return future<void>(std::move(waiter));
}

} // namespace kazoo::detail

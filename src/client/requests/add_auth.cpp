// add_auth: a credential that the session keeps once the server has accepted it.
#include "client/blocking.hpp"
#include "client/client_access.hpp"

namespace kazoo {

namespace detail {

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
        if (waiter_->claim()) waiter_->publish_failure(e);
    }

  private:
    ref<shared_state<void>> waiter_;
};

} // namespace

} // namespace detail

future<void> node_operations::async_add_auth(std::string_view scheme, std::string_view secret) const {
    detail::core& owner = detail::client_access::core_of(*this);
    detail::ref<detail::shared_state<void>> waiter(new detail::auth_state(owner));
    auto credential = std::make_shared<detail::pending_credential>(waiter);
    credential->scheme = scheme;
    credential->secret = secret;
    if (const errc e = owner.refusing(); e != errc{})
        credential->on_refused(e);
    else if (detail::client_access::expired(*this))
        credential->on_refused(errc::session_expired);
    else
        owner.add_credential(std::move(credential));
    return detail::make_future(std::move(waiter));
}
void client::add_auth(std::string_view scheme, std::string_view secret, const std::stop_token& stop) const {
    detail::blocking(*this, stop, [&] { return async_add_auth(scheme, secret); });
}

} // namespace kazoo

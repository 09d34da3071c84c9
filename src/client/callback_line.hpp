#pragma once
// Callbacks in an order of their own, beside the client's.
#include "client/core.hpp"

#include <string>

namespace kazoo::detail {

/// For functions of users that may take long. Keeps itself while a drain is under way, and the memory of the client.
class callback_line final : public ref_counted<callback_line, context> {
    friend class ref_counted<callback_line, context>; // destroys it

  public:
    static ref<callback_line> of(core& c) { return ref<callback_line>(new callback_line(c)); }

    void post(job& j) noexcept override { jobs_.post(j); }
    void post_to_loop(job& j) noexcept override { core_->post_to_loop(j); }
    std::uint64_t start_timer(std::chrono::nanoseconds delay, job& j) noexcept override {
        return core_->start_timer(delay, j);
    }
    bool cancel_timer(std::uint64_t t) noexcept override { return core_->cancel_timer(t); }
    std::chrono::nanoseconds operation_limit() const noexcept override { return core_->operation_limit(); }
    errc may_block(bool for_executor) const noexcept override { return core_->may_block(for_executor); }
    std::string why_no_connection() const override { return core_->why_no_connection(); }
    bool pump(shared_state_base& s, std::chrono::nanoseconds limit, const std::stop_token& stop) noexcept override {
        return core_->pump(s, limit, stop);
    }

  private:
    explicit callback_line(core& c) noexcept : core_(ref<core>::share(&c)), jobs_(*this, c.callbacks()) {}
    ~callback_line() override = default;

    const ref<core> core_;
    callback_fifo jobs_;
};

} // namespace kazoo::detail

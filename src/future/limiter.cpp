#include "future/limiter.hpp"

#include <memory>
#include <utility>

namespace kazoo::detail {

void shared_state_base::limit(std::chrono::nanoseconds delay) {
    if (ready() || delay >= longest_limit) return;
    auto l = std::make_unique<limiter>(*this);
    l->delay = delay;
    l->has_timer = true;
    l->post(l->on_arm);
    add_limiter(std::move(l));
}

void shared_state_base::stop_on(std::stop_token stop) {
    if (ready() || !stop.stop_possible()) return;
    auto l = std::make_unique<limiter>(*this);
    l->stop_callback.emplace(std::move(stop), limiter::request_stop{l.get()});
    add_limiter(std::move(l));
}

void shared_state_base::add_limiter(std::unique_ptr<limiter> l) noexcept {
    l->next = limiters_.load(std::memory_order_relaxed); // only the one consumer adds
    limiter* expected = l->next;
    limiter* const added = l.release();
    if (!limiters_.compare_exchange_strong(expected, added)) {
        added->next = nullptr; // the state has completed meanwhile and taken the others away
        limiters_.store(added);
    }
    // Pairs with publish(): either it sees the limiter, or we see that it is ready.
    if (word_.load() & is_ready) drop_limiters();
}

void shared_state_base::drop_limiters() noexcept {
    limiter* l = limiters_.exchange(nullptr);
    while (l != nullptr) {
        limiter* const next = l->next;
        l->stop_callback.reset();
        if (l->has_timer) l->post(l->on_disarm);
        l->release();
        l = next;
    }
}

} // namespace kazoo::detail

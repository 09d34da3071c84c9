#include "client/listener.hpp"

#include <kazoo/watch.hpp>

namespace kazoo {

namespace detail {

namespace {
thread_local const listener* running_here = nullptr;
}

void listener::run(const void* event) {
    function ended; // destroyed outside the lock: its captures are the user's
    const util::lock_guard lock(running_);
    if (!active()) return;
    struct mark {
        explicit mark(const listener* l) noexcept : outer(std::exchange(running_here, l)) {}
        ~mark() { running_here = outer; }
        const listener* outer;
    } const here(this);
    struct drop_if_ended {
        listener& self;
        function& into;
        ~drop_if_ended() KAZOO_NO_THREAD_SAFETY_ANALYSIS {
            if (!self.active()) into = std::move(self.function_);
        }
    } const behind{*this, ended};
    function_(event);
}

void listener::end() noexcept {
    active_.store(false, std::memory_order_release);
    if (running_here == this) return; // call() drops the function behind itself
    function ended;
    const util::lock_guard wait_for_a_call_in_progress(running_);
    ended = std::move(function_);
}

} // namespace detail

subscription::subscription() noexcept = default;
subscription::subscription(subscription&&) noexcept = default;
subscription::subscription(detail::ref<detail::listener> l) noexcept : listener_(std::move(l)) {}

subscription& subscription::operator=(subscription&& other) noexcept {
    reset();
    listener_ = std::move(other.listener_);
    return *this;
}

subscription::~subscription() { reset(); }

void subscription::reset() noexcept {
    if (!listener_) return;
    listener_->end();
    listener_.reset();
}

} // namespace kazoo

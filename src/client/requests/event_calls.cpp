#include "client/requests/event_calls.hpp"

#include "client/client_access.hpp"

#include <kazoo/watch.hpp>

#include <exception>
#include <new>

namespace kazoo {

namespace detail {

event_calls::event_calls(core& c, ref<watch_queue> q, std::function<void(const watch_event&)> f)
    : listener_for(std::move(f)),
      continuation{&arrived},
      job{&run_job, nullptr},
      owner_(ref<core>::share(&c)),
      queue_(std::move(q)) {}

void event_calls::wait() noexcept {
    try {
        next_ = queue_->next();
    } catch (const std::bad_alloc&) {
        return report("no memory for the next event, the watch ends");
    }
    retain(); // until run_job()
    if (!next_->attach(*this)) arrived(this);
}

void event_calls::end() noexcept {
    listener::end();
    queue_->end();
}

void event_calls::arrived(continuation* c) noexcept {
    auto* const self = static_cast<event_calls*>(c);
    self->owner_->post(*self);
}

void event_calls::run_job(job* j) noexcept {
    const ref<event_calls> self(static_cast<event_calls*>(j)); // adopts wait()'s count
    const auto next = std::move(self->next_);
    if (!self->active()) return;
    if (next->failed()) {
        const std::error_code why = next->take_failure().code;
        if (why != errc::closed && why != errc::cancelled) self->report(why.message());
        return;
    }
    self->tell(*std::move(next->value));
    if (self->active()) self->wait();
}

void event_calls::tell(watch_event e) noexcept {
    try {
        call(e);
    } catch (const std::exception& thrown) {
        report(std::string("its function threw: ") + thrown.what());
    } catch (...) {
        report("its function threw something that is no std::exception");
    }
}

void event_calls::report(std::string_view what) noexcept {
    try {
        owner_->log(log_level::warn, "watch of " + queue_->path + ": " + std::string(what));
    } catch (const std::bad_alloc&) {
        owner_->log(log_level::warn, what);
    }
}

} // namespace detail

subscription watch_stream::on_event(std::function<void(const watch_event&)> f) && {
    if (!state_) throw_error(make_error_code(errc::bad_arguments), outcome::not_applied, "on_event", {}, "no watch");
    const detail::ref<detail::event_calls> calls(new detail::event_calls(state_->owner(), state_, std::move(f)));
    state_.reset();
    calls->wait();
    return subscription(calls);
}

} // namespace kazoo

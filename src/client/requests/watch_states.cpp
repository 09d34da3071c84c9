#include "client/requests/watch_states.hpp"

#include <kazoo/watch.hpp>

namespace kazoo {

namespace detail {

namespace {

class next_event_state final : public shared_state<watch_event> {
  public:
    next_event_state(core& c, std::string_view path) : shared_state<watch_event>(c), path_(path) {}
    std::string_view operation() const noexcept override { return "watch_stream"; }
    std::string_view path() const noexcept override { return path_; }
    std::chrono::nanoseconds default_limit() const noexcept override { return std::chrono::nanoseconds::max(); }
    void abandon_interest() noexcept override { fail(errc::cancelled); }

  private:
    std::string path_;
};

zxid known_zxid(std::int64_t z) noexcept { return z > 0 ? static_cast<zxid>(z) : zxid::none; }

} // namespace

void client_watcher::forget_later() noexcept {
    if (forgotten_.exchange(true)) return;
    retain();
    core_.loop().post(forget_);
}

void client_watcher::forget() noexcept {
    const ref<client_watcher> self(this); // adopts forget_later()'s count
    core_.driver().forget(*this);
}

// -- one-shot ---------------------------------------------------------------------------------------------------------

void oneshot_state::on_event(event_type type, std::string_view where, std::int64_t zxid) noexcept {
    if (claim()) publish(watch_event{type, relative(where), known_zxid(zxid)});
}

void oneshot_state::on_end(errc reason) noexcept {
    if (claim()) publish_failure(reason);
}

// -- stream -----------------------------------------------------------------------------------------------------------

void watch_queue::queue(watch_event e) {
    if (e.type == event_type::gap && !events_.empty() && events_.back().type == event_type::gap) return;
    if (events_.size() >= max_queued) {
        events_.clear();
        e = watch_event{event_type::gap, std::string(own_path()), zxid::none};
    }
    events_.push_back(std::move(e));
}

void watch_queue::on_event(event_type type, std::string_view where, std::int64_t zxid) noexcept {
    watch_event e{type, relative(where), known_zxid(zxid)};
    ref<shared_state<watch_event>> waiter;
    {
        const util::lock_guard lock(mutex_);
        waiter = std::move(waiting_);
        if (!waiter || !waiter->claim()) return queue(std::move(e));
    }
    waiter->publish(std::move(e));
}

void watch_queue::on_end(errc reason) noexcept {
    ref<shared_state<watch_event>> waiter;
    {
        const util::lock_guard lock(mutex_);
        ended_ = reason;
        waiter = std::move(waiting_);
    }
    if (waiter && waiter->claim()) waiter->publish_failure(reason);
}

void watch_queue::end() noexcept {
    ref<shared_state<watch_event>> waiter;
    {
        const util::lock_guard lock(mutex_);
        if (ended_ == errc{}) ended_ = errc::cancelled; // who asks for an event from now on must not wait
        events_.clear();
        waiter = std::move(waiting_);
    }
    if (waiter) waiter->fail(errc::cancelled);
    forget_later();
}

ref<shared_state<watch_event>> watch_queue::next() {
    ref<shared_state<watch_event>> wanted(new next_event_state(*context_, own_path()));
    const util::lock_guard lock(mutex_);
    if (!events_.empty()) {
        if (wanted->claim()) wanted->publish(std::move(events_.front()));
        events_.pop_front();
    } else if (ended_ != errc{}) {
        if (wanted->claim()) wanted->publish_failure(ended_);
    } else if (waiting_ && !waiting_->is_claimed()) {
        if (wanted->claim())
            wanted->publish_failure(errc::bad_arguments); // only one may wait: the first would never complete
    } else {
        waiting_ = wanted;
    }
    return wanted;
}

} // namespace detail

// -- watch_stream -----------------------------------------------------------------------------------------------------

watch_stream::watch_stream() noexcept = default;
watch_stream::watch_stream(watch_stream&&) noexcept = default;
watch_stream::watch_stream(detail::ref<detail::watch_queue> s) noexcept : state_(std::move(s)) {}

watch_stream& watch_stream::operator=(watch_stream&& other) noexcept {
    if (state_) state_->end();
    state_ = std::move(other.state_);
    return *this;
}

watch_stream::~watch_stream() {
    if (state_) state_->end();
}

future<watch_event> watch_stream::async_next() { return detail::make_future(state_->next()); }

namespace {

std::optional<watch_event> event_or_nothing(result<watch_event> r, std::initializer_list<errc> nothing) {
    if (r) return *std::move(r);
    for (const errc e : nothing)
        if (r.error() == e) return std::nullopt;
    r.rethrow();
}

} // namespace

std::optional<watch_event> watch_stream::next(const std::stop_token& stop) {
    return event_or_nothing(async_next().result(stop), {errc::cancelled, errc::closed});
}

std::optional<watch_event> watch_stream::next_for(time_limit limit, const std::stop_token& stop) {
    return event_or_nothing(async_next().result_for(limit, stop),
                            {errc::operation_timeout, errc::cancelled, errc::closed});
}

} // namespace kazoo

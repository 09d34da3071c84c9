#include "client/session_board.hpp"

#include "client/core.hpp"
#include "util/duration_text.hpp"

#include <memory>
#include <new>
#include <utility>

namespace kazoo::detail {

namespace {

class connected_state final : public detail::shared_state<void> {
  public:
    explicit connected_state(core& c) noexcept : detail::shared_state<void>(c), core_(c) {}
    std::string_view operation() const noexcept override { return "wait_connected"; }
    /// Its error names the last failure of each address.
    outcome on_abandoned() noexcept override {
        try {
            failures_ = core_.why_no_connection();
        } catch (const std::bad_alloc&) { // then the error says less
        }
        return outcome::not_applied;
    }
    std::string_view detail() const noexcept override { return failures_; }
    void abandon_interest() noexcept override { fail(errc::cancelled); }
    void refused(const std::string& failures, errc reason = errc::connection_loss) {
        if (!claim()) return;
        try {
            failures_ = failures;
        } catch (const std::bad_alloc&) { // then the error says less
        }
        publish_failure(reason);
    }

  private:
    core& core_;
    std::string failures_;
};

class certainty_state final : public detail::shared_state<void> {
  public:
    using shared_state::shared_state;
    std::string_view operation() const noexcept override { return "wait"; }
    void abandon_interest() noexcept override { fail(errc::cancelled); }
};

/// Why the client will never connect again; errc{} if it may.
errc final_error(session_state s) noexcept {
    switch (s) {
    case session_state::closed: return errc::closed;
    case session_state::auth_failed: return errc::auth_failed;
    default: return errc{};
    }
}

/// One change of state on its way to the listeners.
struct announcement : job {
    core& owner;
    session_state state;
    std::vector<ref<state_listener>> listeners;

    announcement(core& c, session_state s, std::vector<ref<state_listener>> l) noexcept
        : job{&run_all, nullptr}, owner(c), state(s), listeners(std::move(l)) {}
    static void run_all(job* j) noexcept {
        const std::unique_ptr<announcement> self(static_cast<announcement*>(j));
        for (const auto& l : self->listeners) {
            try {
                l->call(self->state);
            } catch (...) {
                self->owner.log_exception("a state listener");
            }
        }
    }
};

void complete(const ref<detail::shared_state<void>>& waiter, errc e) noexcept {
    if (!waiter->claim()) return;
    if (e == errc{})
        waiter->publish(unit{});
    else
        waiter->publish_failure(e);
}

/// In a forked child, where no lock may be taken: a thread that is not in this process may hold it.
bool refused_in_child(const ref<detail::shared_state<void>>& waiter, core& c) noexcept {
    if (!c.loop().forked()) return false;
    complete(waiter, errc::forked);
    return true;
}

/// There is no connection, and may be one.
bool is_open(session_state s) noexcept { return !is_connected(s) && final_error(s) == errc{}; }

} // namespace

session::identity session_board::identity() const {
    const util::lock_guard lock(mutex_);
    return identity_;
}

std::stop_token session_board::session_token() const {
    const util::lock_guard lock(mutex_);
    return lost_.get_token();
}

std::string session_board::hosts() const {
    const util::lock_guard lock(mutex_);
    return hosts_;
}

void session_board::set_hosts(std::string hosts) {
    const util::lock_guard lock(mutex_);
    hosts_ = std::move(hosts);
}

std::string session_board::last_failures() const {
    const util::lock_guard lock(mutex_);
    return last_failures_;
}

std::string session_board::why_no_connection(time_point now) const {
    const util::lock_guard lock(mutex_);
    if (attempt_.what.empty()) return last_failures_;
    const std::string attempt = attempt_.what + " within " + util::to_text(now - attempt_.since);
    return last_failures_.empty() ? attempt : last_failures_ + "; " + attempt;
}

session_board::dated_state session_board::state_and_since() const {
    const util::lock_guard lock(mutex_);
    return {state(), since_};
}

std::string session_board::server() const {
    const util::lock_guard lock(mutex_);
    return server_.address.empty() ? std::string() : to_string(server_);
}

util::endpoint session_board::peer() const {
    const util::lock_guard lock(mutex_);
    return server_;
}

void session_board::set_last_failures(failures f) {
    std::vector<ref<detail::shared_state<void>>> over;
    {
        const util::lock_guard lock(mutex_);
        last_failures_ = f.text;
        attempt_ = std::move(f.attempt);
        refused_ = f.refused_by_all;
        if (f.refused_by_all) over = trying_.take();
    }
    for (const auto& w : over) static_cast<connected_state&>(*w).refused(f.text);
}

ref<listener> session_board::add_listener(std::function<void(session_state)> f) {
    ref<state_listener> l(new state_listener(std::move(f)));
    const util::lock_guard lock(mutex_);
    listeners_.add(l);
    return l;
}

ref<detail::shared_state<void>> session_board::wait_connected(core& c) {
    ref<detail::shared_state<void>> waiter(new connected_state(c));
    if (refused_in_child(waiter, c)) return waiter;
    session_state now = session_state::connecting;
    {
        const util::lock_guard lock(mutex_);
        now = state();
        if (is_open(now)) waiting_.add(waiter);
    }
    if (!is_open(now)) answer(waiter, now);
    return waiter;
}

ref<detail::shared_state<void>> session_board::try_connect(core& c) {
    ref<detail::shared_state<void>> waiter(new connected_state(c));
    if (refused_in_child(waiter, c)) return waiter;
    session_state now = session_state::connecting;
    {
        const util::lock_guard lock(mutex_);
        now = state();
        if (is_open(now) && refused_)
            static_cast<connected_state&>(*waiter).refused(last_failures_);
        else if (is_open(now))
            trying_.add(waiter);
    }
    if (!is_open(now)) answer(waiter, now);
    return waiter;
}

/// Of who waits for a connection. Not under the mutex, which a refusal's text takes.
void session_board::answer(const ref<detail::shared_state<void>>& waiter, session_state now) const {
    if (now == session_state::auth_failed)
        static_cast<connected_state&>(*waiter).refused(last_failures(), errc::auth_failed);
    else
        complete(waiter, final_error(now));
}

ref<detail::shared_state<void>> session_board::wait_certain(core& c, std::uint64_t epoch) {
    ref<detail::shared_state<void>> waiter(new certainty_state(c));
    const util::lock_guard lock(mutex_);
    if (epoch_.load(std::memory_order_relaxed) != epoch)
        complete(waiter, errc::session_expired);
    else if (certainty_lasts_)
        complete(waiter, errc{});
    else
        waiting_for_certainty_.add(waiter);
    return waiter;
}

void session_board::refuse_certainty() noexcept {
    std::vector<ref<detail::shared_state<void>>> waiting;
    {
        const util::lock_guard lock(mutex_);
        waiting = waiting_for_certainty_.take();
    }
    for (const auto& w : waiting) complete(w, errc::no_auth);
}

void session_board::set_certainty(certainty c) noexcept {
    certain_until_.store(c.until.time_since_epoch().count());
    if (std::exchange(certainty_lasts_, c.lasts) || !c.lasts) return;
    std::vector<ref<detail::shared_state<void>>> waiting;
    {
        const util::lock_guard lock(mutex_);
        waiting = waiting_for_certainty_.take();
    }
    for (const auto& w : waiting) complete(w, errc{});
}

void session_board::change(core& c, session_state now, const session::identity& identity,
                           const util::endpoint& server) {
    std::vector<ref<detail::shared_state<void>>> waiting, trying, uncertain;
    std::vector<ref<state_listener>> listeners;
    std::stop_source lost(std::nostopstate);
    const bool over = now == session_state::lost || final_error(now) != errc{};
    {
        const util::lock_guard lock(mutex_);
        if (over) epoch_.fetch_add(1, std::memory_order_acq_rel);
        if (is_connected(state()) && !is_connected(now)) {
            interrupted_at_.store(c.loop().now().time_since_epoch().count());
            interruptions_.fetch_add(1, std::memory_order_acq_rel);
        }
        state_.store(now, std::memory_order_release);
        since_ = c.loop().now();
        identity_ = identity;
        server_ = is_connected(now) ? server : util::endpoint();
        if (is_connected(now)) last_failures_.clear();
        if (is_connected(now)) attempt_ = {};
        if (is_connected(now)) refused_ = false;
        if (is_connected(now) || final_error(now) != errc{}) {
            waiting = waiting_.take();
            trying = trying_.take();
        }
        if (over) uncertain = waiting_for_certainty_.take();
        listeners = now == session_state::closed ? listeners_.take() : listeners_.rest();
        if (over) lost = std::exchange(lost_, std::stop_source());
        if (final_error(now) != errc{}) lost_ = lost; // a token asked for later says so at once
    }
    for (const auto& w : waiting) answer(w, now);
    for (const auto& w : trying) answer(w, now);
    for (const auto& w : uncertain) complete(w, errc::session_expired);
    if (lost.stop_possible()) c.loop().signal(std::move(lost));
    if (!listeners.empty()) c.post(*new announcement(c, now, std::move(listeners)));
}

} // namespace kazoo::detail

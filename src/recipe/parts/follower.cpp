#include "recipe/parts/follower.hpp"

#include "recipe/parts/patrol.hpp"

#include <new>
#include <string>
#include <utility>

namespace kazoo::recipe {

void follower::stop() noexcept {
    if (forked()) return;
    end_calls();
    if (!stopped_.exchange(true)) abandon();
}

template <class Value>
std::shared_ptr<follower> follower_of<Value>::start(const client& c, std::string_view path, follow_rules rules,
                                                    function f) {
    auto self = std::make_shared<follower_of>(c, path, std::move(rules));
    auto tell = [weak = std::weak_ptr(self), f = std::move(f)](const news<std::optional<Value>>& n) {
        if (const auto s = weak.lock()) s->tell(f, n);
    };
    std::string who = "the function of " + std::string(self->recipe()) + " " + self->path();
    self->calls_ = ref(new mailbox<std::optional<Value>>(self->owner(), std::move(who), std::move(tell)));
    auto following = spawn(self->owner(), self->waiting(self->recipe()), follow(self));
    if (following.ready()) // refused
        self->put_end(std::move(following).result().error());
    else
        std::move(following).detach();
    return self;
}

template <class Value> void follower_of<Value>::tell(const function& f, const news<std::optional<Value>>& n) {
    if (n.read && f(n.read->value, n.read->cause) == watch_next::stop) return stop();
    if (!n.failure || !active()) return;
    if (rules_.on_error)
        rules_.on_error(*n.failure);
    else
        owner().log(log_level::warn, n.failure->what());
}

template <class Value> void follower_of<Value>::put_end(const std::error_code& why) noexcept {
    if (why == errc::forked) return;
    const bool nothing_to_tell = !why || why == errc::closed || why == errc::cancelled;
    try {
        if (!nothing_to_tell) return calls_->put_end(error(why, outcome::not_applied, recipe(), path()));
    } catch (const std::bad_alloc&) { // it ends in silence
    }
    calls_->put_end();
}

template <class Value> task<void> follower_of<Value>::follow(std::shared_ptr<follower_of> self) {
    const call here(*self, co_await this_scope{});
    struct at_the_end {
        follower_of& whose;
        std::error_code why;
        ~at_the_end() { whose.put_end(why); }
    } end{*self, {}};
    lookout changes(self->owner(), self->absolute(self->node()), reading<Value>::what);
    std::optional<sight> told;
    std::optional<watch_event> cause;
    pinned_handle zk = self->session();
    for (bool behind_a_loss = false;;) {
        {
            auto now = co_await as_result(self->read(zk, behind_a_loss));
            end.why = now.error();
            if (now) {
                if (!told || !told->same_content(now->seen)) self->calls_->put(std::move(now->value), std::move(cause));
                told = now->seen;
                if (!now->changed.valid()) co_return;
                changes.watch(now->seen, std::move(now->changed));
            }
        }
        if (!end.why) {
            const auto waited = co_await as_result(first_of(changes.change()));
            auto came = changes.what_came();
            cause.reset();
            if (!waited)
                end.why = waited.error(); // told to end
            else if (came)
                cause = *std::move(came);
            else if (came.error() != errc::cancelled) // which says: there is something new of which no event came
                end.why = came.error();
        }
        behind_a_loss = end.why == errc::session_expired;
        if (end.why && !behind_a_loss) co_return;
        if (behind_a_loss) zk = self->session();
    }
}

template <class Value> task<reading<Value>> follower_of<Value>::read(pinned_handle zk, bool behind_a_loss) {
    const auto watch_creation = [&] { return zk.async_watch_exists(node()); };
    for (;;) {
        reading<Value> now = co_await read_and_watch<Value>(zk, node(), behind_a_loss);
        if (now.value || !rules_.waits_for_creation) co_return now;
        auto missing = co_await repeat(watch_creation);
        if (missing.value) continue; // it was made meanwhile
        now.changed = std::move(missing.changed);
        co_return now;
    }
}

template class follower_of<node>;
template class follower_of<child_list>;

} // namespace kazoo::recipe

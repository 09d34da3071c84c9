#include "recipe/parts/follower.hpp"

#include "recipe/parts/in_each_session.hpp"
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
                                                    reader read, function f) {
    auto self = std::make_shared<follower_of>(c, path, std::move(rules), std::move(read));
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
    lookout changes(self->owner(), self->absolute(self->node()), reading<Value>::what);
    std::optional<sight> told;
    std::optional<watch_event> cause;
    const auto in_one_session = [&](pinned_handle zk, bool behind_a_loss) -> task<void> {
        for (;; behind_a_loss = false) {
            {
                auto now = co_await self->read_(zk, self->node(), behind_a_loss);
                if (!told || !told->same_content(now.seen)) self->calls_->put(std::move(now.value), std::move(cause));
                told = now.seen;
                if (!now.changed.valid()) co_return;
                changes.watch(now.seen, std::move(now.changed));
            }
            co_await first_of(changes.change());
            auto came = changes.what_came();
            cause.reset();
            if (came)
                cause = *std::move(came);
            else if (came.error() != errc::cancelled) // which says: there is something new of which no event came
                came.rethrow();
        }
    };
    const auto end = co_await as_result(in_each_session(*self, in_one_session));
    self->put_end(end.error());
}

template class follower_of<node>;
template class follower_of<child_list>;
template class follower_of<std::vector<std::string>>;

} // namespace kazoo::recipe

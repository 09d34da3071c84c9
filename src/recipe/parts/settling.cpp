#include "recipe/parts/settling.hpp"

#include "recipe/parts/in_each_session.hpp"
#include "recipe/parts/patrol.hpp"
#include "recipe/parts/reading.hpp"

#include <utility>

namespace kazoo::recipe {

task<settled_list> settling::settled(std::shared_ptr<settling> self, known_list known) {
    const call here(*self, co_await this_scope{});
    std::optional<sight> last = known.last;
    std::optional<time_point> event_at = known.event_at;
    time_point changed_at = event_at.value_or(time_point{});
    const auto in_one_session = [&](pinned_handle zk, bool behind_a_loss) -> task<settled_list> {
        for (;; behind_a_loss = false) {
            auto now = co_await read_and_watch<child_list>(zk, self->node(), behind_a_loss);
            if (!now.value)
                throw_error(make_error_code(errc::no_node), outcome::not_applied, self->recipe(), self->path());
            // 1. The boundary begins with each change: at the moment when its event came, or for what no event tells of
            //    when it is learnt, as there may be newer changes behind the one that was told.
            const bool was_told = event_at && last && now.seen.is_next_after(*last);
            if (!last || !last->same_content(now.seen)) changed_at = was_told ? *event_at : self->now();
            last = now.seen;
            // 2. It is over, and a server has just said that the list is the same: that one is settled.
            const duration left = saturating_add(changed_at, self->boundary_) - self->now();
            if (left <= duration::zero()) {
                settled_list settled{*std::move(now.value), now.seen, {}};
                settled.changed = spawn(self->owner(), self->reading("settled children"),
                                        change(self, now.seen, zk, std::move(now.changed)));
                co_return settled;
            }
            // 3. Until then, or until the next change. Servers may not tell of one; the reading at the end shows it.
            const auto event = co_await as_result(std::move(now.changed).timeout(left));
            event_at.reset();
            if (event) event_at = self->now();
            if (!event && event.error() != errc::operation_timeout) event.rethrow();
        }
    };
    co_return co_await in_each_session(*self, in_one_session);
}

task<void> settling::change(std::shared_ptr<settling> self, sight settled, pinned_handle zk,
                            future<watch_event> changed) {
    const call here(*self, co_await this_scope{});
    lookout changes(self->owner(), self->absolute(self->node()), sight::of::children);
    for (;;) {
        changes.watch(settled, std::move(changed));
        const auto waited = co_await as_result(first_of(changes.change()));
        if (!waited) throw_error(waited.error(), outcome::not_applied, self->recipe(), self->path()); // told to end
        const auto came = changes.what_came();
        if (came) co_return;
        bool behind_a_loss = came.error() == errc::session_expired;
        if (!behind_a_loss && came.error() != errc::cancelled) came.rethrow();
        for (;;) {
            if (behind_a_loss) zk = self->session();
            auto now = co_await as_result(read_and_watch<child_list>(zk, self->node(), behind_a_loss));
            behind_a_loss = now.error() == errc::session_expired;
            if (behind_a_loss) continue;
            if (!now) now.rethrow();
            if (!now->value || !now->seen.same_content(settled)) co_return;
            settled = now->seen;
            changed = std::move(now->changed);
            break;
        }
    }
}

} // namespace kazoo::recipe

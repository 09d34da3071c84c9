#include <kazoo/recipe/barrier.hpp>

#include "recipe/barrier/barrier_core.hpp"
#include "recipe/parts/in_each_session.hpp"
#include "recipe/parts/patrol.hpp"
#include "recipe/parts/reading.hpp"

#include <utility>

namespace kazoo {

namespace recipe {

task<bool> barrier_core::create(std::shared_ptr<barrier_core> self) {
    const handle zk(self->owner(), self->root());
    const create_options how{.acl = self->options_.acl, .make_parents = true};
    const auto make = [&] { return zk.async_create(self->node(), "", how); };
    for (;;) {
        const auto made = co_await as_result(repeat(make));
        if (made.error() == errc::session_expired) continue;
        if (!made && made.error() != errc::node_exists) made.rethrow();
        co_return made.has_value();
    }
}

task<bool> barrier_core::remove(std::shared_ptr<barrier_core> self) {
    const handle zk(self->owner(), self->root());
    bool perhaps = false; // a reply was lost: if it is gone now, we may have removed it
    for (repetition tries;;) {
        const auto removed = co_await as_result(zk.async_remove_if_exists(self->node()));
        if (removed) co_return *removed || perhaps;
        perhaps = perhaps || removed.outcome() == outcome::unknown;
        if (removed.error() != errc::session_expired && !co_await tries.again(removed.error())) removed.rethrow();
    }
}

task<bool> barrier_core::wait(std::shared_ptr<barrier_core> self, patience p) {
    const call under_way(*self, co_await this_scope{});
    const auto first_seen = std::make_shared<zxid>(zxid::none);
    const auto in_one = [self, first_seen, p](pinned_handle zk, bool) {
        return self->wait_in(std::move(zk), first_seen, p);
    };
    co_return co_await in_each_session(*self, in_one);
}

task<bool> barrier_core::wait_in(pinned_handle zk, std::shared_ptr<zxid> first_seen, patience p) {
    const task_scope& scope = co_await this_scope{};
    co_await catch_up(zk, node()); // whoever has told us to wait may have put it up elsewhere
    lookout changes(owner(), absolute(node()), sight::of::data);
    for (repetition looks;;) {
        auto seen = co_await as_result(zk.async_watch_exists(node()));
        if (!seen && co_await looks.again(seen.error())) continue;
        if (seen.error() == errc::no_auth) { // it is up (ZOOKEEPER-2590)
            if (p == patience::looks_once) co_return false;
            (void)co_await as_result(pause(owner(), zk.timeout()));
            scope.require_time();
            continue;
        }
        if (!seen) seen.rethrow();
        if (!seen->value) co_return true;
        const zxid made = seen->value->created;
        if (*first_seen == zxid::none) *first_seen = made;
        if (*first_seen != made) co_return true; // this is another one
        if (p == patience::looks_once) co_return false;
        changes.watch(sight(sight::of::data, seen->value), std::move(seen->changed));
        co_await first_of(changes.change());
        const auto came = changes.what_came();
        if (!came && came.error() != errc::cancelled) came.rethrow();
        if (came && came->type == event_type::deleted) co_return true;
    }
}

// -- for any thread ---------------------------------------------------------------------------------------------------

future<bool> barrier_core::create() { return spawn(owner(), {"create", path()}, create(shared(*this))); }
future<bool> barrier_core::remove() { return spawn(owner(), {"remove", path()}, remove(shared(*this))); }

future<bool> barrier_core::wait(std::stop_token stop) { return wait_until(never, std::move(stop), patience::waits); }

future<bool> barrier_core::wait_within(duration limit, std::stop_token stop) {
    if (limit.count() <= 0) return wait_until(operation_deadline(), std::move(stop), patience::looks_once);
    return wait_until(deadline_in(limit), std::move(stop), patience::waits);
}

future<bool> barrier_core::wait_until(time_point deadline, std::stop_token stop, patience p) {
    task_options o = waiting("wait", deadline, std::move(stop));
    o.only_reads = true;
    return spawn(owner(), o, false_on(errc::cancelled, false_on(errc::operation_timeout, wait(shared(*this), p))));
}

} // namespace recipe

barrier::barrier(client c, std::string_view path, barrier_options o)
    : client_(std::move(c)), core_(std::make_shared<recipe::barrier_core>(client_, path, std::move(o))) {}
barrier::~barrier() { core_->abandon(); }

bool barrier::create(const std::stop_token& stop) { return async_create().stop_on(stop).get(); }
future<bool> barrier::async_create() { return core_->create(); }
bool barrier::remove(const std::stop_token& stop) { return async_remove().stop_on(stop).get(); }
future<bool> barrier::async_remove() { return core_->remove(); }
bool barrier::wait(std::stop_token stop) { return async_wait(std::move(stop)).get(); }
future<bool> barrier::async_wait(std::stop_token stop) { return core_->wait(std::move(stop)); }
bool barrier::wait_for(time_limit limit, std::stop_token stop) { return async_wait_for(limit, std::move(stop)).get(); }
future<bool> barrier::async_wait_for(time_limit limit, std::stop_token stop) {
    return core_->wait_within(limit, std::move(stop));
}
const std::string& barrier::path() const noexcept { return core_->path(); }

} // namespace kazoo

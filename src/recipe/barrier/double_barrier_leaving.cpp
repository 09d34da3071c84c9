// How a member of a double barrier leaves.
#include "recipe/barrier/double_barrier_core.hpp"
#include "recipe/parts/in_each_session.hpp"
#include "recipe/parts/reading.hpp"

#include <kazoo/path.hpp>

#include <algorithm>
#include <utility>

namespace kazoo::recipe {

/// However it ends, our node goes.
class double_barrier_core::leaves_anyway {
  public:
    leaves_anyway(presence& of, std::shared_ptr<presence::stay> s) noexcept : of_(of), stay_(std::move(s)) {}
    leaves_anyway(const leaves_anyway&) = delete;
    leaves_anyway& operator=(const leaves_anyway&) = delete;
    ~leaves_anyway() { of_.end(*stay_); }

  private:
    presence& of_;
    const std::shared_ptr<presence::stay> stay_;
};

task<bool> double_barrier_core::leave(std::shared_ptr<double_barrier_core> self, patience p) {
    task_scope& scope = co_await this_scope{};
    const call under_way(*self, scope);
    const auto ours = self->round_;
    if (!ours)
        throw_error(make_error_code(errc::not_held), outcome::not_applied, "leave", self->path(),
                    "we have not entered, or have left already");
    self->is_outside();
    ours->leaving = true;
    const leaves_anyway node_goes(self->member_, ours->stay);
    const auto in_one = [self, ours, p](pinned_handle zk, bool) { return self->all_gone(ours, std::move(zk), p); };
    const bool gone = co_await in_each_session(*self, in_one);
    if (gone) scope.claim_result();
    if (gone && self->round_ == ours) self->round_.reset();
    co_return gone;
}

/// As ZooKeeper's recipe: the first by name waits for the last one and goes last, the others go at once and wait for
/// the first.
task<bool> double_barrier_core::all_gone(std::shared_ptr<round> ours, pinned_handle zk, patience p) {
    const std::string own(path::basename(ours->node));
    std::set<std::string> strangers; // who have not been let in by what let us in, as it was then
    zxid judged_by = zxid::none;
    // Who looks once has no second look at a server that lags; nor is a new session's server the one that we know.
    if (p == patience::looks_once || !ours->in.alive()) co_await catch_up(zk, node());
    for (repetition looks;;) {
        auto looking = look_at_one_moment(zk);
        const auto seen = co_await as_result(std::move(looking));
        if (!seen && co_await looks.again(seen.error())) continue;
        if (!seen) seen.rethrow();
        if (!*seen) continue;
        const scene& now = **seen;
        if (now.where != ours->through.where) co_return true; // and nobody of this round is there
        const bool open = now.ready && now.ready->created == ours->through.made;
        if (open) ours->through.let_in = std::max(ours->through.let_in, now.ready->modified);
        if (std::exchange(judged_by, ours->through.let_in) != ours->through.let_in) strangers.clear();
        const bool here = now.has(own);
        std::vector<std::string> others;
        for (const std::string& m : now.members)
            if (m != own && !strangers.contains(m)) others.push_back(m);

        if (others.empty()) {
            if (!here) co_return true;
            const auto ready = open ? std::optional(now.ready->data_version) : std::nullopt;
            if (co_await closes(ours, zk, ready, looks)) co_return true;
            continue;
        }
        const bool goes_last = here && own < others.front();
        const std::string awaited = goes_last ? others.back() : others.front();
        auto watched_one = co_await as_result(zk.async_watch_exists(path_of(awaited)));
        if (!watched_one && co_await looks.again(watched_one.error())) continue;
        if (watched_one.error() == errc::no_auth) { // it is there, and taken for one of this round (ZOOKEEPER-2590)
            if (here && !goes_last) member_.end(*ours->stay);
            if (p == patience::looks_once) co_return false;
            (void)co_await as_result(pause(owner(), zk.timeout()));
            continue;
        }
        if (!watched_one) watched_one.rethrow();
        if (!watched_one->value) continue;
        if (watched_one->value->created > ours->through.let_in) {
            strangers.insert(awaited);
            continue;
        }
        if (here && !goes_last) member_.end(*ours->stay);
        if (p == patience::looks_once) co_return false;
        auto gone = std::move(watched_one->changed).timeout(zk.timeout());
        const auto event = co_await as_result(std::move(gone));
        if (!event && event.error() != errc::operation_timeout) event.rethrow();
    }
}

/// What says that it is open, and the members, as they were at the same time. Nothing: it has changed meanwhile.
task<std::optional<double_barrier_core::scene>> double_barrier_core::look_at_one_moment(pinned_handle zk) {
    auto before = zk.async_exists(path_of(ready_name));
    auto listing = zk.async_get_children_with_stat(node());
    auto behind = zk.async_exists(path_of(ready_name));
    const auto ready = co_await std::move(before);
    const auto children = co_await as_result(std::move(listing));
    const auto ready_then = co_await std::move(behind);
    if (!children && children.error() != errc::no_node) children.rethrow();
    if (ready != ready_then) co_return std::nullopt;
    scene now;
    now.ready = ready;
    if (!children) co_return std::move(now);
    now.members = members_among(children->names);
    now.where = {children->stat.created, children->stat.ctime};
    co_return std::move(now);
}

/// Nobody else is inside: our node goes, and with it what says that it is open, unless somebody has come meanwhile.
task<bool> double_barrier_core::closes(std::shared_ptr<round> ours, pinned_handle zk, std::optional<version> ready,
                                       repetition& tries) {
    constexpr std::size_t removal_of_ready = 1;
    transaction both = zk.transaction();
    both.remove(ours->node);
    if (ready) both.remove(path_of(ready_name), *ready);
    const auto done = co_await as_result(both.async_commit());
    if (done) {
        member_.was_removed(*ours->stay);
        co_return true;
    }
    const auto failed = failed_index(done);
    if (done.error() == errc::no_node || done.error() == errc::bad_version) co_return false;
    if (failed == removal_of_ready) { // it stays, and lets nobody in
        member_.end(*ours->stay);
        co_return false;
    }
    if (failed || !co_await tries.again(done.error())) done.rethrow();
    co_return false;
}

} // namespace kazoo::recipe

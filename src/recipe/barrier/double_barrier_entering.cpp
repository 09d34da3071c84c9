// How a member of a double barrier enters.
#include "recipe/barrier/double_barrier_core.hpp"
#include "recipe/parts/reading.hpp"

#include <kazoo/path.hpp>

#include <algorithm>
#include <utility>

namespace kazoo::recipe {

task<bool> double_barrier_core::enter(std::shared_ptr<double_barrier_core> self, patience p) {
    task_scope& scope = co_await this_scope{};
    const call under_way(*self, scope);
    scope.require_time();
    while (!self->is_inside()) {
        // 1. Be there, once, under a name that has not been there before.
        if (self->round_) self->member_.end(*self->round_->stay);
        self->round_.reset();
        self->is_outside();
        co_await self->member_.others_removed();
        presence::interest coming(self->member_);
        for (;;) {
            auto being_there = coming.there();
            const auto stands = co_await as_result(std::move(being_there));
            if (stands.error() == errc::cancelled && scope.fired() == errc{}) break; // another call has left with it
            if (!stands) stands.rethrow();
            const auto& here = *stands;
            if (!here || self->has_entered_with(*here)) break; // another call has

            // 2. Wait until so many are there.
            auto opening_for_us = self->opens_for(*here, p);
            const auto through = co_await as_result(std::move(opening_for_us));
            if (self->has_entered_with(*here)) break;
            if (through.error() == errc::session_expired) continue;
            if (!through) through.rethrow();
            if (!self->is_still(*here)) continue;
            if (!*through && p == patience::looks_once) co_return false;
            if (!*through) continue;

            // 3. Inside, for as long as this node is there.
            scope.claim_result();
            coming.keep();
            self->entered(**through, *here);
            co_return true;
        }
    }
    scope.claim_result();
    co_return true;
}

task<double_barrier_core::scene> double_barrier_core::look(pinned_handle zk, bool watching) {
    scene now;
    const std::string ready = path_of(ready_name);
    future<watched<std::optional<node_stat>>> watch;
    future<std::optional<node_stat>> glance;
    if (watching)
        watch = zk.async_watch_exists(ready);
    else
        glance = zk.async_exists(ready);
    auto listing = zk.async_get_children_with_stat(node());
    if (watching) {
        auto seen = co_await std::move(watch);
        now.ready = seen.value;
        now.ready_changed = std::move(seen.changed);
    } else {
        now.ready = co_await std::move(glance);
    }
    const auto children = co_await as_result(std::move(listing));
    if (!children && children.error() != errc::no_node) children.rethrow();
    if (!children) co_return now;
    now.members = members_among(children->names);
    now.children_modified = children->stat.children_modified;
    now.where = {children->stat.created, children->stat.ctime};
    co_return now;
}

/// What has let us in. Nothing: our node is not what it was; or it was to look once, and it is not open.
task<std::optional<double_barrier_core::opening>> double_barrier_core::opens_for(presence::standing here, patience p) {
    const std::string ours(path::basename(here.node));
    std::set<std::string> unreadable; // members that cannot be checked
    repetition looks;
    for (bool watching = p == patience::waits, was_made = false, caught_up = false;;) {
        auto looking = look(here.zk, watching);
        auto seen = co_await as_result(std::move(looking));
        if (!seen && co_await looks.again(seen.error())) continue;
        if (!seen) seen.rethrow();
        const auto now = std::make_shared<scene>(*std::move(seen));
        const auto& ready = now->ready;
        const bool are_there = now->has(ours); // otherwise somebody has deleted it, perhaps before it was opened

        // Open, with us among those who are let in.
        if (are_there && ready && ready->modified > here.created)
            co_return opening{ready->created, ready->modified, now->where};
        if (are_there && !ready && was_made) {
            if (std::exchange(caught_up, true)) // kazoo's members remove it when the first one leaves
                co_return opening{zxid::none, now->children_modified, now->where};
            co_await catch_up(here.zk, node()); // the event was another server's, and this one may lag behind it
            continue;
        }

        bool look_again = false;
        future<watch_event> others;
        if (are_there && ready) {
            auto finding = finds_it_open(here, now, p, unreadable, looks);
            auto others_change = co_await std::move(finding);
            look_again = !others_change;
            if (others_change) others = *std::move(others_change);
        } else if (are_there && now->members.size() >= count_) {
            auto enough = as_many_as_asked_for(*now, ours);
            co_await lets_in(here.zk, std::move(enough), std::nullopt, unreadable, looks);
            look_again = true;
        }
        if (!is_still(here)) co_return std::nullopt;
        if (look_again || watching) was_made = false;
        if (look_again) {
            watching = false;
            continue;
        }
        if (p == patience::looks_once) co_return std::nullopt;
        if (!std::exchange(watching, true)) continue;

        // And look again from time to time: nobody rests on one event, nor on those who should have opened it.
        auto changed = std::move(now->ready_changed).timeout(here.zk.timeout());
        auto moved = member_.next_change();
        if (others.valid())
            co_await first_of(changed, moved, others);
        else
            co_await first_of(changed, moved);
        const auto event = std::move(changed).result();
        const bool none = event.error() == errc::operation_timeout || event.error() == errc::cancelled;
        if (!event && !none) event.rethrow();
        was_made = event && event->type == event_type::created;
        caught_up = false;
        watching = !event;
        if (!is_still(here)) co_return std::nullopt;
    }
}

/// Ours, and the first of the others.
std::vector<std::string> double_barrier_core::as_many_as_asked_for(const scene& now, const std::string& ours) const {
    std::vector<std::string> those{ours};
    for (const std::string& m : now.members)
        if (m != ours && those.size() < count_) those.push_back(m);
    return those;
}

/// If all of those are there, and what says that it is open is as it was seen: all who are there are let in.
task<void> double_barrier_core::lets_in(pinned_handle zk, std::vector<std::string> those, std::optional<version> ready,
                                        std::set<std::string>& unreadable, repetition& tries) {
    const std::string says_so = path_of(ready_name);
    std::erase_if(those, [&](const std::string& m) { return unreadable.contains(m); });
    transaction all = zk.transaction();
    for (const std::string& m : those) all.check(path_of(m), version::any);
    if (ready)
        all.set(says_so, "", *ready);
    else
        all.create(says_so, "", {.acl = acls::open_unsafe()});
    const auto done = co_await as_result(all.async_commit());
    const auto failed = failed_index(done);
    if (done || done.error() == errc::no_node || done.error() == errc::bad_version || done.error() == errc::node_exists)
        co_return;
    if (failed && *failed < those.size() && done.error() == errc::no_auth)
        unreadable.insert(those[*failed]);
    else if (failed || !co_await tries.again(done.error()))
        done.rethrow();
}

/// It is open, and older than our node: for members of whom somebody is still inside, or for nobody any more. Nothing:
/// look again. Otherwise nothing can be done before something changes: also, what is told here (if it is to wait).
///
/// One that was left behind is cleared away ahead of the next round, so that nobody takes this one for the last one. By
/// the first of ours alone: two who do so could meet, one of them late, and remove what the other one has made since.
/// The others watch that one. If it cannot be removed it is used again.
task<std::optional<future<watch_event>>>
double_barrier_core::finds_it_open(presence::standing here, std::shared_ptr<const scene> now, patience p,
                                   std::set<std::string>& unreadable, repetition& tries) {
    const std::string ours(path::basename(here.node));
    std::vector<future<std::optional<node_stat>>> asked;
    for (const std::string& m : now->members) asked.push_back(here.zk.async_exists(path_of(m)));
    asked.push_back(here.zk.async_exists(path_of(ready_name)));
    auto answering = all_of(std::move(asked));
    const auto answers = co_await std::move(answering);
    bool some_are_hidden = false; // they are there, and may be inside (ZOOKEEPER-2590)
    for (const auto& a : answers) {
        some_are_hidden = some_are_hidden || a.error() == errc::no_auth;
        if (!a && co_await tries.again(a.error())) co_return std::nullopt;
        if (!a && a.error() != errc::no_auth) a.rethrow();
    }
    if (!answers.back()) answers.back().rethrow();
    if (*answers.back() != now->ready) co_return std::nullopt; // otherwise nobody has closed it meanwhile

    std::optional<std::string> inside, first; // the first one of those who clear away
    zxid oldest = here.created;
    for (std::size_t i = 0; i < now->members.size(); ++i) {
        const std::string& name = now->members[i];
        if (!answers[i] || !*answers[i] || name == ours) continue;
        const auto& member = *answers[i];
        if (member->created < now->ready->modified) inside = name;
        if (!may_be_ours(name) || member->created > oldest) continue;
        first = name;
        oldest = member->created;
    }
    if (inside) {
        std::vector<std::string> both{ours, *inside};
        co_await lets_in(here.zk, std::move(both), now->ready->data_version, unreadable, tries);
        co_return std::nullopt;
    }
    const bool may_be_removed = now->ready->num_children == 0 && !some_are_hidden;
    if (may_be_removed && first) co_return co_await until_it_goes(here.zk, *first, p, tries);
    if (may_be_removed && co_await clear_away(here, *now->ready, tries)) co_return std::nullopt;
    if (now->members.size() < count_) co_return co_await until_others_come(here.zk, now, p, tries);
    auto enough = as_many_as_asked_for(*now, ours);
    co_await lets_in(here.zk, std::move(enough), now->ready->data_version, unreadable, tries);
    co_return std::nullopt;
}

task<std::optional<future<watch_event>>> double_barrier_core::until_it_goes(pinned_handle zk, std::string member,
                                                                            patience p, repetition& tries) {
    if (p == patience::looks_once) co_return future<watch_event>();
    auto there = co_await as_result(zk.async_watch_exists(path_of(member)));
    if (!there && !co_await tries.again(there.error())) there.rethrow();
    if (!there || !there->value) co_return std::nullopt;
    co_return std::move(there->changed);
}

/// Those who come leave it to the first one, and this is the first one.
task<std::optional<future<watch_event>>> double_barrier_core::until_others_come(pinned_handle zk,
                                                                                std::shared_ptr<const scene> now,
                                                                                patience p, repetition& tries) {
    if (p == patience::looks_once) co_return future<watch_event>();
    auto there = co_await as_result(zk.async_watch_children(node()));
    if (!there && !co_await tries.again(there.error())) there.rethrow();
    if (!there || members_among(there->value.names) != now->members) co_return std::nullopt;
    co_return std::move(there->changed);
}

/// Kazoo's and Curator's members would take it for theirs. Our node goes with it: so it is done once, and needs no
/// permission that the removal does not need; we begin anew, with another one. False: it cannot be removed.
task<bool> double_barrier_core::clear_away(presence::standing here, node_stat left_behind, repetition& tries) {
    transaction both = here.zk.transaction();
    both.remove(here.node);
    both.remove(path_of(ready_name), left_behind.data_version);
    const auto done = co_await as_result(both.async_commit());
    if (done) member_.was_removed(*here.in);
    if (done || done.error() == errc::no_node || done.error() == errc::bad_version) co_return true;
    if (failed_index(done)) co_return false;
    if (!co_await tries.again(done.error())) done.rethrow();
    co_return true;
}

} // namespace kazoo::recipe

#include <kazoo/recipe/double_barrier.hpp>

#include "recipe/barrier/double_barrier_core.hpp"
#include "recipe/parts/in_each_session.hpp"
#include "recipe/parts/reading.hpp"

#include <kazoo/path.hpp>

#include <algorithm>
#include <utility>

namespace kazoo {

namespace recipe {

double_barrier_core::double_barrier_core(const client& c, std::string_view path, std::size_t members,
                                         double_barrier_options o)
    : recipe_object(c, "double_barrier", path),
      count_(members),
      options_(std::move(o)),
      member_(*this, {.folder = node(), .tail = {}, .data = options_.identifier, .acl = options_.acl}) {
    if (members == 0)
        throw_error(make_error_code(errc::bad_arguments), outcome::not_applied, recipe(), path,
                    "a double barrier has one member at least");
}

std::string double_barrier_core::path_of(std::string_view child) const { return path::join(node(), child); }

// -- entering ---------------------------------------------------------------------------------------------------------

bool double_barrier_core::is_inside() const {
    const auto here = member_.stands();
    return round_ && !round_->leaving && here && here->in == round_->stay;
}

/// It may be leaving by now.
bool double_barrier_core::has_entered_with(const presence::standing& here) const {
    return round_ && round_->stay == here.in;
}

task<bool> double_barrier_core::enter(std::shared_ptr<double_barrier_core> self, patience p) {
    task_scope& scope = co_await this_scope{};
    const call under_way(*self, scope);
    scope.require_time();
    while (!self->is_inside()) {
        // 1. Be there, once.
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
            if (!*through && p == patience::looks_once) co_return false;
            const auto now = self->member_.stands();
            const bool as_before = now && now->in == here->in && now->created == here->created;
            if (!*through || !as_before) continue;

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

void double_barrier_core::entered(opening through, const presence::standing& here) {
    presence::stays_away(*here.in);
    round_ = std::make_shared<round>(round{through, here.zk, here.node, here.in});
    spawn(owner(), waiting("guard"), guard(shared(*this), round_)).detach();
    const util::lock_guard lock(mutex_);
    lost_ = round_->lost;
    inside_ = true;
}

task<void> double_barrier_core::guard(std::shared_ptr<double_barrier_core> self, std::shared_ptr<round> ours) {
    const call under_way(*self, co_await this_scope{});
    for (;;) {
        const auto here = self->member_.stands();
        if (ours->leaving) co_return;
        if (!here || here->in != ours->stay) break;
        const auto changed = co_await as_result(self->member_.next_change());
        if (changed.error() == errc::cancelled) co_return; // the object goes
        if (!changed) break;
    }
    self->owner().loop().signal(ours->lost);
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

        // Open, with us among those who are let in.
        if (ready && ready->modified > here.created) co_return opening{ready->created, ready->modified, now->where};
        if (!ready && was_made && std::exchange(caught_up, true)) // kazoo's members remove it when the first one leaves
            co_return opening{zxid::none, now->children_modified, now->where};
        if (!ready && was_made) { // the event was another server's, and this one may lag behind it
            co_await catch_up(here.zk, node());
            continue;
        }

        bool look_again = false;
        if (now->has(ours) && now->members.size() >= count_) {
            co_await open(here, now, unreadable, looks);
            look_again = true;
        } else if (now->has(ours) && ready) {
            look_again = co_await comes_late(here, now, unreadable, looks);
        }
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
        co_await first_of(changed, moved);
        const auto event = std::move(changed).result();
        const bool none = event.error() == errc::operation_timeout || event.error() == errc::cancelled;
        if (!event && !none) event.rethrow();
        was_made = event && event->type == event_type::created;
        caught_up = false;
        watching = !event;
        const auto still = member_.stands();
        if (!still || still->in != here.in || still->created != here.created) co_return std::nullopt;
    }
}

/// They are there, all of them, and what says that it is open is as it was seen.
task<void> double_barrier_core::open(presence::standing here, std::shared_ptr<const scene> now,
                                     std::set<std::string>& unreadable, repetition& tries) {
    const std::string ours(path::basename(here.node)), ready = path_of(ready_name);
    std::vector<std::string> checked{ours};
    for (std::size_t i = 0, counted = 1; counted < count_ && i < now->members.size(); ++i) {
        if (now->members[i] == ours) continue;
        checked.push_back(now->members[i]);
        ++counted;
    }
    std::erase_if(checked, [&](const std::string& m) { return unreadable.contains(m); });
    transaction all = here.zk.transaction();
    for (const std::string& m : checked) all.check(path_of(m), version::any);
    if (now->ready)
        all.set(ready, "", now->ready->data_version);
    else
        all.create(ready, "", {.acl = acls::open_unsafe()});
    const auto done = co_await as_result(all.async_commit());
    const auto failed = failed_index(done);
    if (done || done.error() == errc::no_node || done.error() == errc::bad_version || done.error() == errc::node_exists)
        co_return;
    if (failed && *failed < checked.size() && done.error() == errc::no_auth)
        unreadable.insert(checked[*failed]);
    else if (failed || !co_await tries.again(done.error()))
        done.rethrow();
}

/// It is open, and older than our node: for members of whom somebody is still inside, or for nobody any more. False:
/// nothing has become of it.
task<bool> double_barrier_core::comes_late(presence::standing here, std::shared_ptr<const scene> now,
                                           std::set<std::string>& unreadable, repetition& tries) {
    const std::string ours(path::basename(here.node)), ready = path_of(ready_name);
    std::vector<future<std::optional<node_stat>>> asked;
    for (const std::string& m : now->members) asked.push_back(here.zk.async_exists(path_of(m)));
    asked.push_back(here.zk.async_exists(ready)); // behind all others: if it is the same nobody has closed it meanwhile
    auto answering = all_of(std::move(asked));
    const auto answers = co_await std::move(answering);
    for (const auto& a : answers) {
        if (!a && co_await tries.again(a.error())) co_return true;
        if (!a) a.rethrow();
    }
    if (*answers.back() != now->ready) co_return true;

    bool oldest = true;
    std::optional<std::string> inside;
    for (std::size_t i = 0; i < now->members.size(); ++i) {
        const auto& member = *answers[i];
        if (!member || now->members[i] == ours) continue;
        if (member->created < now->ready->modified) inside = now->members[i];
        if (member->created < here.created) oldest = false;
    }
    if (!inside && !oldest) co_return false;
    if (!inside) co_return co_await clear_away(here, *now->ready, tries);

    transaction all = here.zk.transaction();
    std::vector<std::string> checked;
    for (const std::string& m : {ours, *inside})
        if (!unreadable.contains(m)) checked.push_back(m);
    for (const std::string& m : checked) all.check(path_of(m), version::any);
    all.set(ready, "", now->ready->data_version);
    const auto done = co_await as_result(all.async_commit());
    const auto failed = failed_index(done);
    if (done || done.error() == errc::no_node || done.error() == errc::bad_version) co_return true;
    if (failed && *failed < checked.size() && done.error() == errc::no_auth)
        unreadable.insert(checked[*failed]);
    else if (failed || !co_await tries.again(done.error()))
        done.rethrow();
    co_return true;
}

/// Kazoo's and Curator's members would take it for theirs. Bound to our node, which is changed with it: so it is done
/// once, and by nobody but the oldest one who is there.
task<bool> double_barrier_core::clear_away(presence::standing here, node_stat left_behind, repetition& tries) {
    transaction both = here.zk.transaction();
    both.set(here.node, options_.identifier, version{0});
    both.remove(path_of(ready_name), left_behind.data_version);
    const auto done = co_await as_result(both.async_commit());
    if (done) co_return true;
    if (failed_index(done)) co_return false; // done before, or not for us to do: it lets nobody in either way
    if (!co_await tries.again(done.error())) done.rethrow();
    co_return true;
}

// -- leaving ----------------------------------------------------------------------------------------------------------

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

// -- for any thread ---------------------------------------------------------------------------------------------------

future<bool> double_barrier_core::within(duration limit, std::stop_token stop, std::string_view name,
                                         task<bool> (*operation)(std::shared_ptr<double_barrier_core>, patience)) {
    const bool waits = limit.count() > 0;
    auto calling = operation(shared(*this), waits ? patience::waits : patience::looks_once);
    task_options o = waiting(name, waits ? deadline_in(limit) : operation_deadline(), std::move(stop));
    o.tells_errors = true;
    return spawn(owner(), o, false_on(errc::cancelled, false_on(errc::operation_timeout, std::move(calling))));
}

future<bool> double_barrier_core::enter_within(duration limit, std::stop_token stop) {
    return within(limit, std::move(stop), "enter", enter);
}
future<bool> double_barrier_core::leave_within(duration limit, std::stop_token stop) {
    return within(limit, std::move(stop), "leave", leave);
}
future<bool> double_barrier_core::enter(std::stop_token stop) { return enter_within(duration::max(), std::move(stop)); }
future<bool> double_barrier_core::leave(std::stop_token stop) { return leave_within(duration::max(), std::move(stop)); }

std::stop_token double_barrier_core::lost() const {
    if (!forked()) {
        const util::lock_guard lock(mutex_);
        if (lost_) return lost_->get_token();
    }
    std::stop_source none;
    none.request_stop();
    return none.get_token();
}

void double_barrier_core::is_outside() noexcept {
    inside_ = false;
    const util::lock_guard lock(mutex_);
    lost_.reset();
}

} // namespace recipe

double_barrier::double_barrier(client c, std::string_view path, std::size_t members, double_barrier_options o)
    : client_(std::move(c)),
      core_(std::make_shared<recipe::double_barrier_core>(client_, path, members, std::move(o))) {}
double_barrier::~double_barrier() { core_->abandon(); }

bool double_barrier::enter(std::stop_token stop) { return async_enter(std::move(stop)).get(); }
future<bool> double_barrier::async_enter(std::stop_token stop) { return core_->enter(std::move(stop)); }
bool double_barrier::enter_for(time_limit limit, std::stop_token stop) {
    return async_enter_for(limit, std::move(stop)).get();
}
future<bool> double_barrier::async_enter_for(time_limit limit, std::stop_token stop) {
    return core_->enter_within(limit, std::move(stop));
}
bool double_barrier::leave(std::stop_token stop) { return async_leave(std::move(stop)).get(); }
future<bool> double_barrier::async_leave(std::stop_token stop) { return core_->leave(std::move(stop)); }
bool double_barrier::leave_for(time_limit limit, std::stop_token stop) {
    return async_leave_for(limit, std::move(stop)).get();
}
future<bool> double_barrier::async_leave_for(time_limit limit, std::stop_token stop) {
    return core_->leave_within(limit, std::move(stop));
}
bool double_barrier::inside() const noexcept { return core_->inside(); }
std::stop_token double_barrier::lost() const { return core_->lost(); }
const std::string& double_barrier::path() const noexcept { return core_->path(); }

} // namespace kazoo

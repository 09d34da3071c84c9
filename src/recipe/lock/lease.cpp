#include <kazoo/recipe/lease.hpp>

#include "recipe/lock/lease_core.hpp"
#include "recipe/parts/lease_record.hpp"
#include "util/host_name.hpp"

#include <kazoo/path.hpp>

#include <algorithm>
#include <utility>

namespace kazoo {

namespace recipe {

namespace {

lease_options checked(const recipe_object& of, std::chrono::seconds duration, lease_options o) {
    const auto refuse = [&](std::string_view why) {
        throw_error(make_error_code(errc::bad_arguments), outcome::not_applied, of.recipe(), of.path(), why);
    };
    if (duration < std::chrono::seconds(1)) refuse("a lease is for a second at least");
    if (o.identifier.empty()) o.identifier = util::host_name();
    if (!is_utf8(o.identifier)) refuse("the identifier of a lease is UTF-8");
    return o;
}

/// In the transaction that changes a lease.
constexpr std::size_t guard_step = 0, beside_step = 1;

sight seen_in(const node& n) { return {sight::of::data, n.stat}; }

std::optional<lease_record> record_in(const lease_core& of, const std::optional<node>& n) {
    if (!n) return std::nullopt;
    auto record = parse_lease(n->data.view());
    if (!record)
        throw_error(make_error_code(errc::bad_arguments), outcome::not_applied, of.recipe(), of.record(),
                    "what the node holds is no lease");
    return record;
}

} // namespace

lease_core::lease_core(const client& c, std::string_view path, std::chrono::seconds duration, lease_options o, rank r)
    : recipe_object(c, "lease", path),
      rank_(r),
      duration_(duration),
      options_(checked(*this, duration, std::move(o))),
      // What is decided there is decided by the transaction, so certainty is not needed.
      guard_(*this, {.folder = node(),
                     .mark = "__lock__",
                     .excluding = {"__lock__"},
                     .identifier = options_.identifier,
                     .acl = options_.acl,
                     .lost_when = loss::session_over}),
      line_(owner()) {
    (void)end_from_now();
}

std::chrono::sys_seconds lease_core::end_from_now() const {
    const auto begin = now();
    if (duration_ > last_moment - begin)
        throw_error(make_error_code(errc::bad_arguments), outcome::not_applied, recipe(), path(),
                    "a lease ends in the year 9999 at the latest");
    return begin + duration_;
}

std::string lease_core::record() const { return path::join(node(), "lease_holder"); }

bool lease_core::is_held_by_us(const std::optional<kazoo::node>& there) const {
    const auto r = record_in(*this, there);
    return r && !r->newer && r->holder == options_.identifier;
}

bool lease_core::is_our_writing(const kazoo::node& there) const {
    return written_.same_content(seen_in(there)) || (attempted_ && attempted_->made(there));
}

bool lease_core::may(aim what, const std::optional<kazoo::node>& there) const {
    if (!there) return what != aim::renew || rank_ == rank::single;
    if (what == aim::release) return is_our_writing(*there); // not what somebody of the same name has written
    const auto r = record_in(*this, there);
    return is_held_by_us(there) || (what == aim::obtain && !r->newer && now() >= r->end);
}

task<std::optional<lease>> lease_core::obtain(std::shared_ptr<lease_core> self, client keeps_session) {
    // Most who come find it held, and need not stand in line to see that.
    const handle zk(self->owner(), self->root());
    const auto look = [&] { return zk.async_get_if_exists(self->record()); };
    const auto there = co_await repeat(look);
    if (!self->may(aim::obtain, there)) co_return std::nullopt;

    auto changing = self->change(aim::obtain, {});
    if (co_await std::move(changing) != verdict::done) co_return std::nullopt;
    co_return handed_out(std::move(keeps_session), std::move(self));
}

task<bool> lease_core::changed(std::shared_ptr<lease_core> self, aim what) {
    auto changing = self->change(what, {});
    co_return co_await std::move(changing) == verdict::done;
}

task<lease_core::verdict> lease_core::change(aim what, std::string beside) {
    acquisition_line::place here(line_);
    for (lock_node_name name = guard_.new_name();; name = guard_.new_name()) {
        // 1. Come first among those who want to change it.
        const auto guard = co_await guard_.come_first(here, name, contention::wait::yes);

        // 2. Change it, if it is ours or nobody's.
        const auto end = co_await as_result(write(*guard, what, beside));
        if (!end && end.error() != errc::session_expired) end.rethrow();
        const verdict v = end ? *end : verdict::no_guard;
        if (v != verdict::no_guard || !beside.empty()) co_return v;
    }
}

/// Those who stand in line read it behind us: what is read before may be another node of the same version by now.
task<lease_core::verdict> lease_core::write(lock_node& guard, aim what, std::string beside) {
    const pinned_handle zk = guard.session();
    const auto look = [&] { return zk.async_get_if_exists(record()); };
    for (;;) {
        auto there = co_await repeat(look);
        const bool refused = !may(what, there), free_already = what == aim::release && !there;
        if (refused || free_already) {
            set_end({});
            co_return refused ? verdict::refused : verdict::done;
        }
        const verdict v = co_await commit(guard, what, std::move(there), beside);
        if (v != verdict::look_again) co_return v;
    }
}

transaction lease_core::prepared(const lock_node& guard, aim what, const std::optional<kazoo::node>& seen,
                                 const std::string& beside, const std::string& text) const {
    transaction all = guard.session().transaction();
    all.remove(guard.path());                // guard_step
    if (!beside.empty()) all.remove(beside); // beside_step
    if (what == aim::release)
        all.remove(record(), seen->stat.data_version);
    else if (seen)
        all.set(record(), text, seen->stat.data_version);
    else
        all.create(record(), text, {.acl = options_.acl});
    return all;
}

/// In one transaction our place in the line goes and the lease is changed, so it is applied once at most; when the
/// place is gone nothing of it can be applied any more, and a look tells what was.
task<lease_core::verdict> lease_core::commit(lock_node& guard, aim what, std::optional<kazoo::node> seen,
                                             std::string beside) {
    const bool releases = what == aim::release;
    const auto until = end_from_now();
    const attempt ours{to_text({options_.identifier, until}),
                       seen ? version{static_cast<std::int32_t>(seen->stat.data_version) + 1} : version{0}};
    const auto is_done = [&](const std::optional<kazoo::node>& n) { return releases ? !n : n && ours.made(*n); };
    const handle in_any_session(owner(), root());
    const auto look = [&] { return in_any_session.async_get_if_exists(record()); };
    if (seen && is_our_writing(*seen)) written_ = seen_in(*seen);
    if (!releases) attempted_ = ours;
    // It may be applied from now on, whether or not we hear of it.
    set_end(releases ? std::chrono::sys_seconds{} : std::min(end(), until));
    for (repetition tries;;) {
        transaction all = prepared(guard, what, seen, beside, ours.text);
        auto committing = all.async_commit();
        auto looking = look(); // servers do not tell the stat of what a transaction has made
        auto [done, left] = co_await all_of(std::move(committing), std::move(looking));
        const auto failed = failed_index(done);
        if (!done && !failed) {
            if (!co_await tries.again(done.error())) done.rethrow();
            continue;
        }
        const bool guard_gone = failed == guard_step && done.error() == errc::no_node;
        if (done || guard_gone) {
            guard.consumed();
            std::optional<kazoo::node> there;
            if (left)
                there = *std::move(left);
            else
                there = co_await repeat(look);
            if (!done && !is_done(there)) co_return verdict::no_guard; // somebody has deleted it
            written_ = there && is_done(there) ? seen_in(*there) : sight();
            attempted_.reset();
            if (!releases) set_end(until);
            // It took longer than it lasts: others may have it by now.
            co_return releases || holds() ? verdict::done : verdict::no_guard;
        }
        if (!beside.empty() && failed == beside_step && done.error() == errc::no_node) co_return verdict::no_guard;
        const bool changed_meanwhile = // by somebody who does not stand in line
            done.error() == errc::bad_version || done.error() == errc::no_node || done.error() == errc::node_exists;
        if (!changed_meanwhile) done.rethrow();
        co_return verdict::look_again;
    }
}

// -- for any thread ---------------------------------------------------------------------------------------------------

task_options limited(const recipe_object& of, std::string_view operation) {
    task_options o{.name = operation, .path = of.path(), .deadline = of.operation_deadline()};
    o.tells_errors = true; // which node is no lease
    return o;
}

future<std::optional<lease>> lease_core::obtain(client c) {
    return spawn(owner(), limited(*this, "obtain"), obtain(shared(*this), std::move(c)));
}
future<bool> lease_core::renew() { return spawn(owner(), limited(*this, "renew"), changed(shared(*this), aim::renew)); }
future<bool> lease_core::release() {
    return spawn(owner(), limited(*this, "release"), changed(shared(*this), aim::release));
}

} // namespace recipe

lease::lease(client c, std::shared_ptr<recipe::lease_core> core) noexcept
    : client_(std::move(c)), core_(std::move(core)) {}

future<std::optional<lease>> lease::async_try_obtain(const client& c, std::string_view path,
                                                     std::chrono::seconds duration, lease_options options) {
    return std::make_shared<recipe::lease_core>(c, path, duration, std::move(options))->obtain(c);
}
std::optional<lease> lease::try_obtain(const client& c, std::string_view path, std::chrono::seconds duration,
                                       lease_options options, const std::stop_token& stop) {
    return async_try_obtain(c, path, duration, std::move(options)).stop_on(stop).get();
}

std::chrono::sys_seconds lease::end() const noexcept { return core_->end(); }
bool lease::holds() const noexcept { return core_->holds(); }
bool lease::renew(const std::stop_token& stop) { return async_renew().stop_on(stop).get(); }
future<bool> lease::async_renew() { return core_->renew(); }
bool lease::release(const std::stop_token& stop) { return async_release().stop_on(stop).get(); }
future<bool> lease::async_release() { return core_->release(); }
const std::string& lease::path() const noexcept { return core_->path(); }
const std::string& lease::identifier() const noexcept { return core_->options().identifier; }

} // namespace kazoo

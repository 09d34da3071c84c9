#include <kazoo/path.hpp>
#include <kazoo/recipe/mutex.hpp>

#include "recipe/lock/mutex_core.hpp"
#include "recipe/parts/acquisition_line.hpp"
#include "recipe/parts/held_lock.hpp"
#include "recipe/parts/lock_node.hpp"
#include "recipe/parts/lock_queue.hpp"
#include "recipe/support.hpp"
#include "util/backoff.hpp"

#include <ostream>

namespace kazoo {

namespace recipe {

namespace {
/// The first pause between two looks at a contender that we may not read. Pauses grow to the session's timeout.
constexpr std::chrono::milliseconds shortest_interval{10};
} // namespace

/// One session's try. The numbers are those of the recipe "Locks" in ZooKeeper's documentation.
task<verdict> mutex_core::contend(lock_node& mine, acquisition_line::place& here, wait patience) {
    const pinned_handle& zk = mine.session();

    // 1. Create a sequential, ephemeral node with a guid in its name, because the reply may be lost.
    // 2. Get the children of the lock, without a watch: in the same round trip.
    auto creating = mine.create();
    auto listing = zk.async_get_children(mine.folder());
    const auto alone = co_await as_result(mine.made(std::move(creating)));
    if (!alone) {
        listing.cancel();
        alone.rethrow();
    }
    if (!*alone) listing = zk.async_get_children(mine.folder());
    here.entered();

    repetition looks;
    for (;; listing = zk.async_get_children(mine.folder())) {
        auto children = co_await as_result(std::move(listing));
        if (!children && co_await looks.again(children.error())) continue;
        if (children.error() == errc::no_node) co_return verdict::node_gone;
        if (!children) children.rethrow();
        const lock_queue queue(*std::move(children), marks_);
        const auto position = queue.position(mine.name());
        if (!position) co_return verdict::node_gone;

        // 3. Ours has the lowest number: we have the lock.
        if (*position == 0) co_return verdict::acquired;
        if (patience == wait::no) co_return verdict::taken;

        // 4. Watch the one with the next lower number, and nobody else: no herd.
        // 5. It is there: wait until it changes. Gone or changed, go to 2: it need not have been the holder.
        const std::string_view next = queue[*position - 1];
        const std::string ahead = path::join(mine.folder(), next);
        if (mine.is_ours(next))
            co_await remove_until_gone(zk, "clean up", ahead);
        else
            co_await change_of(zk, ahead);
    }
}

/// Returns when the node may have changed. Servers send events only to those who may read the node, and that permission
/// can change: so we look again from time to time and do not rely on the event alone.
task<void> mutex_core::change_of(pinned_handle zk, std::string node) {
    const duration longest = zk.timeout();
    util::backoff intervals(shortest_interval, longest);
    const auto watch = [&] { return zk.async_watch(node); }; // as exists, but leaves no watch where nothing is
    const auto look = [&] { return zk.async_exists(node); }; // needs no permission
    for (;;) {
        auto watched = co_await as_result(repeat(watch));
        if (watched) {
            const auto event = co_await as_result(std::move(watched->changed).timeout(longest));
            if (event) co_return;
            if (event.error() != errc::operation_timeout) event.rethrow();
        } else if (watched.error() == errc::no_node) {
            co_return;
        } else if (watched.error() == errc::no_auth) {
            if (!co_await repeat(look)) co_return;
            (void)co_await as_result(pause(owner(), intervals.next()));
        } else {
            watched.rethrow();
        }
    }
}

bool mutex_core::would_last(const lock_node& mine) const noexcept {
    return mine.session().alive() && (options_.lost_when == loss::session_over || owner().board().certainty_lasts());
}

/// For the first lock of an old session: nobody has needed certainty for long, so the servers must be asked first.
task<bool> mutex_core::becomes_certain(lock_node& mine) {
    const pinned_handle& zk = mine.session();
    const offered_node offered(owner(), chroot(root_).absolute(mine.path()).str());
    for (repetition looks;;) {
        if (options_.lost_when == loss::certainty_over) {
            const auto certain = co_await as_result(zk.certainty());
            if (certain.error() == errc::session_expired) co_return false;
            if (!certain) certain.rethrow();
        }
        const auto there = co_await as_result(zk.async_exists(mine.path())); // somebody may have deleted it meanwhile
        if (there.error() == errc::session_expired) co_return false;
        if (!there && co_await looks.again(there.error())) continue;
        if (!there) there.rethrow();
        if (!*there) co_return false;
        if (would_last(mine)) co_return true;
    }
}

task<bool> mutex_core::acquire(std::shared_ptr<mutex_core> self, wait patience) {
    task_scope& scope = co_await this_scope{};
    auto here = std::make_unique<acquisition_line::place>(self->line_, scope);
    if (patience == wait::no && !here->first()) co_return false;
    lock_node_name name = self->new_name();
    for (;;) {
        here->stays_outside();
        while (!here->may_enter()) co_await here->changed();
        lock_node mine(pinned_handle(self->owner(), self->root_), name);
        const auto end = co_await as_result(self->contend(mine, *here, patience));
        if (!end && end.error() != errc::session_expired) end.rethrow();
        const verdict v = end ? *end : verdict::session_over;
        if (v == verdict::taken) co_return false;
        if (v == verdict::node_gone) mine.keep(); // one of that name is not ours any more
        if (v == verdict::acquired && here->first() &&
            (self->would_last(mine) || co_await self->becomes_certain(mine))) {
            scope.claim_result();
            here->acquired();
            self->hold(mine, std::move(here));
            co_return true;
        }
        const bool out_of_turn = !here->first() && v != verdict::node_gone; // a holder of this object has lost its lock
        if (out_of_turn) here->give_way();
        // A node of the old name that is left, or may still turn up, must not be taken for the new one.
        if (out_of_turn || (v != verdict::session_over && !mine.left_id().empty())) name = self->new_name();
    }
}

} // namespace recipe

mutex::mutex(client c, std::string_view path, mutex_options options)
    : client_(std::move(c)), core_(recipe::mutex_core::make(client_, path, std::move(options))) {}
mutex::~mutex() { core_->abandon(); }

void mutex::lock() { async_lock().get(); }
bool mutex::lock(std::stop_token stop) { return async_lock(std::move(stop)).get(); }
bool mutex::try_lock() { return async_try_lock().get(); }
bool mutex::lock_within(std::chrono::nanoseconds limit, std::stop_token stop) {
    return async_lock_within(limit, std::move(stop)).get();
}

future<void> mutex::async_lock() { return core_->lock(); }
future<bool> mutex::async_lock(std::stop_token stop) { return core_->lock(std::move(stop)); }
future<bool> mutex::async_try_lock() { return core_->try_lock(); }
future<bool> mutex::async_lock_within(std::chrono::nanoseconds limit, std::stop_token stop) {
    return core_->lock_within(limit, std::move(stop));
}

void mutex::unlock() noexcept { core_->give_up(); }
future<bool> mutex::async_unlock() { return core_->unlock(); }

bool mutex::holds() const noexcept { return core_->holds(); }
std::stop_token mutex::lost() const { return core_->lost(); }
zxid mutex::fencing_token() const noexcept { return core_->fencing_token(); }
node_check mutex::check() const { return core_->check(); }

std::ostream& operator<<(std::ostream& out, const contender& c) {
    out << c.path << " of session " << to_string(c.owner);
    if (c.hidden) return out << ", hidden";
    return c.identifier.empty() ? out : out << ", " << c.identifier;
}

std::vector<contender> mutex::contenders(const std::stop_token& stop) const {
    return async_contenders().stop_on(stop).get();
}
future<std::vector<contender>> mutex::async_contenders() const { return core_->contenders(); }

const std::string& mutex::path() const noexcept { return core_->path(); }

} // namespace kazoo

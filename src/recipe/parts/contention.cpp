#include "recipe/parts/contention.hpp"

#include "recipe/parts/lock_queue.hpp"
#include "util/backoff.hpp"

#include <kazoo/path.hpp>

#include <algorithm>
#include <utility>

namespace kazoo::recipe {

namespace {

/// The first pause between two looks at a contender that we may not read. Pauses grow to the session's timeout.
constexpr std::chrono::milliseconds shortest_interval{10};

std::vector<std::string> with_own(std::vector<std::string> marks, const std::string& own) {
    if (std::ranges::find(marks, own) == marks.end()) marks.push_back(own);
    return marks;
}

} // namespace

std::vector<std::string> checked_marks(const recipe_object& of, std::vector<std::string> marks,
                                       const std::vector<std::string>& further) {
    for (const std::string& mark : further) {
        if (mark.empty() || mark.find('/') != std::string::npos)
            throw_error(make_error_code(errc::bad_arguments), outcome::not_applied, of.recipe(), of.path(),
                        "a lock pattern must not be empty or contain a slash");
        marks.push_back(mark);
    }
    return marks;
}

contention::contention(recipe_object& of, contention_rules rules)
    : of_(of),
      rules_(std::move(rules)),
      marks_(with_own(rules_.excluding, rules_.mark)),
      claim_(rules_.lost_when == loss::certainty_over ? std::make_unique<certainty_claim>(of.owner()) : nullptr) {}

lock_node_name contention::new_name() const {
    return {rules_.folder, random_id(of_.owner().loop()), rules_.mark, rules_.identifier, rules_.acl};
}

/// The numbers are those of the recipe "Locks" in ZooKeeper's documentation.
task<contention::verdict> contention::contend(lock_node& mine, acquisition_line::place& here, wait patience) {
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

        // 3. Nobody with a lower number keeps us out: we have the lock.
        const auto next = queue.nearest_ahead(*position, rules_.excluding);
        if (!next) co_return verdict::first;
        if (patience == wait::no) co_return verdict::taken;

        // 4. Watch the nearest one of those, and nobody else: no herd.
        // 5. It is there: wait until it changes. Gone or changed, go to 2: it need not have been the holder.
        const std::string ahead = path::join(mine.folder(), *next);
        if (mine.is_ours(*next))
            co_await remove_until_gone(zk, "clean up", ahead);
        else
            co_await change_of(zk, ahead);
    }
}

/// Returns when the node may have changed. Servers send events only to those who may read the node, and that permission
/// can change: so we look again from time to time and do not rely on the event alone.
task<void> contention::change_of(pinned_handle zk, std::string node) {
    const duration longest = zk.timeout();
    util::backoff intervals(shortest_interval, longest);
    const auto watch = [&] { return zk.async_watch(node); }; // as exists, but leaves no watch where nothing is
    const auto look = [&] { return zk.async_exists(node); }; // needs no permission before 3.8.4 and 3.9.2
    for (;;) {
        auto watched = co_await as_result(repeat(watch));
        if (watched) {
            const auto event = co_await as_result(std::move(watched->changed).timeout(longest));
            if (event) co_return;
            if (event.error() != errc::operation_timeout) event.rethrow();
        } else if (watched.error() == errc::no_node) {
            co_return;
        } else if (watched.error() == errc::no_auth) {
            const auto there = co_await as_result(repeat(look));
            if (!there && there.error() != errc::no_auth) there.rethrow(); // then it is there (ZOOKEEPER-2590)
            if (there && !*there) co_return;
            (void)co_await as_result(pause(of_.owner(), intervals.next()));
        } else {
            watched.rethrow();
        }
    }
}

task<std::unique_ptr<lock_node>> contention::come_first(acquisition_line::place& here, lock_node_name& name,
                                                        wait patience) {
    for (;;) {
        here.stays_outside();
        while (!here.may_enter()) co_await here.changed();
        auto mine = std::make_unique<lock_node>(of_.session(), name);
        const auto end = co_await as_result(contend(*mine, here, patience));
        if (!end && end.error() != errc::session_expired) end.rethrow();
        const verdict v = end ? *end : verdict::session_over;
        if (v == verdict::taken) co_return nullptr;
        if (v == verdict::first && here.may_hold()) co_return mine;
        if (v == verdict::node_gone) mine->keep();                            // one of that name is not ours any more
        const bool out_of_turn = v != verdict::node_gone && !here.may_hold(); // somebody ahead has lost its lock
        if (out_of_turn) here.give_way();
        // A node of the old name that is left, or may still turn up, must not be taken for the new one.
        if (out_of_turn || (v != verdict::session_over && !mine->left_id().empty())) name = new_name();
    }
}

task<std::unique_ptr<lock_node>> contention::acquire(acquisition_line::place& here, wait patience) {
    for (lock_node_name name = new_name();;) {
        auto mine = co_await come_first(here, name, patience);
        if (!mine) co_return nullptr;
        const bool lasts = grant::would_last(mine->session(), rules_.lost_when) ||
                           co_await grant::becomes_certain(mine->session(), mine->path(), rules_.lost_when);
        if (lasts && here.may_hold()) co_return mine;
        if (!mine->left_id().empty()) name = new_name();
    }
}

} // namespace kazoo::recipe

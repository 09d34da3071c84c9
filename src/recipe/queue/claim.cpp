#include "recipe/queue/claim.hpp"

#include <kazoo/path.hpp>
#include <kazoo/transaction.hpp>

#include <array>
#include <new>
#include <utility>

namespace kazoo::recipe {

namespace {

/// True if this has removed them, or perhaps an earlier try of it.
task<bool> remove_both(pinned_handle zk, claim_nodes nodes) {
    constexpr std::size_t mark = 0, claim = 1; // in the transaction
    bool perhaps = false;
    for (repetition tries;;) {
        transaction both = zk.transaction();
        both.remove(nodes.mark).remove(nodes.claim);
        auto committing = both.async_commit();
        const auto done = co_await as_result(std::move(committing));
        if (done) co_return true;
        if (done.error() == errc::session_expired) co_return false;
        const auto failed = failed_index(done);
        if (failed == mark && done.error() == errc::no_node) co_return perhaps;
        if (failed == claim && done.error() == errc::no_node) { // somebody has deleted it
            (void)co_await as_result(remove_until_gone(zk, "clean up", nodes.mark));
            co_return false;
        }
        perhaps = perhaps || done.outcome() == outcome::unknown;
        if (co_await tries.again(done.error())) continue;
        if (done.error() != errc::closed)
            zk.owner().log(log_level::warn, "could not remove " + nodes.claim + ": " + done.error().message());
        done.rethrow();
    }
}

/// What may still be carried out late is looked for again a session's timeout later.
task<bool> remove_twice(pinned_handle zk, claim_nodes nodes) {
    const bool first = co_await remove_both(zk, nodes);
    (void)co_await as_result(pause(zk.owner(), zk.timeout()));
    co_await without_answer(remove_both(zk, nodes));
    co_return first;
}

void remove_in_background(const pinned_handle& zk, const claim_nodes& nodes, bool twice) {
    task_options options{"clean up", nodes.claim};
    options.is_duty = true;
    if (twice)
        spawn(zk.owner(), options, remove_twice(zk, nodes)).detach();
    else
        spawn(zk.owner(), options, remove_both(zk, nodes)).detach();
}

} // namespace

claim_nodes::claim_nodes(const std::string& entries, const std::string& claims, const queue_entry& e,
                         std::string random_id)
    : entry(path::join(entries, e.name())),
      claim(path::join(claims, e.name())),
      mark(path::join(claims, random_id)),
      id(std::move(random_id)) {}

claim_attempt::~claim_attempt() {
    if (!possible_) return;
    try {
        remove_in_background(zk_, nodes_, unanswered_);
    } catch (const std::bad_alloc&) { // it goes with its session
        zk_.owner().log(log_level::warn, "no memory to clean up after a locking queue");
    }
}

/// Only an item that is there is claimed. Behind the transaction, in the same round trip, the item is read, which
/// nobody takes away any more; and the mark, whose stat servers do not tell with a transaction. The mark also tells
/// whether one that got no answer was carried out.
task<claim_attempt::end> claim_attempt::make() {
    constexpr std::size_t entry = 0, claim = 1; // in the transaction
    const create_options ours{.mode = create_mode::ephemeral, .acl = acl_};
    const auto look = [&] { return zk_.async_exists(nodes_.mark); };
    const auto read = [&] { return zk_.async_get(nodes_.entry); };
    for (repetition tries;;) {
        transaction all = zk_.transaction();
        all.check(nodes_.entry, version::any);
        all.create(nodes_.claim, nodes_.id, ours).create(nodes_.mark, "", ours);
        const bool possible_before = std::exchange(possible_, true);
        auto committing = all.async_commit();
        auto looking = look();
        auto reading = read();
        auto [done, there, content] = co_await all_of(std::move(committing), std::move(looking), std::move(reading));
        const auto failed = failed_index(done);
        if (!done && !failed) {
            if (done.outcome() == outcome::unknown)
                unanswered_ = true;
            else
                possible_ = possible_before;
            if (!co_await tries.again(done.error())) done.rethrow();
            continue;
        }
        possible_ = done || possible_before;
        if (failed == entry && done.error() == errc::no_node) co_return end::gone;
        if (failed == claim && done.error() == errc::no_node) { // no folder
            const create_options open{.acl = acls::open_unsafe(), .make_parents = true};
            const std::string folder(path::parent(nodes_.claim));
            const auto make_folder = [&] { return zk_.async_create(folder, "", open); };
            const auto made = co_await as_result(repeat(make_folder));
            if (!made && made.error() != errc::node_exists) made.rethrow();
            continue;
        }
        const bool occupied = failed == claim && done.error() == errc::node_exists;
        if (!done && !occupied) {
            constexpr std::array refused{"the item cannot be read", "it cannot be claimed", "it cannot be claimed"};
            throw_error(done.error(), outcome::not_applied, "get", nodes_.entry, refused.at(*failed));
        }

        // By us? A transaction without an answer has made the mark, too.
        if (occupied && !unanswered_) co_return end::taken;
        std::optional<node_stat> mark;
        if (there)
            mark = *there;
        else
            mark = co_await repeat(look);
        if (!mark || mark->owner != zk_.id()) co_return end::taken;
        if (!content && content.error() != errc::no_node) content = co_await as_result(repeat(read));
        if (content.error() == errc::no_node) co_return end::gone; // somebody has deleted it, claimed or not
        if (!content) content.rethrow();
        content_ = *std::move(content);
        mark_ = *mark;
        co_return end::made;
    }
}

// -- what is ours -----------------------------------------------------------------------------------------------------

claim::claim(const claim_attempt& a, loss lost_when)
    : grant(a.session(), a.mark(), lost_when, std::string()), nodes_(a.nodes()), unanswered_(a.unanswered()) {}

future<bool> claim::removing(std::string_view operation, task<bool> t) {
    task_options options{operation, nodes_.claim};
    options.is_duty = true;
    options.tells_errors = true;
    return spawn(session().owner(), options, std::move(t));
}

future<bool> claim::end() {
    const auto self = std::static_pointer_cast<claim>(shared_from_this());
    return consumes_ ? removing("consume", consume(self)) : removing("release", remove(self));
}

future<bool> claim::clean_up() {
    const auto self = std::static_pointer_cast<claim>(shared_from_this());
    return removing("clean up", remove(self));
}

task<bool> claim::remove(std::shared_ptr<claim> self) {
    const bool done = co_await self->release();
    if (self->unanswered_)
        remove_in_background(self->session(), self->nodes_, true); // its late twin would claim it again
    co_return done;
}

/// If somebody has deleted the claim, another one of that name may be there by now.
task<bool> claim::release() {
    const pinned_handle zk = session();
    const auto look = [&] { return zk.async_exists(nodes_.claim); };
    const auto is_ours = [this](const result<std::optional<node_stat>>& r) {
        return r && *r && (*r)->created == node().stat.created;
    };
    if (is_over() || consumes_) {
        const auto there = co_await as_result(repeat(look));
        if (there && !is_ours(there)) {
            (void)co_await as_result(remove_until_gone(zk, "clean up", nodes_.mark));
            co_return false;
        }
    }
    auto removing = remove_both(zk, nodes_);
    if (co_await std::move(removing)) co_return true;
    const auto there = co_await as_result(repeat(look)); // unless it is the mark that somebody has deleted
    if (is_ours(there)) (void)co_await as_result(zk.async_remove(nodes_.claim));
    co_return false;
}

/// What was lost is not consumed, and what was not consumed goes back to the others.
task<bool> claim::consume(std::shared_ptr<claim> self) {
    if (!self->is_over()) {
        auto consuming = self->commit_consumption();
        const auto done = co_await as_result(std::move(consuming));
        if (done && *done) co_return true;
        if (!done && done.outcome() == outcome::unknown) done.rethrow();
        if (!done) {
            (void)co_await as_result(remove(self));
            done.rethrow();
        }
    }
    (void)co_await as_result(remove(self));
    co_return false;
}

/// The mark is removed by this alone, from here on. So when it is gone behind a transaction without an answer, that has
/// consumed the item, unless the item is there still.
task<bool> claim::commit_consumption() {
    constexpr std::size_t mark = 0, entry = 1, claim_itself = 2; // in the transaction
    const pinned_handle zk = session();
    const auto look = [&] { return zk.async_exists(nodes_.entry); };
    bool unanswered = false;
    for (repetition tries;;) {
        transaction all = zk.transaction();
        all.remove(nodes_.mark).remove(nodes_.entry).remove(nodes_.claim);
        auto committing = all.async_commit();
        const auto done = co_await as_result(std::move(committing));
        if (done) co_return true;
        const auto failed = failed_index(done);
        const bool missing = done.error() == errc::no_node;
        if (failed == mark && missing) {
            if (!unanswered) co_return false;
            const auto there = co_await as_result(repeat(look));
            if (!there) throw_error(there.error(), outcome::unknown, "consume", nodes_.entry);
            co_return !*there;
        }
        if ((failed == entry || failed == claim_itself) && missing) co_return false; // somebody has deleted it
        if (failed) throw_error(done.error(), outcome::not_applied, "consume", nodes_.entry, "it cannot be removed");
        unanswered = unanswered || done.outcome() == outcome::unknown;
        if (co_await tries.again(done.error())) continue;
        if (unanswered) throw_error(done.error(), outcome::unknown, "consume", nodes_.entry);
        if (done.error() == errc::session_expired) co_return false;
        done.rethrow();
    }
}

} // namespace kazoo::recipe

// Who gets what, and whether all of the party agree on what there is.
#include "recipe/group/set_partitioner_core.hpp"
#include "recipe/parts/contenders.hpp"

#include <kazoo/path.hpp>

#include <algorithm>
#include <utility>

namespace kazoo::recipe {

namespace {

/// In timeouts of a session: who came later gives up first.
constexpr int patience_with_an_elder = 2, patience_with_others = 4;

std::string node_of(const member_name& m) { return m.id + "-" + m.identifier; }

std::string quoted(const std::string& identifier) { return "\"" + identifier + "\""; }

/// A share is a part of the set, and no item is there twice.
bool is_part_of(const std::vector<std::string>& items, std::vector<std::string> share) {
    std::ranges::sort(share);
    return std::ranges::adjacent_find(share) == share.end() && std::ranges::includes(items, share);
}

} // namespace

void set_partitioner_core::refuse(const std::string& why) const {
    throw_error(make_error_code(errc::bad_arguments), outcome::not_applied, recipe(), path(), why);
}

/// Nothing: it cannot be said before the party changes.
task<std::optional<set_partitioner_core::share>> set_partitioner_core::share_of(attempt& a, child_list party,
                                                                                std::shared_ptr<party_news> news) {
    std::vector<member_name> members, say_so;
    for (const std::string_view name : party.names)
        if (auto m = parse_member(name)) members.push_back(*std::move(m));

    // 1. The set is what the one has who has been there longest. Who has another one does not count.
    std::ranges::copy_if(members, std::back_inserter(say_so), [](const member_name& m) { return m.set.has_value(); });
    const auto differs = [this](const member_name& m) { return m.set && *m.set != set_; };
    if (std::ranges::any_of(say_so, differs)) {
        const auto first = co_await eldest(std::move(say_so));
        if (!first) co_return std::nullopt;
        if (differs(*first)) {
            const std::string why_not = "the member " + quoted(first->identifier) + " was there before us, " +
                                        quoted(identifier()) + ", and shares out another set";
            if (first->identifier != identifier()) refuse(why_not);
            std::vector<member_name> old_self(1, *first);
            co_await wait_for_change(a, std::move(old_self), patience_with_an_elder, why_not, news);
            co_return std::nullopt;
        }
        std::erase_if(members, differs);
    }

    // 2. We are there, and nobody else of our name.
    std::vector<member_name> namesakes;
    std::ranges::copy_if(members, std::back_inserter(namesakes),
                         [this](const member_name& m) { return m.identifier == identifier(); });
    const bool there = std::ranges::any_of(namesakes, [this](const member_name& m) { return m.id == presence_.id(); });
    if (!there) co_return std::nullopt;
    if (namesakes.size() > 1) {
        co_await wait_for_namesakes(a, std::move(namesakes), news);
        co_return std::nullopt;
    }
    a.in_our_way.clear();

    // 3. All come to the same order.
    std::vector<std::string> identifiers;
    for (member_name& m : members) identifiers.push_back(std::move(m.identifier));
    std::ranges::sort(identifiers);
    co_return co_await computed_share(a, std::move(identifiers));
}

/// Of those that are still there.
task<std::optional<member_name>> set_partitioner_core::eldest(std::vector<member_name> members) {
    std::vector<std::string> nodes;
    for (const member_name& m : members) nodes.push_back(node_of(m));
    const auto read = [&] { return read_contenders(handle(owner(), root()), party_->node(), nodes); };
    const auto there = co_await repeat(read);
    const auto first = std::ranges::min_element(there, {}, &contender::created);
    if (first == there.end()) co_return std::nullopt;
    co_return parse_member(path::basename(first->path));
}

task<void> set_partitioner_core::wait_for_namesakes(attempt& a, std::vector<member_name> namesakes,
                                                    std::shared_ptr<party_news> news) {
    const auto first = co_await eldest(namesakes);
    const bool we = first && first->id == presence_.id(); // then it is the others' to go
    std::erase_if(namesakes, [this](const member_name& m) { return m.id == presence_.id(); });
    const std::string why_not = "another member calls itself " + quoted(identifier()) + ", too";
    co_await wait_for_change(a, std::move(namesakes), we ? patience_with_others : patience_with_an_elder, why_not,
                             std::move(news));
}

/// It may be a process that was started again, whose old session is not over yet: servers may have another timeout for
/// that than we, count in ticks, and begin anew behind an election. Ends when the party has changed; refuses what is
/// still there after so many of our timeouts with a connection.
task<void> set_partitioner_core::wait_for_change(attempt& a, std::vector<member_name> of, int timeouts,
                                                 std::string why_not, std::shared_ptr<party_news> news) {
    const task_scope& scope = co_await this_scope{};
    const auto in_it = [&of](const auto& seen) { return std::ranges::count(of, seen.first, &member_name::id) > 0; };
    std::erase_if(a.in_our_way, [&](const auto& seen) { return !in_it(seen); });
    for (const member_name& m : of) a.in_our_way.try_emplace(m.id, now());
    const auto patience = session().timeout() * timeouts;
    while (!news->changed) {
        const auto [state, since] = owner().board().state_and_since();
        duration next = patience;
        std::vector<std::string> too_long;
        for (const member_name& m : of) {
            const duration left = saturating_add(std::max(a.in_our_way.at(m.id), since), patience) - now();
            if (left <= duration::zero())
                too_long.push_back(node_of(m));
            else
                next = std::min(next, left);
        }
        if (is_connected(state) && !too_long.empty()) {
            const bool there = co_await one_is_there(std::move(too_long));
            const bool by_one_connection = owner().board().state_and_since().since == since;
            if (there && by_one_connection && !news->changed) refuse(why_not);
        }
        if (news->changed) break;
        (void)co_await as_result(news->told.next().timeout(next));
        scope.require_time();
    }
}

namespace {

task<std::vector<contender>> read_fresh(handle zk, std::string folder, std::vector<std::string> names) {
    auto syncing = zk.async_sync(folder);
    co_await std::move(syncing);
    co_return co_await read_contenders(zk, std::move(folder), std::move(names));
}

} // namespace

/// By a server's fresh word.
task<bool> set_partitioner_core::one_is_there(std::vector<std::string> nodes) {
    const auto read = [&] { return read_fresh(handle(owner(), root()), party_->node(), nodes); };
    const auto there = co_await repeat(read);
    co_return !there.empty();
}

task<set_partitioner_core::share> set_partitioner_core::computed_share(attempt& a, std::vector<std::string> members) {
    share mine;
    if (!options_.partition) {
        auto at = static_cast<std::size_t>(std::ranges::find(members, identifier()) - members.begin());
        for (; at < items_.size(); at += members.size()) mine.push_back(items_[at]);
        co_return mine;
    }
    struct computed {
        share mine{};
        std::exception_ptr thrown{};
    };
    const auto compute = [self = shared(*this), members](future<bool>) {
        computed c;
        try {
            c.mine = self->options_.partition(self->identifier(), members, self->items_);
        } catch (...) {
            c.thrown = std::current_exception();
        }
        return c;
    };
    auto computing = ready(owner(), "partition", true).then(compute); // on the callback executor
    computed c = co_await std::move(computing);
    a.thrown = c.thrown;
    if (c.thrown) std::rethrow_exception(c.thrown);
    mine = std::move(c.mine);
    if (!is_part_of(items_, mine)) refuse("the partition function gave something that is no part of the set");
    co_return mine;
}

} // namespace kazoo::recipe

// How items are pushed and popped.
#include "recipe/queue/queue_core.hpp"

#include "recipe/queue/names.hpp"

#include <kazoo/path.hpp>
#include <kazoo/receipts.hpp>

#include <type_traits>

namespace kazoo::recipe {

namespace {

/// Who has lost a race would meet the same rivals at the next item, and again at the one behind it. So they spread.
/// What is gone before we have read it was no race: whoever took it may have been done before we began.
constexpr std::size_t spread = 8;

std::optional<std::string> copy_of(const bytes& b) { return b.is_null() ? std::nullopt : std::optional(b.str()); }

} // namespace

queue_core::queue_core(const client& c, std::string_view path, queue_options o)
    : recipe_object(c, "queue", path),
      options_(std::move(o)),
      pushing_(c, *this, node(), options_.receipts, options_.acl),
      items_(*this, {.watched = node(), .items = node()}),
      line_(owner(), 1) {}

std::string queue_core::claim::path() const { return path::join(of_->node(), entry_.name()); }

// -- popping ----------------------------------------------------------------------------------------------------------

template <class Popped> task<Popped> queue_core::pop(std::shared_ptr<queue_core> self, patience p) {
    task_scope& scope = co_await this_scope{};
    const call under_way(*self, scope);
    for (bool lost_one = false;;) {
        // 1. Find the one that is next.
        task_options limited{.name = "pop", .path = self->path(), .deadline = p.deadline};
        limited.stop = p.stop;
        limited.only_reads = true;
        auto finding = spawn(scope, limited, find(self, p.waits, lost_one));
        auto found = co_await as_result(std::move(finding));
        const bool too_late = found.error() == errc::operation_timeout || found.error() == errc::cancelled;
        const bool given_up = too_late && p.gives_up && scope.fired() == errc{};
        if (!found && !given_up) found.rethrow();
        if constexpr (!std::is_same_v<Popped, bytes>)
            if (!found || !*found) co_return std::nullopt;

        // 2. Take it. That goes on without us, and knows what to do with an item that nobody wants any more.
        found_item& item = **found;
        const std::string path = item.entry.path();
        task_options duty{.name = "pop", .path = self->path()};
        duty.is_duty = true;
        auto taking = spawn(self->owner(), duty, take(self, std::move(item)));
        auto taken = co_await std::move(taking);
        lost_one = taken.end == removal::gone;
        if (taken.end != removal::ours) continue;

        // 3. It is ours, unless our caller has gone meanwhile.
        try {
            scope.claim_result();
        } catch (const error&) {
            spawn(self->owner(), duty, restore(self, path, copy_of(taken.data))).detach();
            throw;
        }
        co_return std::move(taken.data);
    }
}

/// Nothing: there is no item. It was read, and nothing has happened to it yet.
task<std::optional<queue_core::found_item>> queue_core::find(std::shared_ptr<queue_core> self, bool waits,
                                                             bool lost_one) {
    const handle zk(self->owner(), self->root());
    for (;;) {
        auto in_turn = self->next(waits, std::exchange(lost_one, false));
        const auto entry = co_await std::move(in_turn);
        if (!entry) co_return std::nullopt;
        claim mine(self, *entry);
        const std::string path = mine.path();
        const auto get = [&] { return zk.async_get(path); };
        auto content = co_await as_result(repeat(get));
        if (content) {
            std::optional<found_item> item;
            item.emplace(std::move(mine), *std::move(content));
            co_return std::move(item);
        }
        if (content.error() == errc::no_node)
            mine.forget();
        else if (content.error() != errc::session_expired)
            content.rethrow();
    }
}

/// Nothing: there is no item. Those who wait are served in the order of their calls, and hold up nobody who does not.
task<std::optional<queue_entry>> queue_core::next(bool waits, bool lost_one) {
    std::optional<waiting_line::place> here;
    if (waits) here.emplace(line_);
    if (here && !here->inside()) {
        co_await here->let_in();
        lost_one = false;
    }
    for (bool looked = false;;) {
        items_.begin(shared(*this));
        if (items_.complete())
            if (const auto e = items_.take(lost_one ? spread : 1)) co_return e;
        if (!waits && looked) co_return std::nullopt;
        if (!waits && items_.complete()) {
            co_await items_.look();
            looked = true;
            lost_one = false;
            continue;
        }
        co_await items_.changed();
        lost_one = false;
        if (items_.failure()) throw_error(items_.failure(), outcome::not_applied, "pop", path());
    }
}

task<queue_core::taken_item> queue_core::take(std::shared_ptr<queue_core> self, found_item item) {
    task_scope& scope = co_await this_scope{};
    const std::string path = item.entry.path();
    const removal end = co_await self->remove(path, item.content.stat.data_version);
    if (end != removal::look_again) item.entry.forget();
    if (end != removal::ours) co_return taken_item{end};
    bool wanted = true;
    try {
        scope.claim_result();
    } catch (const error&) {
        wanted = false;
    }
    if (!wanted) co_await restore(self, path, copy_of(item.content.data));
    scope.claim_result(); // again: what was put back is handed to nobody
    co_return taken_item{end, std::move(item.content.data)};
}

task<queue_core::removal> queue_core::remove(std::string path, version seen) {
    const handle zk(owner(), root());
    if (receipts()) {
        transaction all = zk.transaction();
        all.remove(path, seen);
        auto committing = receipts()->committing(std::move(all));
        const auto done = co_await as_result(std::move(committing));
        if (done) co_return removal::ours;
        const bool never = done.outcome() == outcome::not_applied;
        if (never && done.error() == errc::no_node) co_return removal::gone;
        if (!never || (done.error() != errc::bad_version && done.error() != errc::session_expired)) done.rethrow();
        co_return removal::look_again;
    }
    for (repetition tries;;) {
        const auto done = co_await as_result(zk.async_remove(path, seen));
        if (done) co_return removal::ours;
        if (done.outcome() == outcome::unknown) done.rethrow();
        if (done.error() == errc::no_node) co_return removal::gone;
        if (done.error() == errc::bad_version) co_return removal::look_again;
        if (done.error() != errc::session_expired && !co_await tries.again(done.error())) done.rethrow();
    }
}

/// Its caller has gone: it goes back to where it was.
task<void> queue_core::restore(std::shared_ptr<queue_core> self, std::string path, item_data data) {
    repetition tries;
    for (bool made = false, again = true; again;) {
        auto creating = self->create(path, data);
        const auto done = co_await as_result(std::move(creating));
        if (done) co_return;
        again = false;
        if (done.outcome() == outcome::unknown) break;
        if (done.error() == errc::session_expired) {
            again = true;
        } else if (done.error() == errc::no_node && !made) {
            made = again = (co_await as_result(self->pushing_.make_folder())).has_value();
        } else {
            const auto helps = co_await as_result(tries.again(done.error()));
            again = helps && *helps;
        }
    }
    self->owner().log(log_level::warn, "an item of a queue was taken, and could not be put back: " + path);
}

task<void> queue_core::create(std::string path, item_data data) {
    const handle zk(owner(), root());
    transaction all = zk.transaction();
    all.create(path, view_of(data), {.acl = options_.acl});
    if (receipts()) {
        auto committing = receipts()->committing(std::move(all));
        co_await std::move(committing);
    } else {
        auto committing = all.async_commit();
        co_await std::move(committing);
    }
}

// -- looking --------------------------------------------------------------------------------------------------------

task<std::vector<std::string>> queue_core::list(std::shared_ptr<queue_core> self) {
    const handle zk(self->owner(), self->root());
    const auto read = [&] { return read_names_behind_sync(zk, self->node(), ""); };
    const auto names = co_await in_any_session(read);
    std::vector<std::string> all;
    for (const queue_entry& e : in_order(names.items)) all.push_back(e.name());
    co_return all;
}

task<std::size_t> queue_core::count(std::shared_ptr<queue_core> self) {
    const auto items = co_await list(self);
    co_return items.size();
}

// -- for any thread ---------------------------------------------------------------------------------------------------

future<bytes> queue_core::pop() { return spawn(owner(), waiting("pop"), pop<bytes>(shared(*this), patience())); }

future<std::optional<bytes>> queue_core::pop(patience p) {
    return spawn(owner(), waiting("pop"), pop<std::optional<bytes>>(shared(*this), std::move(p)));
}

queue_core::patience queue_core::as_long_as(duration limit, std::stop_token stop) const {
    const bool waits = limit.count() > 0;
    return {waits, true, waits ? deadline_in(limit) : operation_deadline(), std::move(stop)};
}

task_options queue_core::reading(std::string_view operation, bool limited, std::stop_token stop) const {
    task_options o{.name = operation, .path = path()};
    o.stop = std::move(stop);
    o.only_reads = true;
    o.is_wait = limited;
    if (limited) o.deadline = operation_deadline();
    return o;
}

future<std::size_t> queue_core::size(bool limited, std::stop_token stop) {
    return spawn(owner(), reading("size", limited, std::move(stop)), count(shared(*this)));
}

future<std::vector<std::string>> queue_core::names(bool limited, std::stop_token stop) {
    return spawn(owner(), reading("names", limited, std::move(stop)), list(shared(*this)));
}

} // namespace kazoo::recipe

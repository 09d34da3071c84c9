#include <kazoo/recipe/locking_queue.hpp>

#include "recipe/parts/answering.hpp"
#include "recipe/parts/possession.hpp"
#include "recipe/queue/locking_queue_core.hpp"
#include "recipe/queue/names.hpp"

#include <kazoo/path.hpp>

#include <set>
#include <utility>

namespace kazoo {

namespace recipe {

task<std::optional<claimed_item>> locking_queue_core::get(std::shared_ptr<locking_queue_core> self,
                                                          client keeps_session, bool waits) {
    task_scope& scope = co_await this_scope{};
    const call under_way(*self, scope);
    for (;;) {
        // 1. Who is next, of those that nobody has claimed?
        auto finding = self->next(waits);
        const auto entry = co_await std::move(finding);
        if (!entry) co_return std::nullopt;

        // 2. Claim it.
        hand mine(self, *entry);
        const claim_nodes nodes(self->entries_, self->claims_, *entry, random_id(self->owner().loop()));
        claim_attempt attempt(self->session(), nodes, self->options_.acl);
        const auto end = co_await as_result(attempt.make());
        if (!end && end.error() != errc::session_expired) end.rethrow();
        if (end && *end == claim_attempt::end::gone) mine.forget();
        if (end && *end == claim_attempt::end::taken) mine.is_claimed();
        if (!end || *end != claim_attempt::end::made) continue;

        // 3. It is ours. Certainly so?
        const loss by = self->options_.lost_when;
        const std::string mark = attempt.mark().path;
        if (!grant::would_last(attempt.session(), by)) {
            auto asking = grant::becomes_certain(attempt.session(), mark, by);
            if (!co_await std::move(asking)) continue;
        }
        mine.is_claimed();
        auto held = std::make_shared<claim>(attempt, by);
        claimed_item item(std::make_unique<possession>(std::move(keeps_session), self, std::make_unique<holding>(held)),
                          held, entry->name(), attempt.take_data());
        held->guard();
        attempt.keep(); // only now: from here on `held` takes care of the nodes
        co_return std::move(item);
    }
}

/// Nothing: there is no item. Those who wait are served in the order of their calls, and hold up nobody who does not.
/// Servers tell only those who may read what was released, so whoever waits looks from time to time.
task<std::optional<queue_entry>> locking_queue_core::next(bool waits) {
    const task_scope& scope = co_await this_scope{};
    std::optional<waiting_line::place> here;
    if (waits) here.emplace(line_);
    if (here && !here->inside()) co_await here->let_in();
    for (bool looked = false;;) {
        items_.begin(shared(*this));
        if (items_.complete())
            if (const auto e = items_.take()) co_return e;
        if (!waits && looked) co_return std::nullopt;
        if (!waits && items_.complete()) {
            co_await items_.look();
            looked = true;
            continue;
        }
        const duration patience = owner().board().identity().negotiated_timeout;
        const time_point due = saturating_add(items_.last_look(), patience);
        const bool looks = patience > duration::zero() && items_.complete();
        if (looks && now() >= due) {
            co_await items_.look();
            continue;
        }
        auto changed = items_.changed();
        if (looks) changed = std::move(changed).timeout(due - now());
        (void)co_await as_result(std::move(changed));
        scope.require_time();
        if (items_.failure()) throw_error(items_.failure(), outcome::not_applied, "get", path());
    }
}

task<std::vector<queued_item>> locking_queue_core::list(std::shared_ptr<locking_queue_core> self) {
    const handle zk(self->owner(), self->root());
    const auto read = [&] { return read_names_behind_sync(zk, self->entries_, self->claims_); };
    const auto names = co_await in_any_session(read);
    std::set<queue_entry> claimed;
    for (const queue_entry& e : in_order(names.claims)) claimed.insert(e);
    std::vector<queued_item> all;
    for (const queue_entry& e : in_order(names.items)) all.push_back({e.name(), claimed.contains(e)});
    co_return all;
}

task<std::size_t> locking_queue_core::count(std::shared_ptr<locking_queue_core> self) {
    const auto all = co_await list(self);
    co_return all.size();
}

// -- for any thread ---------------------------------------------------------------------------------------------------

locking_queue_core::locking_queue_core(const client& c, std::string_view path, locking_queue_options o)
    : recipe_object(c, "locking_queue", path),
      options_(std::move(o)),
      entries_(path::join(node(), "entries")),
      claims_(path::join(node(), "taken")),
      certainty_(options_.lost_when == loss::certainty_over ? std::make_unique<certainty_claim>(owner()) : nullptr),
      pushing_(c, *this, entries_, options_.receipts, options_.acl),
      items_(*this, {.watched = node(), .items = entries_, .claims = claims_}),
      line_(owner(), 1) {}

task_options locking_queue_core::getting(time_point deadline, std::stop_token stop) const {
    task_options o = waiting("get", deadline, std::move(stop));
    o.tells_errors = true; // what it is that cannot be claimed
    return o;
}

future<claimed_item> locking_queue_core::get(client c) {
    return spawn(owner(), getting(), answering<claimed_item>(excuse::none, get(shared(*this), std::move(c), true)));
}

future<std::optional<claimed_item>> locking_queue_core::get(client c, std::stop_token stop) {
    return spawn(owner(), getting(never, std::move(stop)),
                 answering<std::optional<claimed_item>>(excuse::stop, get(shared(*this), std::move(c), true)));
}

future<std::optional<claimed_item>> locking_queue_core::get_within(client c, duration limit, std::stop_token stop) {
    const bool waits = limit.count() > 0;
    auto finding = get(shared(*this), std::move(c), waits);
    return spawn(owner(), getting(waits ? deadline_in(limit) : operation_deadline(), std::move(stop)),
                 answering<std::optional<claimed_item>>(excuse::stop_or_time, std::move(finding)));
}

future<std::optional<claimed_item>> locking_queue_core::try_get(client c) {
    return spawn(owner(), getting(operation_deadline()), get(shared(*this), std::move(c), false));
}

task_options locking_queue_core::reading(std::string_view operation, bool limited, std::stop_token stop) const {
    task_options o{.name = operation, .path = path()};
    o.stop = std::move(stop);
    o.only_reads = true;
    o.is_wait = limited;
    if (limited) o.deadline = operation_deadline();
    return o;
}

future<std::size_t> locking_queue_core::size(bool limited, std::stop_token stop) {
    return spawn(owner(), reading("size", limited, std::move(stop)), count(shared(*this)));
}

future<std::vector<queued_item>> locking_queue_core::items(bool limited, std::stop_token stop) {
    return spawn(owner(), reading("items", limited, std::move(stop)), list(shared(*this)));
}

} // namespace recipe

// -- claimed_item -----------------------------------------------------------------------------------------------------

claimed_item::claimed_item(std::unique_ptr<recipe::possession> p, std::shared_ptr<recipe::claim> c, std::string name,
                           bytes data) noexcept
    : claim_(std::move(c)), possession_(std::move(p)), name_(std::move(name)), data_(std::move(data)) {}
claimed_item::claimed_item(claimed_item&&) noexcept = default;
claimed_item& claimed_item::operator=(claimed_item&&) noexcept = default;
claimed_item::~claimed_item() = default;

bool claimed_item::holds() const noexcept { return possession_ && possession_->holds(); }
std::stop_token claimed_item::lost() const { return recipe::possession::lost(possession_); }
zxid claimed_item::fencing_token() const noexcept { return possession_ ? possession_->fencing_token() : zxid::none; }
node_check claimed_item::check() const { return recipe::possession::check(possession_); }
void claimed_item::release() noexcept {
    if (possession_) possession_->give_back();
}
future<bool> claimed_item::async_release() { return possession_->async_give_back("release"); }
bool claimed_item::consume(const std::stop_token& stop) { return async_consume().stop_on(stop).get(); }
future<bool> claimed_item::async_consume() {
    if (possession_->holds())
        claim_->consume_at_the_end();
    else
        possession_->give_back();
    return possession_->async_give_back("consume");
}

// -- locking_queue ----------------------------------------------------------------------------------------------------

locking_queue::locking_queue(client c, std::string_view path, locking_queue_options o)
    : client_(std::move(c)), core_(std::make_shared<recipe::locking_queue_core>(client_, path, std::move(o))) {}
locking_queue::~locking_queue() { core_->abandon(); }

void locking_queue::push(data_view data, int priority, const std::stop_token& stop) {
    core_->push(recipe::one_item(data), priority, true, stop).get();
}
future<void> locking_queue::async_push(data_view data, int priority, std::stop_token stop) {
    return core_->push(recipe::one_item(data), priority, false, std::move(stop));
}
void locking_queue::push_all(std::span<const std::string> items, int priority, const std::stop_token& stop) {
    core_->push(recipe::each_item(items), priority, true, stop).get();
}
future<void> locking_queue::async_push_all(std::span<const std::string> items, int priority, std::stop_token stop) {
    return core_->push(recipe::each_item(items), priority, false, std::move(stop));
}

claimed_item locking_queue::get() { return async_get().get(); }
future<claimed_item> locking_queue::async_get() { return core_->get(client_); }
std::optional<claimed_item> locking_queue::get(std::stop_token stop) { return async_get(std::move(stop)).get(); }
future<std::optional<claimed_item>> locking_queue::async_get(std::stop_token stop) {
    return core_->get(client_, std::move(stop));
}
std::optional<claimed_item> locking_queue::try_get() { return async_try_get().get(); }
future<std::optional<claimed_item>> locking_queue::async_try_get() { return core_->try_get(client_); }
std::optional<claimed_item> locking_queue::get_within(std::chrono::nanoseconds limit, std::stop_token stop) {
    return async_get_within(limit, std::move(stop)).get();
}
future<std::optional<claimed_item>> locking_queue::async_get_within(std::chrono::nanoseconds limit,
                                                                    std::stop_token stop) {
    return core_->get_within(client_, limit, std::move(stop));
}

std::size_t locking_queue::size(const std::stop_token& stop) const { return core_->size(true, stop).get(); }
future<std::size_t> locking_queue::async_size(std::stop_token stop) const {
    return core_->size(false, std::move(stop));
}
std::vector<queued_item> locking_queue::items(const std::stop_token& stop) const {
    return core_->items(true, stop).get();
}
future<std::vector<queued_item>> locking_queue::async_items(std::stop_token stop) const {
    return core_->items(false, std::move(stop));
}
const std::string& locking_queue::path() const noexcept { return core_->path(); }

} // namespace kazoo

#include <kazoo/recipe/set_partitioner.hpp>

#include "recipe/group/item_name.hpp"
#include "recipe/group/set_partitioner_core.hpp"
#include "util/backoff.hpp"
#include "util/host_name.hpp"

#include <kazoo/path.hpp>

#include <unistd.h>

#include <algorithm>
#include <new>
#include <ostream>
#include <utility>

namespace kazoo {

std::string_view to_string(partition_state s) noexcept {
    switch (s) {
    case partition_state::idle: return "idle";
    case partition_state::allocating: return "allocating";
    case partition_state::acquired: return "acquired";
    case partition_state::release: return "release";
    case partition_state::failure: return "failure";
    }
    return "unknown";
}
std::ostream& operator<<(std::ostream& out, partition_state s) { return out << to_string(s); }

namespace recipe {

namespace {

/// How many locks are asked for at once.
constexpr std::size_t most_at_once = 256;
/// Pauses between tries to take what others do not give up.
constexpr std::chrono::milliseconds shortest_pause{10}, longest_pause{2'000};

std::vector<std::string> as_set(std::vector<std::string> items) {
    std::ranges::sort(items);
    const auto twice = std::ranges::unique(items);
    items.erase(twice.begin(), twice.end());
    return items;
}

set_partitioner_options with_identifier(const client& c, set_partitioner_options o) {
    core& owner = client_access::core_of(c);
    if (o.identifier.empty() && !owner.loop().forked())
        o.identifier =
            util::host_name() + "-" + std::to_string(::getpid()) + "-" + random_id(owner.loop()).substr(0, 8);
    return o;
}

} // namespace

class set_partitioner_core::until_left final : interruptible {
  public:
    until_left(set_partitioner_core& of, task_scope& scope) noexcept : scope_(scope) { of.acquires_.add(*this); }

  private:
    void interrupt(errc) noexcept override { scope_.fire(errc::cancelled); }
    task_scope& scope_;
};

class set_partitioner_core::membership {
  public:
    explicit membership(set_partitioner_core& of) noexcept : of_(of) {}
    membership(const membership&) = delete;
    membership& operator=(const membership&) = delete;
    ~membership() {
        if (stays_) return;
        try {
            of_.presence_.leave().detach();
        } catch (const std::bad_alloc&) { // it leaves with the object, or its session
            of_.owner().log(log_level::warn, "no memory to leave a party");
        }
    }
    void stays() noexcept { stays_ = true; }

  private:
    set_partitioner_core& of_;
    bool stays_ = false;
};

// -- acquiring --------------------------------------------------------------------------------------------------------

task<std::optional<set_partitioner_core::answer>>
set_partitioner_core::acquire(std::shared_ptr<set_partitioner_core> self, client keeps_session) {
    task_scope& scope = co_await this_scope{};
    const call under_way(*self, scope);
    const until_left ends_with_leave(*self, scope);
    auto its_turn = std::make_unique<turn>(self, self->turns_);
    while (!its_turn->place().inside()) co_await its_turn->place().let_in();
    membership member(*self);
    attempt a{std::move(its_turn), std::move(keeps_session), self->begin_allocating()};
    auto acquired = co_await as_result(self->allocate(a));
    answer all;
    if (acquired) {
        member.stays();
        all.acquired = *std::move(acquired);
        co_return all;
    }
    if (a.thrown) {
        self->say(a.number, partition_state::failure);
        all.thrown = a.thrown;
        co_return all;
    }
    const auto why = acquired.error();
    const bool given_up = why == errc::cancelled || why == errc::operation_timeout || why == errc::closed;
    self->say(a.number, given_up ? partition_state::idle : partition_state::failure);
    acquired.rethrow();
}

task<std::optional<partition>> set_partitioner_core::as_thrown(task<std::optional<answer>> t) {
    auto given = co_await std::move(t);
    if (!given) co_return std::nullopt;
    if (given->thrown) std::rethrow_exception(given->thrown);
    co_return std::move(given->acquired);
}

task<std::optional<partition>> set_partitioner_core::allocate(attempt& a) {
    const auto self = shared(*this);
    task_scope& scope = co_await this_scope{};
    for (;;) {
        // 1. Be a member of the party, and wait until nobody has come or gone for a while.
        auto joining = presence_.join({});
        co_await std::move(joining);
        auto becoming_settled = settling::settled(party_, std::exchange(known_, {}));
        auto settled = co_await as_result(std::move(becoming_settled));
        if (settled.error() == errc::no_node) { // somebody has deleted it, and will soon have been noticed
            (void)co_await as_result(pause(owner(), shortest_pause));
            scope.require_time();
            continue;
        }
        if (!settled) settled.rethrow();
        if (presence_.id().empty()) continue; // it has ended by itself: joining again tells why
        const auto news = std::make_shared<party_news>(owner());
        auto watching = spawn(owner(), party_->reading("watch party"),
                              watch_party(self, news, settled->seen, a.number, std::move(settled->changed)));

        // 2. All who see this party come to the same shares.
        auto mine = co_await share_of(a, std::move(settled->children), news);

        // 3. Take what is ours: all of it, or nothing. Others, who saw another party, may have some of it still.
        util::backoff pauses(shortest_pause, longest_pause);
        while (mine && !news->changed) {
            const auto wanted = std::make_shared<taking>(*mine);
            const task_options options{.name = "acquire", .path = path(), .tells_errors = true};
            auto taking_all = spawn(scope, options, take(wanted, news, a.keeps_session));
            const bool all_taken = co_await std::move(taking_all);
            if (all_taken && !news->changed && wanted->all_hold()) {
                scope.claim_result();
                co_return hand_out(a, wanted, *news, std::move(watching));
            }
            wanted->locks.clear(); // at once: others wait for them
            if (news->changed) break;
            (void)co_await as_result(news->told.next().timeout(pauses.next()));
            scope.require_time();
        }
        while (!news->changed && !presence_.id().empty()) {
            auto told = news->told.next(), another = presence_.next_change();
            (void)co_await first_of(told, another);
        }
    }
}

task<void> set_partitioner_core::watch_party(std::shared_ptr<set_partitioner_core> self,
                                             std::shared_ptr<party_news> news, sight seen, std::uint64_t number,
                                             future<void> changed) {
    const auto end = co_await as_result(std::move(changed));
    if (end.error() == errc::cancelled) co_return; // nobody wants to know any more
    self->known_ = {seen, self->now()};
    news->changed = true;
    news->told.notify();
    self->owner().loop().signal(news->revoked);
    self->say(number, partition_state::release);
}

/// Until all of it is taken, or others do not give it up, or the party has changed.
task<bool> set_partitioner_core::take(candidate wanted, std::shared_ptr<party_news> news, client keeps_session) {
    task_scope& scope = co_await this_scope{};
    const task_options options{.name = "acquire", .path = path(), .tells_errors = true};
    std::vector<future<void>> lanes;
    for (std::size_t n = std::min(wanted->items.size(), most_at_once); n > 0; --n)
        lanes.push_back(spawn(scope, options, take_some(wanted, news, keeps_session)));
    time_point quiet_since = now();
    while (!wanted->complete() && !news->changed) {
        const std::size_t before = wanted->taken;
        const duration left = saturating_add(quiet_since, options_.max_reaction_time) - now();
        const auto told = co_await as_result(news->told.next().timeout(left));
        scope.require_time();
        if (wanted->failure) std::rethrow_exception(wanted->failure);
        const bool nothing_came = !told && wanted->taken == before;
        const auto [state, since] = owner().board().state_and_since();
        const bool connected = is_connected(state);
        if (nothing_came && connected && since <= quiet_since) co_return false;
        quiet_since = nothing_came && connected ? since : now();
    }
    co_return wanted->complete();
}

/// One item after the other, beside others that do the same.
task<void> set_partitioner_core::take_some(candidate wanted, std::shared_ptr<party_news> news, client keeps_session) {
    const auto self = shared(*this);
    while (wanted->begun < wanted->items.size()) {
        const std::size_t i = wanted->begun++;
        contention stand(*this, lock_rules(wanted->items[i]));
        acquisition_line line(owner());
        acquisition_line::place here(line);
        const auto lock = co_await as_result(stand.acquire(here, contention::wait::yes));
        if (!lock) {
            try {
                lock.rethrow();
            } catch (...) {
                wanted->failure = std::current_exception();
            }
            co_return news->told.notify();
        }
        auto held = holding::take(**lock, {}, options_.lost_when, wanted->common);
        wanted->took(i, std::make_unique<possession>(keeps_session, self, std::move(held)));
        news->told.notify();
    }
}

contention_rules set_partitioner_core::lock_rules(const std::string& item) const {
    return {.folder = path::join(path::join(node(), "locks"), node_name_of(item)),
            .mark = "__lock__",
            .excluding = {"__lock__", "__rlock__"},
            .acl = options_.acl,
            .lost_when = options_.lost_when};
}

std::optional<partition> set_partitioner_core::hand_out(attempt& a, candidate taken, const party_news& news,
                                                        future<void> watching) {
    const auto on_end = [self = shared(*this), number = a.number](bool lost) {
        self->say(number, lost ? partition_state::failure : partition_state::idle);
    };
    say(a.number, partition_state::acquired);
    return partition(std::make_unique<portion>(shared(*this), std::move(a.its_turn), std::move(*taken), news,
                                               std::move(watching), on_end));
}

task<bool> set_partitioner_core::leave(std::shared_ptr<set_partitioner_core> self) {
    const call under_way(*self, co_await this_scope{});
    self->acquires_.interrupt_all(errc::cancelled);
    co_return co_await self->presence_.leave();
}

// -- for any thread ---------------------------------------------------------------------------------------------------

set_partitioner_core::set_partitioner_core(const client& c, std::string_view path, std::vector<std::string> items,
                                           set_partitioner_options o)
    : recipe_object(c, "set_partitioner", path),
      items_(as_set(std::move(items))),
      options_(with_identifier(c, std::move(o))),
      set_(fingerprint(items_)),
      claim_(options_.lost_when == loss::certainty_over ? std::make_unique<certainty_claim>(owner()) : nullptr),
      party_(std::make_shared<settling>(c, "set_partitioner", path::join(node(), "party"), options_.time_boundary)),
      presence_(*this, {.folder = party_->node(),
                        .tail = "-" + options_.identifier,
                        .data = options_.identifier,
                        .acl = options_.acl,
                        .new_id = [this] { return with_set(random_id(owner().loop()), set_); }}),
      turns_(owner(), 1) {
    check_identifier(*this, options_.identifier);
    if (duration(options_.max_reaction_time) <= duration::zero())
        refuse("max_reaction_time must be longer than nothing");
}

task_options set_partitioner_core::acquiring(time_point deadline, std::stop_token stop) const {
    task_options o = waiting("acquire", deadline, std::move(stop));
    o.tells_errors = true; // who has our identifier, or another set
    return o;
}

future<partition> set_partitioner_core::acquire(client c) {
    return spawn(owner(), acquiring(), must_be(as_thrown(acquire(shared(*this), std::move(c)))));
}

future<std::optional<partition>> set_partitioner_core::acquire(client c, std::stop_token stop) {
    return spawn(owner(), acquiring(never, std::move(stop)),
                 as_thrown(nothing_on(errc::cancelled, acquire(shared(*this), std::move(c)))));
}

future<std::optional<partition>> set_partitioner_core::acquire_within(client c, duration limit, std::stop_token stop) {
    auto acquired = acquire(shared(*this), std::move(c));
    return spawn(owner(), acquiring(deadline_in(limit), std::move(stop)),
                 as_thrown(nothing_on(errc::cancelled, nothing_on(errc::operation_timeout, std::move(acquired)))));
}

future<bool> set_partitioner_core::leave() { return spawn(owner(), {"leave", path()}, leave(shared(*this))); }

// -- states: changed on any thread, so listeners are told that there is a new one, and look which ---------------------

partition_state set_partitioner_core::state() const noexcept {
    if (forked()) return partition_state::idle; // where the mutex may be locked for ever
    const util::lock_guard lock(mutex_);
    return state_;
}

std::uint64_t set_partitioner_core::begin_allocating() {
    std::uint64_t number = 0;
    {
        const util::lock_guard lock(mutex_);
        state_ = partition_state::allocating;
        number = ++number_;
    }
    tell();
    return number;
}

void set_partitioner_core::say(std::uint64_t number, partition_state now) {
    {
        const util::lock_guard lock(mutex_);
        const bool ended = state_ == partition_state::idle || state_ == partition_state::failure;
        const bool is_news = now == partition_state::release ? state_ == partition_state::acquired : !ended;
        if (number != number_ || state_ == now || !is_news) return;
        state_ = now;
    }
    tell();
}

void set_partitioner_core::tell() noexcept {
    try {
        audience_.tell(state());
    } catch (const std::bad_alloc&) {
        owner().log(log_level::warn, "no memory to tell the listeners of a set_partitioner");
    }
}

ref<listener> set_partitioner_core::on_state(std::function<void(partition_state)> f) {
    auto tell = [weak = std::weak_ptr(shared(*this)), f = std::move(f),
                 told = std::optional<partition_state>()](partition_state) mutable {
        const auto self = weak.lock();
        if (!self) return;
        const partition_state now = self->state();
        if (std::exchange(told, now) != now) f(now);
    };
    return audience_.add(owner(), "a listener of set_partitioner " + path(), std::move(tell));
}

} // namespace recipe

// -- partition --------------------------------------------------------------------------------------------------------

partition::partition(std::unique_ptr<recipe::portion> p) noexcept : portion_(std::move(p)) {}
partition::partition(partition&&) noexcept = default;
partition& partition::operator=(partition&&) noexcept = default;
partition::~partition() = default;

const std::vector<std::string>& partition::items() const noexcept { return recipe::portion::items(portion_); }
bool partition::holds() const noexcept { return portion_ && portion_->holds(); }
std::stop_token partition::revoked() const { return recipe::portion::revoked(portion_); }
std::stop_token partition::lost() const { return recipe::portion::lost(portion_); }
zxid partition::fencing_token(std::string_view item) const noexcept {
    return portion_ ? portion_->fencing_token(item) : zxid::none;
}
node_check partition::check(std::string_view item) const { return recipe::portion::check(portion_, item); }
void partition::release() noexcept {
    if (portion_) portion_->give_back();
}
future<bool> partition::async_release() { return portion_->async_give_back(); }

// -- set_partitioner --------------------------------------------------------------------------------------------------

set_partitioner::set_partitioner(client c, std::string_view path, std::vector<std::string> items,
                                 set_partitioner_options options)
    : client_(std::move(c)),
      core_(std::make_shared<recipe::set_partitioner_core>(client_, path, std::move(items), std::move(options))) {}
set_partitioner::~set_partitioner() { core_->abandon(); }

partition set_partitioner::acquire() { return async_acquire().get(); }
std::optional<partition> set_partitioner::acquire(std::stop_token stop) { return async_acquire(std::move(stop)).get(); }
std::optional<partition> set_partitioner::acquire_within(std::chrono::nanoseconds limit, std::stop_token stop) {
    return async_acquire_within(limit, std::move(stop)).get();
}

future<partition> set_partitioner::async_acquire() { return core_->acquire(client_); }
future<std::optional<partition>> set_partitioner::async_acquire(std::stop_token stop) {
    return core_->acquire(client_, std::move(stop));
}
future<std::optional<partition>> set_partitioner::async_acquire_within(std::chrono::nanoseconds limit,
                                                                       std::stop_token stop) {
    return core_->acquire_within(client_, limit, std::move(stop));
}

bool set_partitioner::leave(const std::stop_token& stop) { return async_leave().stop_on(stop).get(); }
future<bool> set_partitioner::async_leave() { return core_->leave(); }

partition_state set_partitioner::state() const noexcept { return core_->state(); }
subscription set_partitioner::on_state(std::function<void(partition_state)> f) const {
    return subscription(core_->on_state(std::move(f)));
}
const std::vector<std::string>& set_partitioner::items() const noexcept { return core_->items(); }
const std::string& set_partitioner::identifier() const noexcept { return core_->identifier(); }
const std::string& set_partitioner::path() const noexcept { return core_->path(); }

} // namespace kazoo

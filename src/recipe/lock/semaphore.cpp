#include <kazoo/recipe/semaphore.hpp>

#include "recipe/lock/semaphore_core.hpp"
#include "recipe/parts/answering.hpp"
#include "recipe/parts/contenders.hpp"
#include "recipe/parts/entry_names.hpp"
#include "recipe/parts/possession.hpp"

#include <kazoo/path.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <new>
#include <utility>

namespace kazoo {

namespace recipe {

namespace {

/// What a path holds that is no number of permits is somebody else's business.
std::optional<std::size_t> number_in(const node& n) noexcept {
    std::string_view text = n.data.view();
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    std::size_t number = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || ec != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

/// The number, and who has a permit, seen in one round trip; and what tells of changes, if that was asked for.
struct overview {
    node number;
    child_names permits;
    future<watch_event> resized{}, freed{};
};

task<overview> overview_of(pinned_handle zk, std::string path) {
    auto number = zk.async_get(path);
    auto children = zk.async_get_children(path);
    auto [n, c] = co_await all_of(std::move(number), std::move(children));
    if (!n) n.rethrow();
    if (!c) c.rethrow();
    co_return overview{*std::move(n), *std::move(c)};
}

task<overview> watched_overview_of(pinned_handle zk, std::string path) {
    auto number = zk.async_watch(path);
    auto children = zk.async_watch_children(path);
    auto [n, c] = co_await all_of(std::move(number), std::move(children));
    if (!n) n.rethrow();
    if (!c) c.rethrow();
    co_return overview{std::move(n->value), std::move(c->value.names), std::move(n->changed), std::move(c->changed)};
}

/// One behind the other: as long as our place in the line is there, a lost transaction may still make the permit.
task<void> withdraw(pinned_handle zk, std::string place, std::string permit) {
    (void)co_await as_result(remove_until_gone(zk, "clean up", std::move(place)));
    (void)co_await as_result(remove_until_gone(zk, "clean up", std::move(permit)));
}

} // namespace

/// One place at the head of the line, and the permit that may come of it. What is left when this goes is removed in the
/// background.
class semaphore_core::attempt {
  public:
    attempt(const recipe_object& of, std::unique_ptr<lock_node> first)
        : first_(std::move(first)), path_(path::join(of.node(), random_id(of.owner().loop()))) {}
    attempt(const attempt&) = delete;
    attempt& operator=(const attempt&) = delete;
    ~attempt() {
        if (!sent_) return;
        const pinned_handle& zk = session();
        try {
            task_options options{"clean up", path_};
            options.is_duty = true;
            spawn(zk.owner(), options, withdraw(zk, first_->path(), path_)).detach();
        } catch (const std::bad_alloc&) { // it goes with its session
            zk.owner().log(log_level::warn, "no memory to clean up after a semaphore");
        }
    }

    const pinned_handle& session() const noexcept { return first_->session(); }
    const std::string& place() const noexcept { return first_->path(); }
    const std::string& permit() const noexcept { return path_; }
    created_node made() const { return {path_, stat_}; }

    void sent() noexcept { sent_ = true; }
    void was_made(const node_stat& s) noexcept {
        stat_ = s;
        first_->consumed();
    }
    /// Somebody else takes care of the permit.
    void keep() noexcept { sent_ = false; }
    /// Our place in the line is gone, and with it whatever was sent.
    void is_over() noexcept {
        first_->keep();
        sent_ = false;
    }

  private:
    const std::unique_ptr<lock_node> first_;
    const std::string path_;
    node_stat stat_{};
    bool sent_ = false;
};

task<std::optional<permit>> semaphore_core::acquire(std::shared_ptr<semaphore_core> self, client keeps_session,
                                                    wait patience) {
    task_scope& scope = co_await this_scope{};
    const call under_way(*self, scope);
    acquisition_line::place here(self->line_);
    if (patience == wait::no && !here.may_hold()) co_return std::nullopt;
    for (lock_node_name name = self->admission_.new_name();; name = self->admission_.new_name()) {
        const auto agreed = co_await as_result(self->agree());
        if (agreed.error() == errc::session_expired) continue;
        if (!agreed) agreed.rethrow();

        // 1. Come first among those who want a permit.
        auto first = co_await self->admission_.come_first(here, name, patience);
        if (!first) co_return std::nullopt;

        // 2. Nobody but us takes permits now: take one when there are fewer than the number.
        attempt mine(*self, std::move(first));
        const auto end = co_await as_result(self->take(mine, patience));
        if (!end && end.error() != errc::session_expired) end.rethrow();
        if (end && *end == verdict::none_left) co_return std::nullopt;
        if (!end || *end == verdict::start_over) continue;

        // 3. It is made. Certainly so?
        const loss by = self->options_.lost_when;
        if (!grant::would_last(mine.session(), by) &&
            !co_await grant::becomes_certain(mine.session(), mine.permit(), by))
            continue;
        const auto held = std::make_shared<grant>(mine.session(), mine.made(), by, std::string());
        auto handed_out = std::make_unique<possession>(std::move(keeps_session), self, std::make_unique<holding>(held));
        held->guard();
        mine.keep(); // only now: from here on `held` takes care of the node
        co_return permit(std::move(handed_out));
    }
}

/// Makes the path with its number in one request; a number that is there already must be the same.
task<void> semaphore_core::agree() {
    const pinned_handle zk = session();
    const std::string own = std::to_string(permits_);
    const auto read = [&] { return zk.async_get_if_exists(node()); };
    const auto make = [&] { return zk.async_create(node(), own, {.acl = acls::open_unsafe(), .make_parents = true}); };
    while (!agreed_) {
        const auto there = co_await repeat(read);
        if (!there) {
            const auto made = co_await as_result(repeat(make));
            if (made.error() == errc::node_exists) continue; // by somebody else, or by ourselves and the reply was lost
            if (!made) made.rethrow();
        } else if (const auto number = number_in(*there); number && *number != permits_) {
            throw_error(make_error_code(errc::bad_arguments), outcome::not_applied, recipe(), path(),
                        own + " permits are wanted here, but the servers have " + std::to_string(*number));
        }
        agreed_ = true;
    }
}

std::size_t semaphore_core::limit_in(const kazoo::node& n) const { return number_in(n).value_or(permits_); }

task<semaphore_core::verdict> semaphore_core::take(attempt& mine, wait patience) {
    const pinned_handle zk = mine.session();
    const auto glance = [&] { return overview_of(zk, node()); };
    const auto watch = [&] { return watched_overview_of(zk, node()); };
    for (bool watching = false;; watching = true) {
        auto looking = watching ? repeat(watch) : repeat(glance);
        auto seen = co_await as_result(std::move(looking));
        if (seen.error() == errc::no_node) { // the path has vanished
            agreed_ = false;
            co_return verdict::start_over;
        }
        if (!seen) seen.rethrow();
        const auto held = std::ranges::count_if(seen->permits, is_id);
        if (static_cast<std::size_t>(held) < limit_in(seen->number)) {
            const auto end = co_await make(mine, seen->number.stat.data_version);
            if (end != verdict::look_again) co_return end;
        } else if (patience == wait::no) {
            co_return verdict::none_left;
        } else if (watching) { // and look again from time to time: servers tell only those who may read
            auto resized = std::move(seen->resized).timeout(zk.timeout());
            auto freed = std::move(seen->freed).timeout(zk.timeout());
            co_await first_of(resized, freed);
        }
    }
}

/// In one transaction: our place in the line goes, so it is applied once at most; the number is still the one that we
/// have seen; and the permit is made. When the place is gone nothing of it can be applied any more, and a look tells
/// what was.
task<semaphore_core::verdict> semaphore_core::make(attempt& mine, version number) {
    constexpr std::size_t place = 0, its_number = 1; // in the transaction
    const pinned_handle zk = mine.session();
    const auto look = [&] { return zk.async_exists(mine.permit()); };
    for (repetition tries;;) {
        transaction all = zk.transaction();
        all.remove(mine.place()).check(node(), number);
        all.create(mine.permit(), options_.identifier, {.mode = create_mode::ephemeral, .acl = options_.acl});
        mine.sent();
        auto committing = all.async_commit();
        auto looking = look(); // servers do not tell the stat of what a transaction has made
        auto [done, there] = co_await all_of(std::move(committing), std::move(looking));
        const auto failed = failed_index(done);
        if (!done && !failed) {
            if (!co_await tries.again(done.error())) done.rethrow();
            continue;
        }
        const bool place_gone = failed == place && done.error() == errc::no_node;
        if (done || place_gone) {
            std::optional<node_stat> stat;
            if (there)
                stat = *there;
            else
                stat = co_await repeat(look);
            if (stat && stat->owner == zk.id()) {
                mine.was_made(*stat);
                co_return verdict::made;
            }
            mine.is_over(); // somebody has deleted the one or the other
            co_return verdict::start_over;
        }
        const bool number_changed =
            failed == its_number && (done.error() == errc::bad_version || done.error() == errc::no_node);
        if (number_changed) co_return verdict::look_again;
        constexpr std::array refused{"its place in the line cannot be removed", "its number cannot be read",
                                     "no permit can be made"};
        throw_error(done.error(), outcome::not_applied, recipe(), path(), refused.at(*failed));
    }
}

// -- for any thread ---------------------------------------------------------------------------------------------------

semaphore_core::semaphore_core(const client& c, std::string_view path, std::size_t permits, semaphore_options o)
    : recipe_object(c, "semaphore", path),
      permits_(permits),
      options_(std::move(o)),
      claim_(options_.lost_when == loss::certainty_over ? std::make_unique<certainty_claim>(owner()) : nullptr),
      // What is decided there is decided by the transaction, so certainty is not needed.
      admission_(*this, {.folder = node() + "-__lock__",
                         .mark = "__lock__",
                         .excluding = {"__lock__"},
                         .identifier = options_.identifier,
                         .acl = options_.acl,
                         .lost_when = loss::session_over}),
      line_(owner()) {
    if (permits == 0)
        throw_error(make_error_code(errc::bad_arguments), outcome::not_applied, recipe(), path,
                    "a semaphore has one permit at least");
}

task_options semaphore_core::waiting_to_acquire(time_point deadline, std::stop_token stop) const {
    task_options o = waiting("acquire", deadline, std::move(stop));
    o.tells_errors = true; // which numbers disagree
    return o;
}

future<permit> semaphore_core::acquire(client c) {
    return spawn(owner(), waiting_to_acquire(),
                 answering<permit>(excuse::none, acquire(shared(*this), std::move(c), wait::yes)));
}

future<std::optional<permit>> semaphore_core::acquire(client c, std::stop_token stop) {
    return spawn(owner(), waiting_to_acquire(never, std::move(stop)),
                 answering<std::optional<permit>>(excuse::stop, acquire(shared(*this), std::move(c), wait::yes)));
}

future<std::optional<permit>> semaphore_core::acquire_within(client c, duration limit, std::stop_token stop) {
    const bool waits = limit.count() > 0;
    auto acquiring = acquire(shared(*this), std::move(c), waits ? wait::yes : wait::no);
    return spawn(owner(), waiting_to_acquire(waits ? deadline_in(limit) : operation_deadline(), std::move(stop)),
                 answering<std::optional<permit>>(excuse::stop_or_time, std::move(acquiring)));
}

future<std::optional<permit>> semaphore_core::try_acquire(client c) {
    return spawn(owner(), waiting_to_acquire(operation_deadline()),
                 answering<std::optional<permit>>(excuse::none, acquire(shared(*this), std::move(c), wait::no)));
}

future<void> semaphore_core::resize(std::size_t permits) {
    if (permits == 0)
        throw_error(make_error_code(errc::bad_arguments), outcome::not_applied, "resize", path(),
                    "a semaphore has one permit at least");
    task_options options{.name = "resize", .path = path()};
    options.tells_errors = true;
    return spawn(owner(), options, change_number(shared(*this), std::to_string(permits)));
}

task<void> semaphore_core::change_number(std::shared_ptr<semaphore_core> self, std::string number) {
    const handle zk(self->owner(), self->root());
    const create_options options{.acl = acls::open_unsafe(), .make_parents = true};
    co_await zk.async_set_or_create(self->node(), number, options);
    self->agreed_ = true;
}

namespace {

task<std::vector<contender>> read_holders(handle zk, std::string folder) {
    auto children = co_await as_result(zk.async_get_children(folder));
    if (children.error() == errc::no_node) co_return std::vector<contender>();
    if (!children) children.rethrow();
    std::vector<std::string> names;
    for (const std::string_view name : *children)
        if (is_id(name)) names.emplace_back(name);
    co_return co_await read_contenders(zk, folder, std::move(names));
}

} // namespace

future<std::vector<contender>> semaphore_core::holders() {
    const auto read = [zk = handle(owner(), root()), folder = node()] { return read_holders(zk, folder); };
    return spawn(owner(), {.name = "holders", .path = path(), .only_reads = true}, repeat(read));
}

} // namespace recipe

// -- permit -----------------------------------------------------------------------------------------------------------

permit::permit(std::unique_ptr<recipe::possession> p) noexcept : possession_(std::move(p)) {}
permit::permit(permit&&) noexcept = default;
permit& permit::operator=(permit&&) noexcept = default;
permit::~permit() = default;

bool permit::holds() const noexcept { return possession_ && possession_->holds(); }
std::stop_token permit::lost() const { return recipe::possession::lost(possession_); }
zxid permit::fencing_token() const noexcept { return possession_ ? possession_->fencing_token() : zxid::none; }
node_check permit::check() const { return recipe::possession::check(possession_); }
void permit::release() noexcept {
    if (possession_) possession_->give_back();
}
future<bool> permit::async_release() { return possession_->async_give_back("release"); }

// -- semaphore --------------------------------------------------------------------------------------------------------

semaphore::semaphore(client c, std::string_view path, std::size_t permits, semaphore_options options)
    : client_(std::move(c)),
      core_(std::make_shared<recipe::semaphore_core>(client_, path, permits, std::move(options))) {}
semaphore::~semaphore() { core_->abandon(); }

permit semaphore::acquire() { return async_acquire().get(); }
std::optional<permit> semaphore::acquire(std::stop_token stop) { return async_acquire(std::move(stop)).get(); }
std::optional<permit> semaphore::try_acquire() { return async_try_acquire().get(); }
std::optional<permit> semaphore::acquire_within(std::chrono::nanoseconds limit, std::stop_token stop) {
    return async_acquire_within(limit, std::move(stop)).get();
}

future<permit> semaphore::async_acquire() { return core_->acquire(client_); }
future<std::optional<permit>> semaphore::async_acquire(std::stop_token stop) {
    return core_->acquire(client_, std::move(stop));
}
future<std::optional<permit>> semaphore::async_try_acquire() { return core_->try_acquire(client_); }
future<std::optional<permit>> semaphore::async_acquire_within(std::chrono::nanoseconds limit, std::stop_token stop) {
    return core_->acquire_within(client_, limit, std::move(stop));
}

void semaphore::resize(std::size_t permits, const std::stop_token& stop) { async_resize(permits).stop_on(stop).get(); }
future<void> semaphore::async_resize(std::size_t permits) { return core_->resize(permits); }

std::vector<contender> semaphore::holders(const std::stop_token& stop) const {
    return async_holders().stop_on(stop).get();
}
future<std::vector<contender>> semaphore::async_holders() const { return core_->holders(); }

const std::string& semaphore::path() const noexcept { return core_->path(); }

} // namespace kazoo

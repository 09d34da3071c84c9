#include <kazoo/recipe/shared_mutex.hpp>

#include "recipe/lock/shared_mutex_core.hpp"
#include "recipe/parts/contenders.hpp"

#include <utility>

namespace kazoo {

namespace recipe {

namespace {

constexpr std::string_view write_mark = "__lock__", read_mark = "__rlock__";

/// The recipe itself, "Shared Locks" of ZooKeeper's documentation, stands in parts/contention.cpp: there it is "Locks",
/// but for who waits for whom.
contention_rules rules_of(const recipe_object& of, const shared_mutex_options& o, std::string_view mark,
                          std::vector<std::string> waits_for) {
    return {.folder = of.node(),
            .mark = std::string(mark),
            .excluding = checked_marks(of, std::move(waits_for), o.extra_lock_patterns),
            .identifier = o.identifier,
            .acl = o.acl,
            .lost_when = o.lost_when};
}

} // namespace

shared_mutex_core::shared_mutex_core(const client& c, std::string_view path, const shared_mutex_options& o)
    : recipe_object(c, "shared_mutex", path),
      line_(owner()),
      // A writer waits for whoever is ahead.
      writing_(*this, line_, access::exclusive,
               rules_of(*this, o, write_mark, {std::string(write_mark), std::string(read_mark)})),
      // A reader waits for the nearest writer ahead, and for no writer behind it (L212).
      reading_(*this, line_, access::shared, rules_of(*this, o, read_mark, {std::string(write_mark)})) {}

future<std::vector<contender>> shared_mutex_core::contenders() {
    return contenders_of(owner(), root(), node(), writing_.stand().marks(), {std::string(read_mark)});
}

} // namespace recipe

shared_mutex::shared_mutex(client c, std::string_view path, shared_mutex_options options)
    : client_(std::move(c)), core_(std::make_shared<recipe::shared_mutex_core>(client_, path, options)) {}
shared_mutex::~shared_mutex() { core_->abandon(); }

void shared_mutex::lock() { async_lock().get(); }
bool shared_mutex::lock(std::stop_token stop) { return async_lock(std::move(stop)).get(); }
bool shared_mutex::try_lock() { return async_try_lock().get(); }
bool shared_mutex::lock_within(std::chrono::nanoseconds limit, std::stop_token stop) {
    return async_lock_within(limit, std::move(stop)).get();
}
future<void> shared_mutex::async_lock() { return core_->writing().lock(); }
future<bool> shared_mutex::async_lock(std::stop_token stop) { return core_->writing().lock(std::move(stop)); }
future<bool> shared_mutex::async_try_lock() { return core_->writing().try_lock(); }
future<bool> shared_mutex::async_lock_within(std::chrono::nanoseconds limit, std::stop_token stop) {
    return core_->writing().lock_within(limit, std::move(stop));
}

void shared_mutex::lock_shared() { async_lock_shared().get(); }
bool shared_mutex::lock_shared(std::stop_token stop) { return async_lock_shared(std::move(stop)).get(); }
bool shared_mutex::try_lock_shared() { return async_try_lock_shared().get(); }
bool shared_mutex::lock_shared_within(std::chrono::nanoseconds limit, std::stop_token stop) {
    return async_lock_shared_within(limit, std::move(stop)).get();
}
future<void> shared_mutex::async_lock_shared() { return core_->reading().lock(); }
future<bool> shared_mutex::async_lock_shared(std::stop_token stop) { return core_->reading().lock(std::move(stop)); }
future<bool> shared_mutex::async_try_lock_shared() { return core_->reading().try_lock(); }
future<bool> shared_mutex::async_lock_shared_within(std::chrono::nanoseconds limit, std::stop_token stop) {
    return core_->reading().lock_within(limit, std::move(stop));
}

void shared_mutex::unlock() noexcept { core_->writing().give_up(); }
future<bool> shared_mutex::async_unlock() { return core_->writing().unlock(); }
void shared_mutex::unlock_shared() noexcept { core_->reading().give_up(); }
future<bool> shared_mutex::async_unlock_shared() { return core_->reading().unlock(); }

bool shared_mutex::holds() const noexcept { return core_->writing().holds(); }
std::stop_token shared_mutex::lost() const { return core_->writing().lost(); }
zxid shared_mutex::fencing_token() const noexcept { return core_->writing().fencing_token(); }
node_check shared_mutex::check() const { return core_->writing().check(); }

bool shared_mutex::holds_shared() const noexcept { return core_->reading().holds(); }
std::stop_token shared_mutex::lost_shared() const { return core_->reading().lost(); }
zxid shared_mutex::fencing_token_shared() const noexcept { return core_->reading().fencing_token(); }
node_check shared_mutex::check_shared() const { return core_->reading().check(); }

std::vector<contender> shared_mutex::contenders(const std::stop_token& stop) const {
    return async_contenders().stop_on(stop).get();
}
future<std::vector<contender>> shared_mutex::async_contenders() const { return core_->contenders(); }

const std::string& shared_mutex::path() const noexcept { return core_->path(); }

} // namespace kazoo

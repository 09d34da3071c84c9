#include <kazoo/recipe/mutex.hpp>

#include "recipe/lock/mutex_core.hpp"
#include "recipe/parts/contenders.hpp"

#include <utility>

namespace kazoo {

namespace recipe {

namespace {

/// The recipe itself, "Locks" of ZooKeeper's documentation, stands in parts/contention.cpp. A mutex is the one who is
/// kept out by everybody ahead, readers too (C58).
contention_rules rules_of(const recipe_object& of, mutex_options o) {
    return {.folder = of.node(),
            .mark = "__lock__",
            .excluding = checked_marks(of, {"__lock__", "__rlock__"}, o.extra_lock_patterns),
            .identifier = std::move(o.identifier),
            .acl = std::move(o.acl),
            .lost_when = o.lost_when};
}

} // namespace

mutex_core::mutex_core(const client& c, std::string_view path, mutex_options o)
    : recipe_object(c, "mutex", path),
      line_(owner()),
      side_(*this, line_, access::exclusive, rules_of(*this, std::move(o))) {}

future<std::vector<contender>> mutex_core::contenders() {
    return contenders_of(owner(), root(), node(), side_.stand().marks(), {"__rlock__"});
}

} // namespace recipe

mutex::mutex(client c, std::string_view path, mutex_options options)
    : client_(std::move(c)), core_(std::make_shared<recipe::mutex_core>(client_, path, std::move(options))) {}
mutex::~mutex() { core_->abandon(); }

void mutex::lock() { async_lock().get(); }
bool mutex::lock(std::stop_token stop) { return async_lock(std::move(stop)).get(); }
bool mutex::try_lock() { return async_try_lock().get(); }
bool mutex::lock_within(std::chrono::nanoseconds limit, std::stop_token stop) {
    return async_lock_within(limit, std::move(stop)).get();
}

future<void> mutex::async_lock() { return core_->side().lock(); }
future<bool> mutex::async_lock(std::stop_token stop) { return core_->side().lock(std::move(stop)); }
future<bool> mutex::async_try_lock() { return core_->side().try_lock(); }
future<bool> mutex::async_lock_within(std::chrono::nanoseconds limit, std::stop_token stop) {
    return core_->side().lock_within(limit, std::move(stop));
}

void mutex::unlock() noexcept { core_->side().give_up(); }
future<bool> mutex::async_unlock() { return core_->side().unlock(); }

bool mutex::holds() const noexcept { return core_->side().holds(); }
std::stop_token mutex::lost() const { return core_->side().lost(); }
zxid mutex::fencing_token() const noexcept { return core_->side().fencing_token(); }
node_check mutex::check() const { return core_->side().check(); }

std::vector<contender> mutex::contenders(const std::stop_token& stop) const {
    return async_contenders().stop_on(stop).get();
}
future<std::vector<contender>> mutex::async_contenders() const { return core_->contenders(); }

const std::string& mutex::path() const noexcept { return core_->path(); }

} // namespace kazoo

#include <kazoo/recipe/double_barrier.hpp>

#include "recipe/barrier/double_barrier_core.hpp"

#include <kazoo/path.hpp>

#include <utility>

namespace kazoo {

namespace recipe {

double_barrier_core::double_barrier_core(const client& c, std::string_view path, std::size_t members,
                                         double_barrier_options o)
    : recipe_object(c, "double_barrier", path),
      count_(members),
      options_(std::move(o)),
      member_(*this, {.folder = node(),
                      .tail = {},
                      .data = options_.identifier,
                      .acl = options_.acl,
                      .comes_back = false,
                      .one_session = true,
                      .new_id = [this] { return as_ours(random_id(owner().loop())); }}) {
    if (members == 0)
        throw_error(make_error_code(errc::bad_arguments), outcome::not_applied, recipe(), path,
                    "a double barrier has one member at least");
}

std::string double_barrier_core::path_of(std::string_view child) const { return path::join(node(), child); }

// -- being inside -----------------------------------------------------------------------------------------------------

bool double_barrier_core::is_inside() const {
    const auto here = member_.stands();
    return round_ && !round_->leaving && here && here->in == round_->stay;
}

bool double_barrier_core::is_still(const presence::standing& here) const {
    const auto now = member_.stands();
    return now && now->in == here.in;
}

/// It may be leaving by now.
bool double_barrier_core::has_entered_with(const presence::standing& here) const {
    return round_ && round_->stay == here.in;
}

void double_barrier_core::entered(opening through, const presence::standing& here) {
    round_ = std::make_shared<round>(round{through, here.zk, here.node, here.in});
    spawn(owner(), waiting("guard"), guard(shared(*this), round_)).detach();
    const util::lock_guard lock(mutex_);
    lost_ = round_->lost;
    inside_ = true;
}

task<void> double_barrier_core::guard(std::shared_ptr<double_barrier_core> self, std::shared_ptr<round> ours) {
    const call under_way(*self, co_await this_scope{});
    for (;;) {
        const auto here = self->member_.stands();
        if (ours->leaving) co_return;
        if (!here || here->in != ours->stay) break;
        const auto changed = co_await as_result(self->member_.next_change());
        if (changed.error() == errc::cancelled) co_return; // the object goes
        if (!changed) break;
    }
    self->owner().loop().signal(ours->lost);
}

// -- for any thread ---------------------------------------------------------------------------------------------------

future<bool> double_barrier_core::within(duration limit, std::stop_token stop, std::string_view name,
                                         task<bool> (*operation)(std::shared_ptr<double_barrier_core>, patience)) {
    const bool waits = limit.count() > 0;
    auto calling = operation(shared(*this), waits ? patience::waits : patience::looks_once);
    task_options o = waiting(name, waits ? deadline_in(limit) : operation_deadline(), std::move(stop));
    o.tells_errors = true;
    return spawn(owner(), o, false_on(errc::cancelled, false_on(errc::operation_timeout, std::move(calling))));
}

future<bool> double_barrier_core::enter_within(duration limit, std::stop_token stop) {
    return within(limit, std::move(stop), "enter", enter);
}
future<bool> double_barrier_core::leave_within(duration limit, std::stop_token stop) {
    return within(limit, std::move(stop), "leave", leave);
}
future<bool> double_barrier_core::enter(std::stop_token stop) { return enter_within(duration::max(), std::move(stop)); }
future<bool> double_barrier_core::leave(std::stop_token stop) { return leave_within(duration::max(), std::move(stop)); }

std::stop_token double_barrier_core::lost() const {
    if (!forked()) {
        const util::lock_guard lock(mutex_);
        if (lost_) return lost_->get_token();
    }
    std::stop_source none;
    none.request_stop();
    return none.get_token();
}

void double_barrier_core::is_outside() noexcept {
    inside_ = false;
    const util::lock_guard lock(mutex_);
    lost_.reset();
}

} // namespace recipe

double_barrier::double_barrier(client c, std::string_view path, std::size_t members, double_barrier_options o)
    : client_(std::move(c)),
      core_(std::make_shared<recipe::double_barrier_core>(client_, path, members, std::move(o))) {}
double_barrier::~double_barrier() { core_->abandon(); }

bool double_barrier::enter(std::stop_token stop) { return async_enter(std::move(stop)).get(); }
future<bool> double_barrier::async_enter(std::stop_token stop) { return core_->enter(std::move(stop)); }
bool double_barrier::enter_for(time_limit limit, std::stop_token stop) {
    return async_enter_for(limit, std::move(stop)).get();
}
future<bool> double_barrier::async_enter_for(time_limit limit, std::stop_token stop) {
    return core_->enter_within(limit, std::move(stop));
}
bool double_barrier::leave(std::stop_token stop) { return async_leave(std::move(stop)).get(); }
future<bool> double_barrier::async_leave(std::stop_token stop) { return core_->leave(std::move(stop)); }
bool double_barrier::leave_for(time_limit limit, std::stop_token stop) {
    return async_leave_for(limit, std::move(stop)).get();
}
future<bool> double_barrier::async_leave_for(time_limit limit, std::stop_token stop) {
    return core_->leave_within(limit, std::move(stop));
}
bool double_barrier::inside() const noexcept { return core_->inside(); }
std::stop_token double_barrier::lost() const { return core_->lost(); }
const std::string& double_barrier::path() const noexcept { return core_->path(); }

} // namespace kazoo

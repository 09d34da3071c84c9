#include "recipe/parts/lock_side.hpp"

#include "recipe/parts/answering.hpp"

#include <algorithm>
#include <utility>

namespace kazoo::recipe {

namespace {
constexpr std::string_view operation = "lock";
} // namespace

lock_side::lock_side(recipe_object& of, acquisition_line& line, access a, contention_rules rules)
    : of_(of), line_(line), access_(a), contention_(of, std::move(rules)) {}

// -- acquiring --------------------------------------------------------------------------------------------------------

future<void> lock_side::lock() {
    return spawn(of_.owner(), of_.waiting(operation), answering<void>(excuse::none, acquiring(wait::yes)));
}

future<bool> lock_side::lock(std::stop_token stop) {
    return spawn(of_.owner(), of_.waiting(operation, never, std::move(stop)),
                 answering<bool>(excuse::stop, acquiring(wait::yes)));
}

future<bool> lock_side::lock_within(duration limit, std::stop_token stop) {
    const bool waits = limit.count() > 0;
    const time_point deadline = waits ? of_.deadline_in(limit) : of_.operation_deadline();
    return spawn(of_.owner(), of_.waiting(operation, deadline, std::move(stop)),
                 answering<bool>(excuse::stop_or_time, acquiring(waits ? wait::yes : wait::no)));
}

future<bool> lock_side::try_lock() {
    return spawn(of_.owner(), of_.waiting(operation, of_.operation_deadline()),
                 answering<bool>(excuse::none, acquiring(wait::no)));
}

task<bool> lock_side::acquire(std::shared_ptr<recipe_object> of, lock_side& self, wait patience) {
    task_scope& scope = co_await this_scope{};
    const recipe_object::call under_way(*of, scope);
    auto here = std::make_unique<acquisition_line::place>(self.line_, self.access_);
    if (patience == wait::no && !here->may_hold()) co_return false;
    const auto mine = co_await self.contention_.acquire(*here, patience);
    if (!mine) co_return false;
    scope.claim_result();
    self.hold(*mine, std::move(here));
    co_return true;
}

void lock_side::hold(lock_node& mine, place here) {
    auto common = std::make_shared<fate>();
    {
        const util::lock_guard lock(mutex_);
        if (!held_.empty()) common = fate_;
    }
    auto taken = holding::take(mine, std::move(here), contention_.rules().lost_when, common);
    const util::lock_guard lock(mutex_);
    held_.push_back(std::move(taken));
    fate_ = std::move(common);
}

// -- giving up --------------------------------------------------------------------------------------------------------

std::unique_ptr<holding> lock_side::take_oldest() noexcept {
    if (of_.forked()) return nullptr; // the mutex may be locked by a thread that is not in this process
    const util::lock_guard lock(mutex_);
    if (held_.empty()) return nullptr;
    auto oldest = std::move(held_.front());
    held_.pop_front();
    return oldest;
}

future<bool> lock_side::unlock() {
    auto oldest = take_oldest();
    if (!oldest) return ready(of_.owner(), "unlock", false);
    return holding::give_up(std::move(oldest), of_);
}

bool lock_side::give_up() noexcept {
    auto oldest = take_oldest();
    if (!oldest) return false;
    holding::let_go(std::move(oldest), of_);
    return true;
}

// -- holding ----------------------------------------------------------------------------------------------------------

bool lock_side::holds() const noexcept {
    if (of_.forked()) return false;
    const util::lock_guard lock(mutex_);
    return !held_.empty() && std::ranges::all_of(held_, [](const auto& h) { return h->what()->holds(); });
}

std::shared_ptr<grant> lock_side::newest() const noexcept {
    if (of_.forked()) return nullptr;
    const util::lock_guard lock(mutex_);
    return held_.empty() ? nullptr : held_.back()->what();
}

std::stop_token lock_side::lost() const {
    if (const auto g = newest()) return g->lost();
    std::stop_source over;
    over.request_stop();
    return over.get_token();
}

zxid lock_side::fencing_token() const noexcept {
    const auto g = newest();
    return g ? g->fencing_token() : zxid::none;
}

node_check lock_side::check() const {
    const auto g = newest();
    if (!g) throw_error(make_error_code(errc::not_held), outcome::not_applied, "check", of_.path());
    return g->check();
}

} // namespace kazoo::recipe

#include <kazoo/recipe/election.hpp>

#include "recipe/leader/election_core.hpp"
#include "recipe/parts/answering.hpp"
#include "recipe/parts/contenders.hpp"
#include "recipe/parts/possession.hpp"

#include <functional>
#include <utility>

namespace kazoo {

namespace recipe {

namespace {

constexpr std::string_view operation = "stand";

} // namespace

/// The recipe itself, "Leader Election" of ZooKeeper's documentation, is that of a lock, and stands in
/// parts/contention.cpp: a candidate waits for whoever is ahead.
election_core::election_core(const client& c, std::string_view path, election_options o)
    : recipe_object(c, "election", path),
      contention_(*this, {.folder = node(),
                          .mark = "__lock__",
                          .excluding = {"__lock__", "__rlock__"},
                          .identifier = std::move(o.identifier),
                          .acl = std::move(o.acl),
                          .lost_when = o.lost_when}),
      line_(owner()) {}

task<std::optional<leadership>> election_core::stand(std::shared_ptr<election_core> self, client keeps_session,
                                                     wait patience) {
    task_scope& scope = co_await this_scope{};
    const call under_way(*self, scope);
    auto here = std::make_unique<acquisition_line::place>(self->line_);
    if (patience == wait::no && !here->may_hold()) co_return std::nullopt;
    const auto mine = co_await self->contention_.acquire(*here, patience);
    if (!mine) co_return std::nullopt;
    auto elected = holding::take(*mine, std::move(here), self->contention_.rules().lost_when);
    co_return leadership(std::make_unique<possession>(std::move(keeps_session), self, std::move(elected)));
}

future<leadership> election_core::stand(client c) {
    return spawn(owner(), waiting(operation),
                 answering<leadership>(excuse::none, stand(shared(*this), std::move(c), wait::yes)));
}

future<std::optional<leadership>> election_core::stand(client c, std::stop_token stop) {
    return spawn(owner(), waiting(operation, never, std::move(stop)),
                 answering<std::optional<leadership>>(excuse::stop, stand(shared(*this), std::move(c), wait::yes)));
}

future<std::optional<leadership>> election_core::stand_within(client c, duration limit, std::stop_token stop) {
    const bool waits = limit.count() > 0;
    auto standing = stand(shared(*this), std::move(c), waits ? wait::yes : wait::no);
    return spawn(owner(), waiting(operation, waits ? deadline_in(limit) : operation_deadline(), std::move(stop)),
                 answering<std::optional<leadership>>(excuse::stop_or_time, std::move(standing)));
}

future<std::vector<contender>> election_core::contenders() {
    return contenders_of(owner(), root(), node(), contention_.marks(), {"__rlock__"});
}

future<std::optional<contender>> election_core::leader() {
    return first_contender_of(owner(), root(), node(), contention_.marks(), {"__rlock__"});
}

} // namespace recipe

// -- leadership -------------------------------------------------------------------------------------------------------

leadership::leadership(std::unique_ptr<recipe::possession> p) noexcept : possession_(std::move(p)) {}
leadership::leadership(leadership&&) noexcept = default;
leadership& leadership::operator=(leadership&&) noexcept = default;
leadership::~leadership() = default;

bool leadership::holds() const noexcept { return possession_ && possession_->holds(); }
std::stop_token leadership::lost() const { return recipe::possession::lost(possession_); }
std::stop_token leadership::ending() const {
    return ending_ && possession_ && !possession_->given_back() ? ending_->get_token() : lost();
}
zxid leadership::fencing_token() const noexcept { return possession_ ? possession_->fencing_token() : zxid::none; }
node_check leadership::check() const { return recipe::possession::check(possession_); }
void leadership::resign() noexcept {
    if (possession_) possession_->give_back();
}
bool leadership::was_lost() const noexcept { return possession_ && possession_->was_lost(); }
future<bool> leadership::async_resign() { return possession_->async_give_back("resign"); }

// -- election ---------------------------------------------------------------------------------------------------------

election::election(client c, std::string_view path, election_options options)
    : client_(std::move(c)), core_(std::make_shared<recipe::election_core>(client_, path, std::move(options))) {}
election::~election() { core_->abandon(); }

bool election::run(const std::stop_token& stop, const std::function<void(leadership&)>& lead) {
    while (auto elected = stand(stop)) {
        elected->ending_ = std::make_unique<stop_when<2>>(elected->lost(), stop);
        lead(*elected);
        if (!elected->was_lost()) return true;
    }
    return false;
}
void election::run(const std::function<void(leadership&)>& lead) { (void)run({}, lead); }

leadership election::stand() { return async_stand().get(); }
std::optional<leadership> election::stand(std::stop_token stop) { return async_stand(std::move(stop)).get(); }
std::optional<leadership> election::stand_within(std::chrono::nanoseconds limit, std::stop_token stop) {
    return async_stand_within(limit, std::move(stop)).get();
}

future<leadership> election::async_stand() { return core_->stand(client_); }
future<std::optional<leadership>> election::async_stand(std::stop_token stop) {
    return core_->stand(client_, std::move(stop));
}
future<std::optional<leadership>> election::async_stand_within(std::chrono::nanoseconds limit, std::stop_token stop) {
    return core_->stand_within(client_, limit, std::move(stop));
}

std::vector<contender> election::contenders(const std::stop_token& stop) const {
    return async_contenders().stop_on(stop).get();
}
future<std::vector<contender>> election::async_contenders() const { return core_->contenders(); }
std::optional<contender> election::leader(const std::stop_token& stop) const {
    return async_leader().stop_on(stop).get();
}
future<std::optional<contender>> election::async_leader() const { return core_->leader(); }

const std::string& election::path() const noexcept { return core_->path(); }

} // namespace kazoo

#include <kazoo/recipe/patient_children_watch.hpp>

#include "recipe/watch/patient_core.hpp"

#include <utility>

namespace kazoo {

namespace recipe {

namespace {

task<settled_children> told(task<settled_list> settling) {
    settled_list l = co_await std::move(settling);
    settled_children told{std::move(l.children), std::move(l.changed)};
    co_return told;
}

task<std::optional<settled_children>> told_in_time(task<settled_list> settling) {
    auto r = co_await as_result(told(std::move(settling)));
    std::optional<settled_children> settled;
    if (r)
        settled = *std::move(r);
    else if (r.error() != errc::operation_timeout && r.error() != errc::cancelled)
        r.rethrow();
    co_return settled;
}

} // namespace

future<settled_children> patient_core::settle(std::stop_token stop) {
    return spawn(owner(), reading("settle", never, std::move(stop)), told(settled(shared(*this))));
}

future<std::optional<settled_children>> patient_core::settle_for(duration limit, std::stop_token stop) {
    return spawn(owner(), reading("settle", deadline_in(limit), std::move(stop)), told_in_time(settled(shared(*this))));
}

} // namespace recipe

patient_children_watch::patient_children_watch(client c, std::string_view path, time_limit boundary)
    : client_(std::move(c)), core_(std::make_shared<recipe::patient_core>(client_, path, boundary)) {}
patient_children_watch::~patient_children_watch() { core_->abandon(); }

settled_children patient_children_watch::settle(const std::stop_token& stop) { return async_settle().get(stop); }
future<settled_children> patient_children_watch::async_settle(std::stop_token stop) {
    return core_->settle(std::move(stop));
}
std::optional<settled_children> patient_children_watch::settle_for(time_limit limit, const std::stop_token& stop) {
    return async_settle_for(limit, stop).get();
}
future<std::optional<settled_children>> patient_children_watch::async_settle_for(time_limit limit,
                                                                                 std::stop_token stop) {
    return core_->settle_for(limit, std::move(stop));
}
const std::string& patient_children_watch::path() const noexcept { return core_->path(); }

} // namespace kazoo

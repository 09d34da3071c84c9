#include <kazoo/recipe/queue.hpp>

#include "recipe/queue/queue_core.hpp"

#include <utility>

namespace kazoo {

queue::queue(client c, std::string_view path, queue_options o)
    : client_(std::move(c)), core_(std::make_shared<recipe::queue_core>(client_, path, std::move(o))) {}
queue::~queue() { core_->abandon(); }

void queue::push(data_view data, int priority, const std::stop_token& stop) {
    core_->push(recipe::one_item(data), priority, true, stop).get();
}
future<void> queue::async_push(data_view data, int priority, std::stop_token stop) {
    return core_->push(recipe::one_item(data), priority, false, std::move(stop));
}
void queue::push_all(std::span<const std::string> items, int priority, const std::stop_token& stop) {
    core_->push(recipe::each_item(items), priority, true, stop).get();
}
future<void> queue::async_push_all(std::span<const std::string> items, int priority, std::stop_token stop) {
    return core_->push(recipe::each_item(items), priority, false, std::move(stop));
}

bytes queue::pop() { return async_pop().get(); }
future<bytes> queue::async_pop() { return core_->pop(); }
std::optional<bytes> queue::pop(std::stop_token stop) { return async_pop(std::move(stop)).get(); }
future<std::optional<bytes>> queue::async_pop(std::stop_token stop) {
    return core_->pop({.gives_up = true, .stop = std::move(stop)});
}
std::optional<bytes> queue::try_pop() { return async_try_pop().get(); }
future<std::optional<bytes>> queue::async_try_pop() { return core_->pop(core_->just_a_try()); }
std::optional<bytes> queue::pop_within(std::chrono::nanoseconds limit, std::stop_token stop) {
    return async_pop_within(limit, std::move(stop)).get();
}
future<std::optional<bytes>> queue::async_pop_within(std::chrono::nanoseconds limit, std::stop_token stop) {
    return core_->pop(core_->as_long_as(limit, std::move(stop)));
}

std::size_t queue::size(const std::stop_token& stop) const { return core_->size(true, stop).get(); }
future<std::size_t> queue::async_size(std::stop_token stop) const { return core_->size(false, std::move(stop)); }
std::vector<std::string> queue::names(const std::stop_token& stop) const { return core_->names(true, stop).get(); }
future<std::vector<std::string>> queue::async_names(std::stop_token stop) const {
    return core_->names(false, std::move(stop));
}
const std::string& queue::path() const noexcept { return core_->path(); }

} // namespace kazoo

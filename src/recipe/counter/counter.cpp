#include <kazoo/recipe/counter.hpp>

#include "recipe/counter/counter_core.hpp"

#include <ostream>
#include <utility>

namespace kazoo {

namespace {

using core = recipe::counter_core<std::int64_t>;
using wish = recipe::wish<std::int64_t>;

const recipe::number_format<std::int64_t>& format_of(counter_layout l) noexcept {
    return l == counter_layout::curator ? recipe::curator_int : recipe::decimal_int;
}

} // namespace

std::string_view to_string(counter_layout l) noexcept {
    switch (l) {
    case counter_layout::text: return "text";
    case counter_layout::curator: return "curator";
    }
    return "unknown";
}
std::ostream& operator<<(std::ostream& out, counter_layout l) { return out << to_string(l); }

counter::counter(client c, std::string_view path, counter_options o)
    : client_(std::move(c)),
      core_(std::make_shared<core>(client_, "counter", path,
                                   core::settings{o.initial, std::move(o.acl), o.receipts, format_of(o.layout),
                                                  o.layout == counter_layout::text})) {}
counter::~counter() = default;

std::int64_t counter::load(const std::stop_token& stop) const {
    return core_->load(core::limits::of_an_operation, stop).get();
}
future<std::int64_t> counter::async_load(std::stop_token stop) const {
    return core_->load(core::limits::none, std::move(stop));
}
std::int64_t counter::fetch_add(std::int64_t n, const std::stop_token& stop) {
    return core_->fetch(wish{wish::kind::add, n}, core::limits::of_an_operation, stop).get();
}
future<std::int64_t> counter::async_fetch_add(std::int64_t n, std::stop_token stop) {
    return core_->fetch(wish{wish::kind::add, n}, core::limits::none, std::move(stop));
}
std::int64_t counter::fetch_sub(std::int64_t n, const std::stop_token& stop) {
    return core_->fetch(wish{wish::kind::subtract, n}, core::limits::of_an_operation, stop).get();
}
future<std::int64_t> counter::async_fetch_sub(std::int64_t n, std::stop_token stop) {
    return core_->fetch(wish{wish::kind::subtract, n}, core::limits::none, std::move(stop));
}
bool counter::compare_exchange(std::int64_t& expected, std::int64_t desired, const std::stop_token& stop) {
    const wish w{wish::kind::exchange, desired, expected};
    const auto found = core_->exchange(w, core::limits::of_an_operation, stop).get();
    if (found) expected = *found;
    return !found;
}
future<std::optional<std::int64_t>> counter::async_compare_exchange(std::int64_t expected, std::int64_t desired,
                                                                    std::stop_token stop) {
    return core_->exchange(wish{wish::kind::exchange, desired, expected}, core::limits::none, std::move(stop));
}
const std::string& counter::path() const noexcept { return core_->path(); }

} // namespace kazoo

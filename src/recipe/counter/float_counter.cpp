#include <kazoo/recipe/float_counter.hpp>

#include "recipe/counter/counter_core.hpp"

#include <utility>

namespace kazoo {

namespace {

using float_core = recipe::counter_core<double>;
using float_wish = recipe::wish<double>;

} // namespace

float_counter::float_counter(client c, std::string_view path, float_counter_options o)
    : client_(std::move(c)),
      core_(std::make_shared<float_core>(
          client_, "float_counter", path,
          float_core::settings{o.initial, std::move(o.acl), o.receipts, recipe::decimal_float})) {}
float_counter::~float_counter() = default;

double float_counter::load(const std::stop_token& stop) const {
    return core_->load(float_core::limits::of_an_operation, stop).get();
}
future<double> float_counter::async_load(std::stop_token stop) const {
    return core_->load(float_core::limits::none, std::move(stop));
}
double float_counter::fetch_add(double n, const std::stop_token& stop) {
    return core_->fetch(float_wish{float_wish::kind::add, n}, float_core::limits::of_an_operation, stop).get();
}
future<double> float_counter::async_fetch_add(double n, std::stop_token stop) {
    return core_->fetch(float_wish{float_wish::kind::add, n}, float_core::limits::none, std::move(stop));
}
bool float_counter::compare_exchange(double& expected, double desired, const std::stop_token& stop) {
    const float_wish w{float_wish::kind::exchange, desired, expected};
    const auto found = core_->exchange(w, float_core::limits::of_an_operation, stop).get();
    if (found) expected = *found;
    return !found;
}
future<std::optional<double>> float_counter::async_compare_exchange(double expected, double desired,
                                                                    std::stop_token stop) {
    return core_->exchange(float_wish{float_wish::kind::exchange, desired, expected}, float_core::limits::none,
                           std::move(stop));
}
const std::string& float_counter::path() const noexcept { return core_->path(); }

} // namespace kazoo

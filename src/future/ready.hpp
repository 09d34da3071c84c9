#pragma once
// A future that has its value from the beginning.
#include <kazoo/future.hpp>

#include <string_view>
#include <utility>

namespace kazoo::detail {

/// `name`: static storage.
template <class T> future<T> ready(context& c, std::string_view name, T value) {
    class ready_state final : public shared_state<T> {
      public:
        ready_state(context& owner, std::string_view n) : shared_state<T>(owner), name_(n) {}
        std::string_view operation() const noexcept override { return name_; }

      private:
        std::string_view name_;
    };
    ref<ready_state> s(new ready_state(c, name));
    if (s->claim()) s->publish(std::move(value));
    return make_future<T>(std::move(s));
}

} // namespace kazoo::detail

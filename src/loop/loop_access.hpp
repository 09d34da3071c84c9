#pragma once
// Between event_loop, which users see, and the loop behind it.
#include "loop/loop.hpp"

#include <kazoo/event_loop.hpp>

#include <memory>
#include <utility>

namespace kazoo::detail {

struct loop_access {
    static loop& loop_of(const event_loop& l) noexcept { return *l.loop_; }
    static std::shared_ptr<event_loop> make(std::unique_ptr<loop> l) {
        return std::shared_ptr<event_loop>(new event_loop(std::move(l)));
    }
};

} // namespace kazoo::detail

#pragma once
// Runs a function on the loop. Allocates, so it is for what happens rarely.
#include "loop/loop.hpp"

#include <memory>
#include <utility>

namespace kazoo::detail {

template <class F> void post_to(loop& where, F f) {
    struct call final : job {
        explicit call(F g) : job{&run_once, nullptr}, function(std::move(g)) {}
        static void run_once(job* j) noexcept {
            const std::unique_ptr<call> self(static_cast<call*>(j));
            self->function();
        }
        F function;
    };
    where.post(*new call(std::move(f)));
}

} // namespace kazoo::detail

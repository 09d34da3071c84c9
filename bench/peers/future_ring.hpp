#pragma once
// Futures in a ring, consumed in order by the thread that submits.
#include "stopwatch.hpp"

#include <cstddef>
#include <utility>
#include <vector>

namespace bench {

template <class Submit> void run_futures(Submit submit, std::size_t count, std::size_t window, latencies& l) {
    std::vector<decltype(submit())> ring(window);
    for (std::size_t i = 0; i < count + window; ++i) {
        auto& slot = ring[i % window];
        if (slot.valid()) {
            std::move(slot).get();
            l.finish(i - window);
        }
        if (i < count) {
            l.start(i);
            slot = submit();
        }
    }
}

} // namespace bench

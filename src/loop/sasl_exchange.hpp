#pragma once
// One authentication by SASL with one server, seen from the loop.
#include "util/sasl_step.hpp"

#include <kazoo/sasl.hpp>

#include <atomic>
#include <functional>
#include <string>
#include <utility>

namespace kazoo::detail {

/// How a client authenticates. Its exchanges share this.
struct sasl_means {
    explicit sasl_means(sasl_options o) : options(std::move(o)) {}
    const sasl_options options;
    std::atomic<int> under_way{0}; ///< steps, those of exchanges that were given up as well
};

class sasl_exchange {
  public:
    sasl_exchange() = default;
    sasl_exchange(const sasl_exchange&) = delete;
    sasl_exchange& operator=(const sasl_exchange&) = delete;
    /// On the loop. What is under way finishes alone, and is not told.
    virtual ~sasl_exchange() = default;
    /// Takes what the server said, which at first is nothing, without blocking; calls back on the loop. One step at a
    /// time.
    virtual void step(std::string said, std::function<void(const util::sasl_step&)>) = 0;
};

} // namespace kazoo::detail

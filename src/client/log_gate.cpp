#include "client/log_gate.hpp"

#include <new>
#include <utility>

namespace kazoo::detail {

namespace {
thread_local int sinks_on_this_thread = 0;
}

void log_gate::write(log_level level, std::string_view line) noexcept {
    if (level < threshold_.load(std::memory_order_relaxed) || level == log_level::off) return;
    std::string named;
    {
        const util::lock_guard lock(mutex_);
        if (shut_ || !write_) return;
        ++inside_;
        try {
            if (!name_.empty()) line = named.append("[").append(name_).append("] ").append(line);
        } catch (const std::bad_alloc&) { // then it is told without its name
        }
    }
    ++sinks_on_this_thread;
    try {
        write_(level, line);
    } catch (...) { // a log that cannot be written must not take the session down
    }
    --sinks_on_this_thread;
    log_function ended; // destroyed outside the lock: what it holds is the user's
    const util::lock_guard lock(mutex_);
    if (--inside_ > 0 || !shut_) return;
    if (waited_for_)
        quiet_.notify_all();
    else
        ended = std::move(write_);
}

void log_gate::set_name(std::string name) {
    const util::lock_guard lock(mutex_);
    name_.swap(name);
}

void log_gate::shut(bool may_block) noexcept {
    log_function ended;
    util::lock_guard lock(mutex_);
    shut_ = true;
    waited_for_ = may_block && sinks_on_this_thread == 0;
    while (waited_for_ && inside_ > 0) quiet_.wait(lock);
    if (inside_ == 0) ended = std::move(write_);
}

} // namespace kazoo::detail

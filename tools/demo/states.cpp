#include "states.hpp"

#include "steps.hpp"

#include <string>

namespace demo {

states::states(const kazoo::client& client)
    : listening_(client.on_state([this](kazoo::session_state s) {
          const std::lock_guard lock(mutex_);
          seen_.push_back(s);
          changed_.notify_all();
      })) {}

void states::wait_for(kazoo::session_state wanted) {
    const auto deadline = clock::now() + patience;
    std::unique_lock lock(mutex_);
    for (;;) {
        const bool any = changed_.wait_until(lock, deadline, [this] { return !seen_.empty(); });
        require(any, "the client is " + std::string(to_string(wanted)));
        const auto now = seen_.front();
        seen_.pop_front();
        if (now == wanted) return;
    }
}

} // namespace demo

#include "net/fork_generation.hpp"

#include <array>
#include <atomic>
#include <pthread.h>
#include <unistd.h>
#include <utility>

namespace kazoo::net {
namespace {

std::atomic<std::uint64_t> generation{0};
/// Descriptors plus one; 0 is free. No lock: the child of a fork reads it as it stands.
std::array<std::atomic<int>, 1024> descriptors{};

void in_child() {
    generation.fetch_add(1, std::memory_order_relaxed);
    for (auto& d : descriptors)
        if (const int open = d.exchange(0); open != 0) ::close(open - 1);
}

} // namespace

std::uint64_t fork_generation() noexcept {
    static const int registered = ::pthread_atfork(nullptr, nullptr, in_child);
    static_cast<void>(registered);
    return generation.load(std::memory_order_relaxed);
}

closed_by_children::closed_by_children(int descriptor) noexcept {
    for (std::size_t i = 0; i < descriptors.size(); ++i) {
        int free = 0;
        if (descriptors[i].load(std::memory_order_relaxed) == 0 &&
            descriptors[i].compare_exchange_strong(free, descriptor + 1)) {
            slot_ = i;
            return;
        }
    }
}

closed_by_children& closed_by_children::operator=(closed_by_children&& other) noexcept {
    forget();
    slot_ = std::exchange(other.slot_, none);
    return *this;
}

void closed_by_children::forget() noexcept {
    if (slot_ != none) descriptors[std::exchange(slot_, none)].store(0);
}

} // namespace kazoo::net

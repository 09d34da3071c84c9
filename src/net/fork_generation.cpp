#include "net/fork_generation.hpp"

#include <array>
#include <pthread.h>
#include <unistd.h>
#include <utility>

namespace kazoo::net {
namespace {

std::atomic<std::uint64_t> generation{0};

} // namespace

/// One of a chain that only grows, so the child of a fork can read it as it is, without locks and memory.
struct descriptor_table {
    std::array<std::atomic<int>, 1024> descriptors{}; ///< each plus one; 0 stands for a free place
    std::atomic<std::size_t> taken{0};                ///< no fewer than are in use, so that full blocks are skipped
    std::atomic<descriptor_table*> next{nullptr};

    static descriptor_table& first() noexcept {
        static constinit descriptor_table one;
        return one;
    }
    std::atomic<int>* take(int descriptor) noexcept {
        if (taken.fetch_add(1) < descriptors.size()) {
            for (auto& slot : descriptors) {
                int free = 0;
                if (slot.load(std::memory_order_relaxed) == 0 && slot.compare_exchange_strong(free, descriptor + 1))
                    return &slot;
            }
        }
        taken.fetch_sub(1);
        return nullptr;
    }
    descriptor_table& follower() {
        if (descriptor_table* const there = next.load()) return *there;
        auto* const made = new descriptor_table;
        descriptor_table* none = nullptr;
        if (next.compare_exchange_strong(none, made)) return *made;
        delete made;
        return *none;
    }
    static void close_all() noexcept {
        for (descriptor_table* t = &first(); t != nullptr; t = t->next.load()) {
            for (auto& slot : t->descriptors)
                if (const int open = slot.exchange(0); open != 0) ::close(open - 1);
            t->taken = 0;
        }
    }
    static void in_child() {
        generation.fetch_add(1, std::memory_order_relaxed);
        close_all();
    }
};

std::uint64_t fork_generation() noexcept {
    static const int registered = ::pthread_atfork(nullptr, nullptr, descriptor_table::in_child);
    static_cast<void>(registered);
    return generation.load(std::memory_order_relaxed);
}

closed_by_children::closed_by_children(int descriptor) {
    for (table_ = &descriptor_table::first(); (slot_ = table_->take(descriptor)) == nullptr;)
        table_ = &table_->follower();
}

closed_by_children& closed_by_children::operator=(closed_by_children&& other) noexcept {
    forget();
    table_ = other.table_;
    slot_ = std::exchange(other.slot_, nullptr);
    return *this;
}

void closed_by_children::forget() noexcept {
    if (slot_ == nullptr) return;
    std::exchange(slot_, nullptr)->store(0);
    table_->taken.fetch_sub(1);
}

} // namespace kazoo::net

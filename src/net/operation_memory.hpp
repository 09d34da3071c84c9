#pragma once
// Room for one asynchronous operation at a time, so that beginning it cannot fail.
#include "net/asio.hpp"

#include <array>
#include <cstddef>

namespace kazoo::net {

/// Must outlive the operation: either its io_context is destroyed first, or the handler keeps the owner of this alive.
class operation_memory {
  public:
    operation_memory() = default;
    operation_memory(const operation_memory&) = delete;
    operation_memory& operator=(const operation_memory&) = delete;

    /// `handler`, so that its operation lies in here.
    template <class Handler> auto bind(Handler handler) noexcept {
        return kazoo_asio::bind_allocator(allocator<void*>(*this), std::move(handler));
    }

  private:
    template <class T> struct allocator {
        using value_type = T;
        operation_memory* memory;

        explicit allocator(operation_memory& m) noexcept : memory(&m) {}
        template <class U> allocator(const allocator<U>& o) noexcept : memory(o.memory) {}
        T* allocate(std::size_t n) noexcept {
            static_assert(sizeof(T) <= sizeof(room_));
            static_cast<void>(n); // one operation
            return static_cast<T*>(static_cast<void*>(memory->room_.data()));
        }
        void deallocate(T*, std::size_t) noexcept {}
        template <class U> bool operator==(const allocator<U>& o) const noexcept { return memory == o.memory; }
    };

    alignas(std::max_align_t) std::array<std::byte, 256> room_;
};

} // namespace kazoo::net

#pragma once
#include <cstddef>
#include <new>

namespace kazoo::util {

/// A static object that is never destroyed, because threads may use it until the process ends. Making it allocates
/// nothing.
template <class T> class undying {
  public:
    undying() : object_(::new(room_) T) {}
    undying(const undying&) = delete;
    undying& operator=(const undying&) = delete;
    T& get() const noexcept { return *object_; }

  private:
    alignas(T) std::byte room_[sizeof(T)];
    T* object_;
};

} // namespace kazoo::util

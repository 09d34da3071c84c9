#pragma once
// Objects that count those who need them; ref points to one. Not for direct use.
#include <kazoo/detail/ref.hpp>

#include <atomic>
#include <cstdint>
#include <utility>

namespace kazoo::detail {

struct nothing {};

/// Made with a count of one, which its maker has; goes with the last one. `Base` may ask for retain() and release().
template <class T, class Base = nothing> class ref_counted : public Base {
  public:
    ref_counted(const ref_counted&) = delete;
    ref_counted& operator=(const ref_counted&) = delete;

    void retain() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
    void release() noexcept {
        if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete static_cast<T*>(this);
    }

  protected:
    /// Whether others have a reference, too; they may be letting go of it meanwhile.
    bool is_shared() const noexcept { return references_.load(std::memory_order_acquire) > 1; }

    template <class... Args> explicit ref_counted(Args&&... base) : Base(std::forward<Args>(base)...) {}
    ~ref_counted() = default;

  private:
    std::atomic<std::uint32_t> references_{1};
};

} // namespace kazoo::detail

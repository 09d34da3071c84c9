#pragma once
// Objects that count those who need them, and a pointer to such an object. Not for direct use.
#include <atomic>
#include <cstdint>
#include <type_traits>
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
    ref_counted() = default;
    ~ref_counted() = default;

  private:
    std::atomic<std::uint32_t> references_{1};
};

/// Has one of the counts.
template <class S> class ref {
  public:
    ref() noexcept = default;
    explicit ref(S* adopted) noexcept : s_(adopted) {}
    ref(ref&& o) noexcept : s_(std::exchange(o.s_, nullptr)) {}
    ref(const ref& o) noexcept : s_(o.s_) {
        if (s_) s_->retain();
    }
    template <class D>
        requires std::is_convertible_v<D*, S*>
    ref(ref<D>&& o) noexcept : s_(o.release()) {}
    template <class D>
        requires std::is_convertible_v<D*, S*>
    ref(const ref<D>& o) noexcept : s_(o.get()) {
        if (s_) s_->retain();
    }
    ref& operator=(ref o) noexcept {
        std::swap(s_, o.s_);
        return *this;
    }
    ~ref() { reset(); }

    static ref share(S* s) noexcept {
        s->retain();
        return ref(s);
    }
    void reset() noexcept {
        if (S* s = std::exchange(s_, nullptr)) s->release();
    }
    S* release() noexcept { return std::exchange(s_, nullptr); }
    S* get() const noexcept { return s_; }
    S* operator->() const noexcept { return s_; }
    S& operator*() const noexcept { return *s_; }
    explicit operator bool() const noexcept { return s_ != nullptr; }

  private:
    S* s_ = nullptr;
};

} // namespace kazoo::detail

#pragma once
// A counted reference. Not for direct use.
#include <type_traits>
#include <utility>

namespace kazoo::detail {

/// Intrusive pointer to what counts for itself, with retain() and release().
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

#pragma once
// What of an Asio program waits for futures, by the execution context that it will go on in. Not for direct use.
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>

namespace kazoo::detail {

/// A handler that waits for a future.
class asio_wait {
  public:
    virtual ~asio_wait() = default;
    virtual void retain() noexcept = 0;
    virtual void release() noexcept = 0;

  private:
    friend class asio_waits;
    /// Destroys the handler, uncalled, and gives up what it waited for.
    virtual void drop() noexcept = 0;

    asio_wait *previous_ = nullptr, *next_ = nullptr;
};

/// The waits of one execution context. They end with the context, as Asio's own operations do; what comes in for them
/// later comes in here, where it finds nobody. Outlives the context. Thread-safe.
class asio_waits {
  public:
    /// Counts the wait until it is taken out. False: the context is over.
    bool add(asio_wait& w) noexcept {
        const std::lock_guard lock(mutex_);
        if (over_) return false;
        w.retain();
        w.next_ = first_;
        if (first_ != nullptr) first_->previous_ = &w;
        first_ = &w;
        return true;
    }
    /// Takes the wait out. The context stays until leave(). False: it is over, and the wait belongs to end().
    bool enter(asio_wait& w) noexcept {
        {
            const std::lock_guard lock(mutex_);
            if (over_) return false;
            (w.previous_ != nullptr ? w.previous_->next_ : first_) = w.next_;
            if (w.next_ != nullptr) w.next_->previous_ = w.previous_;
            ++inside_;
        }
        w.release();
        return true;
    }
    void leave() noexcept {
        const std::lock_guard lock(mutex_);
        if (--inside_ == 0) empty_.notify_all();
    }
    /// The context goes. When this returns nobody uses it, and nobody will.
    void end() noexcept {
        asio_wait* w = nullptr;
        {
            std::unique_lock lock(mutex_);
            over_ = true;
            empty_.wait(lock, [this] { return inside_ == 0; });
            w = std::exchange(first_, nullptr);
        }
        while (w != nullptr) {
            asio_wait* const next = w->next_;
            w->drop();
            w->release();
            w = next;
        }
    }

  private:
    std::mutex mutex_;
    std::condition_variable empty_;
    asio_wait* first_ = nullptr;
    std::size_t inside_ = 0; ///< threads between enter() and leave()
    bool over_ = false;
};

/// Keeps the waits of a context, and hears of its end from the context itself.
template <class Context> class asio_wait_service final : public Context::service {
  public:
    static inline typename Context::id id;

    explicit asio_wait_service(Context& c) : Context::service(c) {}
    /// Without a shutdown(): made by a handler that was destroyed in the context's own.
    ~asio_wait_service() { waits_->end(); }
    const std::shared_ptr<asio_waits>& waits() const noexcept { return waits_; }

  private:
    void shutdown() override { waits_->end(); }

    std::shared_ptr<asio_waits> waits_ = std::make_shared<asio_waits>();
};

} // namespace kazoo::detail

#pragma once
// Who listens to a tree_cache. Each has a queue of its own, so that a slow one keeps nobody else waiting.
#include "recipe/support.hpp"
#include "util/mutex.hpp"
#include "util/pruned_list.hpp"

#include <kazoo/recipe/tree_cache.hpp>
#include <kazoo/watch.hpp>

#include <atomic>
#include <deque>
#include <functional>
#include <memory>

namespace kazoo::recipe {

/// What was told and not heard yet, one event each time that the executor has a turn for it.
template <class Event> class tree_listener final : public listener_for<Event>, job {
  public:
    using failed = std::function<void()>; ///< called in the handler of what the listener threw
    tree_listener(core& c, std::function<void(const Event&)> f, failed on_throw)
        : listener_for<Event>(std::move(f)),
          job{&run_job, nullptr},
          line_(callback_line::of(c)),
          on_throw_(std::move(on_throw)) {}

    void tell(std::shared_ptr<const Event> e) KAZOO_EXCLUDES(mutex_) {
        {
            const util::lock_guard lock(mutex_);
            events_.push_back(std::move(e));
            if (events_.size() > 1) return; // it will get its turn
        }
        this->retain(); // until run_job() finds nothing
        line_->post(*this);
    }
    /// What it has not heard is dropped.
    void drop_events() noexcept KAZOO_EXCLUDES(mutex_) {
        const util::lock_guard lock(mutex_);
        if (events_.size() > 1) events_.erase(events_.begin() + 1, events_.end());
        if (!events_.empty()) events_.front() = nullptr;
    }

  private:
    static void run_job(job* j) noexcept {
        auto* const self = static_cast<tree_listener*>(j);
        if (const auto e = self->front(); e && self->active()) {
            try {
                self->call(*e);
            } catch (...) {
                self->on_throw_();
            }
        }
        if (self->pop())
            self->line_->post(*self);
        else
            self->release();
    }
    std::shared_ptr<const Event> front() KAZOO_EXCLUDES(mutex_) {
        const util::lock_guard lock(mutex_);
        return events_.front();
    }
    /// Whether there are more.
    bool pop() KAZOO_EXCLUDES(mutex_) {
        const util::lock_guard lock(mutex_);
        events_.pop_front();
        return !events_.empty();
    }

    const ref<callback_line> line_;
    const failed on_throw_;
    util::mutex mutex_;
    std::deque<std::shared_ptr<const Event>> events_ KAZOO_GUARDED_BY(mutex_); ///< the first one is being told
};

/// Thread-safe.
template <class Event> class tree_listeners {
  public:
    /// Whether it is worth making an event.
    bool any() const noexcept { return any_.load(std::memory_order_relaxed); }
    void add(const ref<tree_listener<Event>>& l) KAZOO_EXCLUDES(mutex_) {
        const util::lock_guard lock(mutex_);
        listening_.add(l);
        any_ = true;
    }
    /// True: somebody was told.
    bool tell(Event e) KAZOO_EXCLUDES(mutex_) {
        const auto all = active();
        if (all.empty()) return false;
        const auto shared = std::make_shared<const Event>(std::move(e));
        for (const auto& l : all) l->tell(shared);
        return true;
    }
    void end() noexcept KAZOO_EXCLUDES(mutex_) {
        for (const auto& l : active()) l->drop_events();
    }

  private:
    struct has_ended {
        bool operator()(const ref<tree_listener<Event>>& l) const noexcept { return !l->active(); }
    };
    std::vector<ref<tree_listener<Event>>> active() KAZOO_EXCLUDES(mutex_) {
        const util::lock_guard lock(mutex_);
        auto all = listening_.rest();
        any_ = !all.empty();
        return all;
    }

    std::atomic<bool> any_{false};
    util::mutex mutex_;
    util::pruned_list<ref<tree_listener<Event>>, has_ended> listening_ KAZOO_GUARDED_BY(mutex_);
};

} // namespace kazoo::recipe

#pragma once
// Watchers in the order in which they came, linked through themselves: each leaves at once, however many there are.
#include "session/watcher.hpp"

#include <cstddef>
#include <utility>

namespace kazoo::session {

/// Owns nothing.
class watcher_list {
  public:
    watcher_list() = default;
    watcher_list(watcher_list&& other) noexcept
        : first_(std::exchange(other.first_, nullptr)),
          last_(std::exchange(other.last_, nullptr)),
          size_(std::exchange(other.size_, 0)) {}
    watcher_list& operator=(watcher_list&&) = delete;

    bool empty() const noexcept { return first_ == nullptr; }
    std::size_t size() const noexcept { return size_; }

    void push_back(watcher& w) noexcept {
        w.previous_ = last_;
        w.next_ = nullptr;
        (last_ ? last_->next_ : first_) = &w;
        last_ = &w;
        ++size_;
    }
    void remove(watcher& w) noexcept {
        (w.previous_ ? w.previous_->next_ : first_) = w.next_;
        (w.next_ ? w.next_->previous_ : last_) = w.previous_;
        w.previous_ = w.next_ = nullptr;
        --size_;
    }
    watcher& pop_front() noexcept {
        watcher& w = *first_;
        remove(w);
        return w;
    }
    /// `see` may remove the watcher that it is shown.
    template <class See> void each(See&& see) const { each_of_both(*this, watcher_list(), see); }
    /// In the order in which they came.
    template <class See> static void each_of_both(const watcher_list& a, const watcher_list& b, See&& see) {
        watcher *x = a.first_, *y = b.first_;
        while (x != nullptr || y != nullptr) {
            watcher*& next = y == nullptr || (x != nullptr && x->number_ < y->number_) ? x : y;
            watcher& shown = *next;
            next = shown.next_;
            see(shown);
        }
    }

  private:
    watcher* first_ = nullptr;
    watcher* last_ = nullptr;
    std::size_t size_ = 0;
};

} // namespace kazoo::session

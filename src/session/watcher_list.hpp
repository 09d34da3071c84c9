#pragma once
// Watchers in the order in which they came, linked through themselves: each leaves at once, however many there are.
#include "session/watcher.hpp"

#include <cstddef>
#include <utility>

namespace kazoo::session {

/// Holds a count of each.
class watcher_list {
  public:
    watcher_list() = default;
    watcher_list(const watcher_list&) = delete;
    watcher_list& operator=(const watcher_list&) = delete;
    ~watcher_list() {
        while (!empty()) pop_front();
    }

    bool empty() const noexcept { return first_ == nullptr; }
    std::size_t size() const noexcept { return size_; }

    void push_back(detail::ref<watcher> who) noexcept {
        watcher& w = *who.release();
        w.previous_ = last_;
        w.next_ = nullptr;
        (last_ ? last_->next_ : first_) = &w;
        last_ = &w;
        ++size_;
    }
    /// With the count that the list had.
    detail::ref<watcher> remove(watcher& w) noexcept {
        (w.previous_ ? w.previous_->next_ : first_) = w.next_;
        (w.next_ ? w.next_->previous_ : last_) = w.previous_;
        w.previous_ = w.next_ = nullptr;
        --size_;
        return detail::ref<watcher>(&w);
    }
    detail::ref<watcher> pop_front() noexcept { return remove(*first_); }
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

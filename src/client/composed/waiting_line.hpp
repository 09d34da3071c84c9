#pragma once
// At most so many at once; others wait in the order in which they came.
#include "task/task_signal.hpp"

#include <cstddef>
#include <list>

namespace kazoo::detail {

/// On the loop only.
class waiting_line {
  public:
    waiting_line(context& c, std::size_t most) noexcept : context_(c), most_(most) {}
    waiting_line(const waiting_line&) = delete;
    waiting_line& operator=(const waiting_line&) = delete;

    /// One of those, from when it comes until it goes.
    class place {
      public:
        explicit place(waiting_line& l)
            : line_(l), changed_(l.context_), here_(l.places_.insert(l.places_.end(), this)) {
            line_.let_in();
        }
        ~place() {
            line_.places_.erase(here_);
            if (inside_) --line_.inside_;
            line_.let_in();
        }
        place(const place&) = delete;
        place& operator=(const place&) = delete;

        bool inside() const noexcept { return inside_; }
        /// Completes when it is inside. Precondition: it is not.
        future<void> let_in() { return changed_.next(); }

      private:
        friend class waiting_line;
        waiting_line& line_;
        task_signal changed_;
        bool inside_ = false;
        std::list<place*>::iterator here_;
    };

  private:
    /// Those inside stand in front of all others: nobody overtakes.
    void let_in() noexcept {
        for (auto next = places_.begin(); inside_ < most_ && next != places_.end(); ++next) {
            if ((*next)->inside_) continue;
            (*next)->inside_ = true;
            ++inside_;
            (*next)->changed_.notify();
        }
    }

    context& context_;
    const std::size_t most_;
    std::size_t inside_ = 0;
    std::list<place*> places_;
};

} // namespace kazoo::detail

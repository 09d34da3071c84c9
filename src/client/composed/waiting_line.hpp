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
        explicit place(waiting_line& l) : line_(l), changed_(l.context_) {
            here_ = line_.waiting_.insert(line_.waiting_.end(), this);
            line_.let_in();
        }
        ~place() {
            if (inside_)
                --line_.inside_;
            else
                line_.waiting_.erase(here_);
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
    void let_in() noexcept {
        for (; inside_ < most_ && !waiting_.empty(); ++inside_) {
            place& next = *waiting_.front();
            waiting_.pop_front();
            next.inside_ = true;
            next.changed_.notify();
        }
    }

    context& context_;
    const std::size_t most_;
    std::size_t inside_ = 0;
    std::list<place*> waiting_;
};

} // namespace kazoo::detail

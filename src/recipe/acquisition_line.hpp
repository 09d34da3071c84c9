#pragma once
// The acquisitions of one lock object, in the order of the calls, from the call until unlock.
#include "client/recipe_support.hpp"

#include <algorithm>
#include <list>

namespace kazoo::detail {

/// On the loop only.
class acquisition_line {
  public:
    explicit acquisition_line(core& c) noexcept : changed_(c) {}

    class place {
      public:
        place(acquisition_line& line, task_scope& scope) : line_(line), scope_(&scope) {
            line_.places_.push_back(this);
        }
        ~place() {
            line_.places_.remove(this);
            line_.changed_.notify();
        }
        place(const place&) = delete;
        place& operator=(const place&) = delete;

        bool first() const noexcept { return line_.places_.front() == this; }
        /// Nodes are made in the order of the calls: it is our turn when all ahead have theirs.
        bool may_enter() const noexcept {
            for (const place* p : line_.places_) {
                if (p == this) return true;
                if (!p->entered_) return false;
            }
            return true;
        }
        void entered(bool has_node) noexcept {
            entered_ = has_node;
            line_.changed_.notify();
        }
        /// Its task ends: nothing of it can be cancelled any more.
        void acquired() noexcept { scope_ = nullptr; }
        future<void> changed() { return line_.changed_.next(); }

      private:
        friend class acquisition_line;
        acquisition_line& line_;
        task_scope* scope_;
        bool entered_ = false;
    };

    /// Ends all that still wait.
    void cancel() noexcept {
        for (const place* p : places_)
            if (p->scope_ != nullptr) p->scope_->fire(errc::cancelled);
    }

  private:
    std::list<place*> places_;
    task_signal changed_;
};

} // namespace kazoo::detail

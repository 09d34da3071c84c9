#pragma once
// The acquisitions of one lock object, in the order of the calls, from the call until unlock.
#include "client/recipe_support.hpp"

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
            if (line_.cancelled_) scope.fire(errc::cancelled);
        }
        ~place() {
            line_.places_.remove(this);
            line_.changed_.notify();
        }
        place(const place&) = delete;
        place& operator=(const place&) = delete;

        bool first() const noexcept { return line_.places_.front() == this; }
        /// It has the lock; its task ends, so nothing of it can be cancelled any more.
        void acquired() noexcept { scope_ = nullptr; }
        /// We have got as far as only the first of this object should. So it has lost its lock and was not unlocked
        /// yet, or somebody has deleted its node: our own goes, until the first has been unlocked or has a new one.
        void give_way() noexcept { line_.places_.front()->lost_ = line_.places_.front()->scope_ == nullptr; }
        /// Nodes are made in the order of the calls: it is our turn when all ahead have theirs. And none while the
        /// holder's loss waits for its unlock: ours would keep everybody else waiting for that, too.
        bool may_enter() const noexcept {
            for (const place* p : line_.places_) {
                if (p->lost_) return false;
                if (p == this) return true;
                if (!p->entered_) return false;
            }
            return true;
        }
        void entered(bool has_node) noexcept {
            entered_ = has_node;
            line_.changed_.notify();
        }
        future<void> changed() { return line_.changed_.next(); }

      private:
        friend class acquisition_line;
        acquisition_line& line_;
        task_scope* scope_;
        bool entered_ = false, lost_ = false;
    };

    /// Ends all that wait and all that will.
    void cancel() noexcept {
        cancelled_ = true;
        for (const place* p : places_)
            if (p->scope_ != nullptr) p->scope_->fire(errc::cancelled);
    }

  private:
    std::list<place*> places_;
    task_signal changed_;
    bool cancelled_ = false;
};

} // namespace kazoo::detail

#pragma once
// The acquisitions of one lock object, in the order of the calls, from the call until unlock.
#include "recipe/support.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

namespace kazoo::recipe {

/// On the loop only. A change wakes at most the one whose turn has come, however many wait.
class acquisition_line {
  public:
    class place;
    /// At most so many acquisitions of one object have a node at the same time.
    static constexpr std::size_t most_nodes = 16;

  private:
    using order = std::map<std::uint64_t, place*>; ///< by the number of the call

    /// One acquisition's place in the line, as long as it lives.
    class spot {
      public:
        spot(order& in, std::uint64_t number, place& p) : in_(in), number_(number) { in_.emplace(number_, &p); }
        ~spot() { in_.erase(number_); }
        spot(const spot&) = delete;
        spot& operator=(const spot&) = delete;

      private:
        order& in_;
        std::uint64_t number_;
    };

  public:
    explicit acquisition_line(context& c) noexcept : context_(c) {}

    class place {
      public:
        place(acquisition_line& line, task_scope& scope)
            : line_(line), scope_(&scope), number_(++line.calls_), turn_(line.context_) {
            in_line_.emplace(line.places_, number_, *this);
            outside_.emplace(line.outside_, number_, *this);
            if (line.cancelled_) scope.fire(errc::cancelled);
        }
        ~place() {
            outside_.reset();
            in_line_.reset();
            line_.wake_next();
        }
        place(const place&) = delete;
        place& operator=(const place&) = delete;

        bool first() const noexcept { return &line_.front() == this; }
        /// It has the lock; its task ends, so nothing of it can be cancelled any more.
        void acquired() noexcept { scope_ = nullptr; }
        /// To be called when our node has come to the front although we are not the first of this object. So the first
        /// has lost its lock and has not been unlocked yet, or somebody has deleted its node. Our node goes, until the
        /// first has been unlocked or has a new node.
        void give_way() noexcept { line_.front().lost_ = line_.front().scope_ == nullptr; }
        /// Nodes are made in the order of the calls: it is our turn when all ahead have theirs, and these are few: each
        /// who has one lists them all. And none while the holder's loss waits for its unlock: ours would keep everybody
        /// else waiting for that, too.
        bool may_enter() const noexcept { return line_.next_to_enter() == this; }
        /// It has no node.
        void stays_outside() {
            if (!outside_) outside_.emplace(line_.outside_, number_, *this);
            line_.wake_next();
        }
        /// It has a node.
        void entered() {
            outside_.reset();
            line_.wake_next();
        }
        /// Completes when it may be our turn.
        future<void> changed() { return turn_.next(); }

      private:
        friend class acquisition_line;
        acquisition_line& line_;
        task_scope* scope_;
        const std::uint64_t number_;
        bool lost_ = false;
        task_signal turn_;
        std::optional<spot> in_line_, outside_;
    };

    /// Ends all acquisitions that wait, and all that will be begun.
    void cancel() noexcept {
        cancelled_ = true;
        for (const auto& [number, p] : places_)
            if (p->scope_ != nullptr) p->scope_->fire(errc::cancelled);
    }

  private:
    place& front() noexcept { return *places_.begin()->second; }
    /// The first of those without a node. Whoever is lost is in front: it had the lock.
    place* next_to_enter() noexcept {
        if (outside_.empty() || front().lost_) return nullptr;
        place* const next = outside_.begin()->second;
        return next == &front() || places_.size() - outside_.size() < most_nodes ? next : nullptr;
    }
    void wake_next() noexcept {
        if (place* const next = next_to_enter()) next->turn_.notify();
    }

    context& context_;
    order places_;
    order outside_; ///< those of them that have no node
    std::uint64_t calls_ = 0;
    bool cancelled_ = false;
};

} // namespace kazoo::recipe

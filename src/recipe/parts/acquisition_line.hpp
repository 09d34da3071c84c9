#pragma once
// The acquisitions of one lock object, in the order of the calls, from the call until unlock.
#include "recipe/parts/grant.hpp"
#include "recipe/support.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>

namespace kazoo::recipe {

enum class access : bool {
    exclusive,
    shared ///< beside others that share
};

/// On the loop only. A change wakes at most the one whose turn has come, however many wait.
class acquisition_line {
  public:
    class place;
    /// At most so many acquisitions of one object wait with a node: each lists them all.
    static constexpr std::size_t most_nodes = 16;

  private:
    using order = std::map<std::uint64_t, place*>; ///< by the number of the call

    /// One acquisition's place in an order, as long as it lives.
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
        explicit place(acquisition_line& line, access a = access::exclusive)
            : line_(line), access_(a), number_(++line.calls_), turn_(line.context_) {
            in_line_.emplace(line.places_, number_, *this);
            if (a == access::exclusive) alone_.emplace(line.exclusive_, number_, *this);
            outside_.emplace(line.outside_, number_, *this);
        }
        ~place() {
            outside_.reset();
            holding_.reset();
            alone_.reset();
            in_line_.reset();
            if (lost_) --line_.lost_;
            line_.wake_next();
        }
        place(const place&) = delete;
        place& operator=(const place&) = delete;

        /// Whether nobody of this object is ahead who would have to go first.
        bool first() const noexcept {
            if (access_ == access::exclusive) return line_.places_.begin()->second == this;
            return line_.exclusive_.empty() || line_.exclusive_.begin()->first > number_;
        }
        /// The same, and none of those beside us has lost what it holds without having unlocked it yet.
        bool may_hold() const noexcept {
            return first() && std::ranges::all_of(line_.holding_, [](const auto& h) { return !h.second->is_lost(); });
        }
        /// It has the lock.
        void acquired(std::shared_ptr<const grant> g = nullptr) {
            grant_ = std::move(g);
            holding_.emplace(line_.holding_, number_, *this);
        }
        /// To be called when our node has come to the front although it is not our turn. So somebody ahead has lost its
        /// lock and has not been unlocked yet, or somebody has deleted its node. Our node goes, until that one has been
        /// unlocked or has a new node.
        void give_way() noexcept {
            for (const auto& [number, p] : line_.holding_)
                if (number < number_ && !p->lost_ && (!first() || p->is_lost())) {
                    p->lost_ = true;
                    ++line_.lost_;
                }
        }
        /// Nodes are made in the order of the calls: it is our turn when all ahead have theirs, and these are few, or
        /// hold beside us. And none while a holder's loss waits for its unlock: ours would keep everybody else waiting
        /// for that, too.
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
        bool is_lost() const noexcept { return grant_ && !grant_->holds(); }

        acquisition_line& line_;
        const access access_;
        const std::uint64_t number_;
        bool lost_ = false; ///< and others have found its node gone
        std::shared_ptr<const grant> grant_;
        task_signal turn_;
        std::optional<spot> in_line_, alone_, outside_, holding_;
    };

  private:
    /// The first of those without a node.
    place* next_to_enter() const noexcept {
        if (outside_.empty() || lost_ > 0) return nullptr;
        place* const next = outside_.begin()->second;
        return next->first() || places_.size() - outside_.size() - holding_.size() < most_nodes ? next : nullptr;
    }
    void wake_next() noexcept {
        if (place* const next = next_to_enter()) next->turn_.notify();
    }

    context& context_;
    order places_;
    order exclusive_; ///< those of them that hold alone
    order outside_;   ///< those of them that have no node
    order holding_;   ///< those of them that have the lock
    std::size_t lost_ = 0;
    std::uint64_t calls_ = 0;
};

} // namespace kazoo::recipe

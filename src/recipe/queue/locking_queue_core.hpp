#pragma once
// What a kazoo::locking_queue, its items and its tasks share.
#include "recipe/parts/holding.hpp"
#include "recipe/parts/recipe_object.hpp"
#include "recipe/queue/claim.hpp"
#include "recipe/queue/listing.hpp"
#include "recipe/queue/pushing.hpp"

#include <kazoo/recipe/locking_queue.hpp>

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace kazoo::recipe {

class locking_queue_core final : public recipe_object {
  public:
    locking_queue_core(const client&, std::string_view path, locking_queue_options);

    // -- any thread; a task keeps the session alive, as the item will
    future<claimed_item> get(client);
    future<std::optional<claimed_item>> get(client, std::stop_token);
    future<std::optional<claimed_item>> get_within(client, duration, std::stop_token);
    future<std::optional<claimed_item>> try_get(client);
    future<void> push(std::vector<item_data> items, std::int32_t priority, bool limited, std::stop_token stop) {
        return pushing_.push(std::move(items), priority, limited, std::move(stop));
    }
    future<std::size_t> size(bool limited, std::stop_token);
    future<std::vector<queued_item>> items(bool limited, std::stop_token);

  private:
    /// One item that a call of ours is about to claim. On the loop.
    class hand {
      public:
        hand(std::shared_ptr<locking_queue_core> of, queue_entry e) noexcept : of_(std::move(of)), entry_(e) {}
        hand(const hand&) = delete;
        hand& operator=(const hand&) = delete;
        ~hand() {
            if (of_) of_->items_.put_back(entry_);
        }
        /// It is gone.
        void forget() noexcept { std::exchange(of_, nullptr)->items_.forget(entry_); }
        /// By us, or somebody else.
        void is_claimed() noexcept { std::exchange(of_, nullptr)->items_.is_claimed(entry_); }

      private:
        std::shared_ptr<locking_queue_core> of_;
        const queue_entry entry_;
    };

    // -- the coroutines stand in locking_queue.cpp
    static task<std::optional<claimed_item>> get(std::shared_ptr<locking_queue_core>, client, bool waits);
    task<std::optional<queue_entry>> next(bool waits);
    static task<std::size_t> count(std::shared_ptr<locking_queue_core>);
    static task<std::vector<queued_item>> list(std::shared_ptr<locking_queue_core>);
    task_options getting(time_point deadline = never, std::stop_token = {}) const;
    task_options reading(std::string_view operation, bool limited, std::stop_token) const;

    const locking_queue_options options_;
    const std::string entries_, claims_;
    const std::unique_ptr<certainty_claim> certainty_;
    pushing pushing_;
    listing items_;     ///< on the loop
    waiting_line line_; ///< on the loop: those who wait for an item, one at a time
};

} // namespace kazoo::recipe

#pragma once
// What a kazoo::queue and its tasks share.
#include "recipe/parts/recipe_object.hpp"
#include "recipe/queue/listing.hpp"
#include "recipe/queue/pushing.hpp"

#include <kazoo/recipe/queue.hpp>

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace kazoo::recipe {

class queue_core final : public recipe_object {
  public:
    /// How long a pop waits for an item; taking it is not limited by that.
    struct patience {
        bool waits = true;
        bool gives_up = false; ///< the end of its time is an answer, and no failure
        time_point deadline = never;
        std::stop_token stop{};
    };

    queue_core(const client&, std::string_view path, queue_options);

    // -- any thread ---------------------------------------------------------------------------------------------------
    future<bytes> pop();
    future<std::optional<bytes>> pop(patience);
    patience just_a_try() const { return {false, false, operation_deadline(), {}}; }
    patience as_long_as(duration limit, std::stop_token) const;
    future<void> push(std::vector<item_data> items, std::int32_t priority, bool limited, std::stop_token stop) {
        return pushing_.push(std::move(items), priority, limited, std::move(stop));
    }
    future<std::size_t> size(bool limited, std::stop_token);
    future<std::vector<std::string>> names(bool limited, std::stop_token);

  private:
    /// One item in the hands of one of our pops. On the loop.
    class claim {
      public:
        claim(std::shared_ptr<queue_core> of, queue_entry e) noexcept : of_(std::move(of)), entry_(e) {}
        claim(claim&& o) noexcept : of_(std::move(o.of_)), entry_(o.entry_) {}
        claim& operator=(claim&&) = delete;
        ~claim() {
            if (of_) of_->items_.put_back(entry_);
        }
        /// It is gone.
        void forget() noexcept {
            of_->items_.forget(entry_);
            of_.reset();
        }
        std::string path() const;

      private:
        std::shared_ptr<queue_core> of_;
        queue_entry entry_;
    };
    /// An item that was read, and not taken yet.
    struct found_item {
        claim entry;
        kazoo::node content;
    };

    enum class removal {
        ours,
        gone,      ///< somebody else came first
        look_again ///< somebody has set its data, or the session was lost before we had sent anything
    };
    struct taken_item {
        removal end;
        bytes data{};
    };

    /// `Popped`: bytes, or nothing as well if that is an answer.
    template <class Popped> static task<Popped> pop(std::shared_ptr<queue_core>, patience);
    static task<std::optional<found_item>> find(std::shared_ptr<queue_core>, bool waits, bool lost_one);
    static task<taken_item> take(std::shared_ptr<queue_core>, found_item);
    static task<void> restore(std::shared_ptr<queue_core>, std::string path, item_data);
    static task<std::size_t> count(std::shared_ptr<queue_core>);
    static task<std::vector<std::string>> list(std::shared_ptr<queue_core>);
    const std::shared_ptr<receipts_core>& receipts() const noexcept { return pushing_.receipts(); }
    task_options reading(std::string_view operation, bool limited, std::stop_token) const;
    task<std::optional<queue_entry>> next(bool waits, bool lost_one);
    task<removal> remove(std::string path, version);
    task<void> create(std::string path, item_data);

    const queue_options options_;
    pushing pushing_;
    listing items_;     ///< on the loop
    waiting_line line_; ///< on the loop: those who wait for an item, one at a time
};

} // namespace kazoo::recipe

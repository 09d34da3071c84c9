#pragma once
// Which items wait in a queue, kept by what the servers tell: read once, and changed with each event, so that a pop
// costs the same however many wait. In a queue with claims an item waits while nobody has claimed it.
#include "recipe/parts/recipe_object.hpp"
#include "recipe/queue/entry.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <system_error>

namespace kazoo::recipe {

/// Relative to the root.
struct queue_folders {
    std::string watched; ///< as a whole: what has the others in it
    std::string items;
    std::string claims{}; ///< nodes with the names of items that somebody has claimed; empty: there are no claims
};

/// Of one object. On the loop only.
class listing {
  public:
    listing(recipe_object& of, queue_folders f) : of_(of), folders_(std::move(f)), changed_(of.owner()) {}

    /// Begins to follow the folder, unless it does already. `self` keeps the object that this is a part of.
    void begin(const std::shared_ptr<recipe_object>& self);
    /// What ended it; none while it follows.
    std::error_code failure() const noexcept { return failure_; }
    /// Whether all names were read.
    bool complete() const noexcept { return complete_; }
    /// Asks for what the servers have not told yet: what was pushed before this call is known behind it.
    task<void> look();
    /// When all names were asked for last.
    time_point last_look() const noexcept { return looked_; }
    /// Who is next, if anybody waits; or by chance one of the next `among` that have its priority. Nobody else gets it
    /// from here until it is put back.
    std::optional<queue_entry> take(std::size_t among = 1);
    /// It is gone, unless it was made again meanwhile.
    void forget(const queue_entry&);
    /// It is there still.
    void put_back(const queue_entry&);
    /// It is there still, and somebody has claimed it: so nobody gets it from here until that claim has gone.
    void is_claimed(const queue_entry&);
    /// The next change of any of this.
    future<void> changed() { return changed_.next(); }

  private:
    task<void> follow(std::shared_ptr<recipe_object> self);
    task<void> read(handle);
    void apply(const watch_event&);
    void is_there(const queue_entry&);
    void apply_claim(const queue_entry&, bool made);
    void claims_are(const child_names&, bool all_known);

    recipe_object& of_;
    const queue_folders folders_;
    std::set<queue_entry> waiting_;
    std::set<queue_entry> taken_;      ///< in the hands of our pops
    std::set<queue_entry> made_again_; ///< of those: what was told since they were taken
    std::set<queue_entry> claimed_;    ///< by anybody
    std::set<queue_entry> held_back_;  ///< there, and claimed
    std::set<queue_entry> claim_told_; ///< in the hands of our pops: whose claims were told of since they were taken
    std::uint64_t told_ = 0;           ///< events so far
    time_point looked_{};
    bool following_ = false, complete_ = false;
    std::error_code failure_;
    task_signal changed_;
};

} // namespace kazoo::recipe

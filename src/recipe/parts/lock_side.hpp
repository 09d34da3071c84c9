#pragma once
// One way to hold a lock object: alone, or beside others.
#include "recipe/parts/acquisition_line.hpp"
#include "recipe/parts/contention.hpp"
#include "recipe/parts/holding.hpp"
#include "recipe/parts/recipe_object.hpp"
#include "util/mutex.hpp"

#include <deque>
#include <memory>
#include <stop_token>

namespace kazoo::recipe {

/// Part of a recipe_object. Any thread, but for what is said to be on the loop.
class lock_side {
  public:
    /// `line` is that of the object; both its sides stand in it.
    lock_side(recipe_object& of, acquisition_line& line, access, contention_rules rules);

    // -- acquiring; the operation's name is for errors ----------------------------------------------------------------
    future<void> lock();
    future<bool> lock(std::stop_token);
    /// False when the time is over or a stop is requested.
    future<bool> lock_within(duration, std::stop_token);
    future<bool> try_lock();

    // -- giving up: the oldest, if there are several ------------------------------------------------------------------
    /// False if nothing was held. Throws std::bad_alloc: then it is given up all the same, as by give_up().
    future<bool> unlock();
    /// The same without a result, and needs no memory. False if nothing was held.
    bool give_up() noexcept;

    // -- holding: what is said is said of all that are held; the node is that of the newest ---------------------------
    bool holds() const noexcept KAZOO_EXCLUDES(mutex_);
    /// Stopped already if nothing is held.
    std::stop_token lost() const;
    zxid fencing_token() const noexcept;
    node_check check() const;

    const contention& stand() const noexcept { return contention_; }

  private:
    using wait = contention::wait;
    using place = std::unique_ptr<acquisition_line::place>;

    static task<bool> acquire(std::shared_ptr<recipe_object>, lock_side&, wait patience);
    task<bool> acquiring(wait patience) { return acquire(of_.shared_from_this(), *this, patience); }
    void hold(lock_node&, place) KAZOO_EXCLUDES(mutex_);
    std::shared_ptr<grant> newest() const noexcept KAZOO_EXCLUDES(mutex_);
    std::unique_ptr<holding> take_oldest() noexcept KAZOO_EXCLUDES(mutex_);

    recipe_object& of_;
    acquisition_line& line_;
    const access access_;
    contention contention_;
    mutable util::mutex mutex_;
    std::deque<std::unique_ptr<holding>> held_ KAZOO_GUARDED_BY(mutex_); ///< the oldest first
    std::shared_ptr<fate> fate_ KAZOO_GUARDED_BY(mutex_);                ///< of all that are held
};

} // namespace kazoo::recipe

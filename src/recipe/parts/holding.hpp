#pragma once
// A grant in the hands of its holder.
#include "recipe/parts/acquisition_line.hpp"
#include "recipe/parts/grant.hpp"
#include "recipe/parts/lock_node.hpp"
#include "recipe/parts/recipe_object.hpp"

#include <memory>
#include <utility>

namespace kazoo::recipe {

/// Keeps the place in the object's line until it is given up. Made with the grant, so that giving up needs no memory.
class holding final : job {
  public:
    using place = std::unique_ptr<acquisition_line::place>;
    /// On the loop. No place: the object has no line, or nobody waits for this one to go.
    explicit holding(std::shared_ptr<grant> g, place p = {}) noexcept
        : job{&run, nullptr}, grant_(std::move(g)), place_(std::move(p)) {}

    /// What has come first is in the hands of its holder from now on, and watched over. A place is not needed. On the
    /// loop.
    static std::unique_ptr<holding> take(lock_node&, place, loss lost_when,
                                         std::shared_ptr<fate> = std::make_shared<fate>());

    const std::shared_ptr<grant>& what() const noexcept { return grant_; }

    /// Any thread: holds() is false at once, and the node is removed ahead of whatever the client is asked for next.
    /// True when it is removed. Throws std::bad_alloc: given up all the same.
    static future<bool> give_up(std::unique_ptr<holding>, recipe_object&);
    /// The same without a result, and needs no memory.
    static void let_go(std::unique_ptr<holding>, recipe_object&) noexcept;

  private:
    static void run(job*) noexcept;
    static void post(std::unique_ptr<holding>, recipe_object&) noexcept;

    std::shared_ptr<recipe_object> owner_; ///< set when it is posted: what the place stands in
    std::shared_ptr<grant> grant_;
    place place_;
    bool node_stays_ = false; ///< the removal of the node has not begun
};

} // namespace kazoo::recipe

#pragma once
// What a movable object of the user's has in its hand: a permit, a leadership.
#include "recipe/parts/holding.hpp"
#include "recipe/parts/recipe_object.hpp"

#include <kazoo/client.hpp>

#include <memory>
#include <stop_token>
#include <string_view>

namespace kazoo::recipe {

/// Keeps the session alive. Gives the grant back when it goes, without waiting. Const members: any thread, but none
/// beside one that is not.
class possession {
  public:
    possession(client c, std::shared_ptr<recipe_object> of, std::unique_ptr<holding> h) noexcept;
    possession(const possession&) = delete;
    possession& operator=(const possession&) = delete;
    ~possession() { give_back(); }

    bool holds() const noexcept { return holding_ && !of_->forked() && holding_->what()->holds(); }
    zxid fencing_token() const noexcept;
    /// Of none as of one that was given back: stopped already; throws errc::not_held.
    static std::stop_token lost(const std::unique_ptr<possession>&);
    static node_check check(const std::unique_ptr<possession>&);

    bool given_back() const noexcept { return !holding_; }
    /// Whether it ended before it was given back.
    bool was_lost() const noexcept { return given_back() ? was_lost_ : !holds(); }
    void give_back() noexcept;
    /// True when the node is removed. Throws std::bad_alloc: given back all the same. `operation`: static storage.
    future<bool> async_give_back(std::string_view operation);

  private:
    const client client_;
    const std::shared_ptr<recipe_object> of_;
    std::unique_ptr<holding> holding_; ///< none: given back
    bool was_lost_ = false;            ///< before that
};

} // namespace kazoo::recipe

#include "recipe/parts/holding.hpp"

#include <new>

namespace kazoo::recipe {

std::unique_ptr<holding> holding::take(lock_node& mine, place here, loss lost_when, std::shared_ptr<fate> f) {
    const auto held = std::make_shared<grant>(mine.session(), mine.node(), lost_when, mine.left_id(), std::move(f));
    if (here) here->acquired(held);
    auto taken = std::make_unique<holding>(held, std::move(here));
    held->guard();
    mine.keep(); // only now: from here on `held` takes care of the node
    return taken;
}

future<bool> holding::give_up(std::unique_ptr<holding> h, recipe_object& owner) {
    try {
        auto removing = h->grant_->give_up();
        post(std::move(h), owner);
        return removing;
    } catch (const std::bad_alloc&) { // the removal may be in line already: it cannot be kept
        h->node_stays_ = true;
        post(std::move(h), owner);
        throw;
    }
}

void holding::let_go(std::unique_ptr<holding> h, recipe_object& owner) noexcept {
    try {
        h->grant_->give_up().detach();
    } catch (const std::bad_alloc&) {
        h->node_stays_ = true;
    }
    post(std::move(h), owner);
}

void holding::post(std::unique_ptr<holding> h, recipe_object& owner) noexcept {
    h->owner_ = owner.shared_from_this();
    owner.owner().loop().post(*h.release());
}

void holding::run(job* j) noexcept {
    const auto owner = std::move(static_cast<holding*>(j)->owner_); // outlives the place
    const std::unique_ptr<holding> self(static_cast<holding*>(j));
    if (self->node_stays_) self->grant_->remove_later();
    self->grant_->forget();
}

} // namespace kazoo::recipe

#include <kazoo/recipe/watching.hpp>

#include "recipe/parts/follower.hpp"

#include <utility>

namespace kazoo {

watching::watching(client c, std::shared_ptr<recipe::follower> f) noexcept
    : client_(std::move(c)), follower_(std::move(f)) {}
watching::watching(watching&&) noexcept = default;

watching& watching::operator=(watching&& other) noexcept {
    stop();
    follower_ = std::move(other.follower_);
    client_ = std::move(other.client_);
    return *this;
}

watching::~watching() { stop(); }

void watching::stop() noexcept {
    if (follower_) follower_->stop();
}
bool watching::active() const noexcept { return follower_ && follower_->active(); }
const std::string& watching::path() const noexcept { return follower_->path(); }

} // namespace kazoo

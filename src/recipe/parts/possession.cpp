#include "recipe/parts/possession.hpp"

#include <utility>

namespace kazoo::recipe {

possession::possession(client c, std::shared_ptr<recipe_object> of, std::unique_ptr<holding> h) noexcept
    : client_(std::move(c)), of_(std::move(of)), holding_(std::move(h)) {}

std::stop_token possession::lost(const std::unique_ptr<possession>& p) {
    if (p && p->holding_) return p->holding_->what()->lost();
    std::stop_source over;
    over.request_stop();
    return over.get_token();
}

zxid possession::fencing_token() const noexcept { return holding_ ? holding_->what()->fencing_token() : zxid::none; }

node_check possession::check(const std::unique_ptr<possession>& p) {
    if (!p || !p->holding_)
        throw_error(make_error_code(errc::not_held), outcome::not_applied, "check", p ? p->of_->path() : "");
    return p->holding_->what()->check();
}

void possession::give_back() noexcept {
    if (!holding_) return;
    was_lost_ = !holds();
    if (of_->forked())
        (void)holding_.release(); // nothing of it can be used or destroyed here
    else
        holding::let_go(std::move(holding_), *of_);
}

future<bool> possession::async_give_back(std::string_view operation) {
    if (!holding_) return ready(of_->owner(), operation, false);
    was_lost_ = !holds();
    return holding::give_up(std::move(holding_), *of_);
}

} // namespace kazoo::recipe

#include "recipe/parts/patrol.hpp"

#include <algorithm>
#include <utility>

namespace kazoo::recipe {

namespace {
constexpr std::chrono::milliseconds shortest_pause{10};
} // namespace

std::shared_ptr<patrol> patrol::of(core& c) {
    if (auto p = std::static_pointer_cast<patrol>(c.patrol().lock())) return p;
    auto p = std::make_shared<patrol>(c);
    c.patrol() = p;
    return p;
}

patrol::place patrol::add(lookout& l) {
    posts_.push_back(&l);
    if (!under_way_) {
        spawn(*core_, {.name = "patrol", .path = {}, .is_wait = true}, go_round(shared_from_this())).detach();
        under_way_ = true;
    }
    return std::prev(posts_.end());
}

void patrol::remove(place p) noexcept {
    if (visited_ == *p) visited_ = nullptr;
    posts_.erase(p);
}

duration patrol::pace() const {
    const duration timeout = core_->board().identity().negotiated_timeout;
    const auto share = timeout / static_cast<duration::rep>(std::max<std::size_t>(posts_.size(), 1));
    return std::max<duration>(share, shortest_pause);
}

task<void> patrol::go_round(std::shared_ptr<patrol> self) {
    const task_scope& scope = co_await this_scope{};
    const handle zk(*self->core_, {});
    while (scope.fired() == errc{} && !self->posts_.empty()) {
        (void)co_await as_result(pause(*self->core_, self->pace()));
        if (self->posts_.empty()) break;
        self->posts_.splice(self->posts_.end(), self->posts_, self->posts_.begin());
        self->visited_ = self->posts_.back();
        const auto look = [&zk, path = self->visited_->path_] { return zk.async_exists(path); };
        const auto now = co_await as_result(repeat(look));
        lookout* const l = std::exchange(self->visited_, nullptr);
        if (l != nullptr && now) l->hear(*now);
        if (l != nullptr && now.error() == errc::no_auth) l->may_see_nothing();
    }
    self->under_way_ = false;
}

lookout::lookout(core& c, std::string absolute_path, sight::of what)
    : path_(std::move(absolute_path)), what_(what), patrol_(patrol::of(c)), place_(patrol_->add(*this)) {}

lookout::~lookout() { patrol_->remove(place_); }

} // namespace kazoo::recipe

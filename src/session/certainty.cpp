#include "session/certainty.hpp"

#include <kazoo/error.hpp>

#include <utility>

namespace kazoo::session {

void certainty::want(bool on, time_point now) noexcept {
    if (!std::exchange(wanted_, on) && on && next_ != never) next_ = std::min(next_, now);
}

certainty::offered_node certainty::offer(std::string absolute_path, time_point now) {
    offered_.push_back(std::move(absolute_path));
    if (std::exchange(not_permitted_, false)) {
        path_ = offered_.back();
        if (stage_ == stage::idle) next_ = std::min(next_, now);
    }
    return std::prev(offered_.end());
}

bool certainty::granted(duration timeout, time_point sent, bool resumed, time_point now) noexcept {
    // The end was worked out with the old timeout. If the new one is shorter, it would come too late.
    const bool shrunk = resumed && timeout < timeout_;
    timeout_ = timeout;
    if (!resumed || shrunk) until_ = none;
    connect_sent_ = resumed ? sent : none;
    if (!resumed) renew(sent);
    u_ = previous_u_ = none;
    stage_ = stage::idle;
    next_ = now;
    pause_ = duration::zero();
    refusals_ = 0;
    return !shrunk;
}

void certainty::connection_lost() noexcept {
    stage_ = stage::idle;
    next_ = never;
    connect_sent_ = u_ = previous_u_ = none;
}

certainty::step certainty::due(time_point now) const noexcept {
    if (!wanted_) return step::wait;
    if (stage_ == stage::check_due) return step::check;
    return stage_ == stage::idle && now >= next_ ? step::sync : step::wait;
}

void certainty::sent(step s) noexcept { stage_ = s == step::sync ? stage::sync_sent : stage::check_sent; }

void certainty::sync_answered(bool ok, time_point sent, time_point now) noexcept {
    u_ = sent;
    if (ok)
        stage_ = stage::check_due;
    else
        failed(now);
}

const std::string& certainty::other_path() const noexcept {
    return path_ == root_ && !offered_.empty() ? offered_.back() : root_;
}

void certainty::check_answered(std::int32_t err, time_point now) {
    if (err != 0) {
        // The node is gone, or may not be read. Try another one: at most one that is gone, the root, and one of ours.
        not_permitted_ = err == static_cast<std::int32_t>(errc::no_auth);
        const std::string& other = other_path();
        if (++refusals_ > 2 || other == path_) return failed(now);
        path_ = other;
        stage_ = stage::check_due;
        return;
    }
    not_permitted_ = false;
    refusals_ = 0;
    pause_ = duration::zero();
    if (connect_sent_ != none) renew(std::exchange(connect_sent_, none));
    if (previous_u_ != none) renew(previous_u_);
    previous_u_ = u_;
    stage_ = stage::idle;
    next_ = saturating_add(now, gap());
}

/// After a failure the next try may come early: the gap must lie between two good pairs only.
void certainty::failed(time_point now) noexcept {
    stage_ = stage::idle;
    refusals_ = 0;
    pause_ = std::clamp(2 * pause_, timeout_ / 20, gap());
    next_ = saturating_add(now, pause_);
}

bool certainty::lasts(time_point now) const noexcept {
    if (!exists()) return false;
    time_point renewal = stage_ == stage::idle && next_ != never ? std::max(next_, now) : now;
    if (previous_u_ == none) renewal = saturating_add(renewal, gap()); // it takes two pairs
    return saturating_add(renewal, timeout_ / 20) < until_;
}

} // namespace kazoo::session

#include "session/credentials.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace kazoo::session {

void credentials::add(std::shared_ptr<credential> c) { waiting_.push_back(std::move(c)); }

void credentials::remove(std::string_view scheme, std::string_view secret) {
    const auto is_meant = [&](const auto& c) { return c.scheme == scheme && c.secret == secret; };
    for (sent& s : on_their_way_)
        if (s.kept ? is_meant(*s.kept) : s.waits && is_meant(*s.waits)) s = {};
    known_.erase({scheme, secret});
    accepted_.remove_if(is_meant);
    std::vector<std::shared_ptr<credential>> removed;
    for (auto& c : std::exchange(waiting_, {})) {
        if (is_meant(*c))
            removed.push_back(std::move(c));
        else
            waiting_.push_back(std::move(c));
    }
    for (const auto& c : removed) c->on_refused(errc::cancelled);
}

credentials::verdict credentials::answered(std::int32_t err) {
    const sent judged = std::move(on_their_way_.front());
    on_their_way_.pop_front();
    const bool refused = err == static_cast<std::int32_t>(errc::auth_failed);
    const bool required = judged.kept != nullptr || (judged.waits && judged.waits->required);
    if (err != 0 && !refused && (required || !judged.waits)) return verdict::retry;
    if (refused && required) return verdict::final;
    if (!judged.waits) return refused ? verdict::refused : verdict::accepted;
    waiting_.erase(std::ranges::find(waiting_, judged.waits)); // the first: they are judged in order
    if (err != 0) {
        judged.waits->on_refused(errc{err});
        return verdict::refused;
    }
    if (!known_.contains({judged.waits->scheme, judged.waits->secret})) {
        const stored& s = accepted_.emplace_back(stored{judged.waits->scheme, judged.waits->secret});
        known_.emplace(s.scheme, s.secret);
    }
    judged.waits->on_accepted();
    return verdict::accepted;
}

void credentials::end(errc reason) {
    on_their_way_.clear();
    for (const auto& c : std::exchange(waiting_, {})) c->on_refused(reason);
}

} // namespace kazoo::session

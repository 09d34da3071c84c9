#include "session/credentials.hpp"

#include <algorithm>
#include <utility>

namespace kazoo::session {

void credentials::add(std::shared_ptr<credential> c) { waiting_.push_back(std::move(c)); }

void credentials::remove(std::string_view scheme, std::string_view secret) {
    known_.erase({scheme, secret});
    std::erase_if(accepted_, [&](const stored& s) { return s.scheme == scheme && s.secret == secret; });
    for (const auto& c : std::deque(waiting_)) {
        if (c->scheme != scheme || c->secret != secret) continue;
        std::erase(waiting_, c);
        c->on_refused(errc::cancelled);
    }
}

credentials::verdict credentials::answered(std::int32_t err) {
    const auto judged = std::move(on_their_way_.front());
    on_their_way_.pop_front();
    const bool refused = err == static_cast<std::int32_t>(errc::auth_failed);
    if (!judged) return err == 0 ? verdict::accepted : refused ? verdict::final : verdict::retry;
    const auto waits = std::ranges::find(waiting_, judged);
    if (waits == waiting_.end()) return err == 0 ? verdict::accepted : refused ? verdict::refused : verdict::retry;
    if (err != 0 && judged->required) return refused ? verdict::final : verdict::retry;
    waiting_.erase(waits);
    if (err != 0) {
        judged->on_refused(errc{err});
        return verdict::refused;
    }
    if (!known_.contains({judged->scheme, judged->secret})) {
        const stored& s = accepted_.emplace_back(stored{judged->scheme, judged->secret});
        known_.emplace(s.scheme, s.secret);
    }
    judged->on_accepted();
    return verdict::accepted;
}

void credentials::end(errc reason) {
    on_their_way_.clear();
    for (const auto& c : std::exchange(waiting_, {})) c->on_refused(reason);
}

} // namespace kazoo::session

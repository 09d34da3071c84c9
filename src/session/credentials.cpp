#include "session/credentials.hpp"

#include <algorithm>
#include <utility>

namespace kazoo::session {

void credentials::add(std::shared_ptr<credential> c) { waiting_.push_back(std::move(c)); }

credentials::verdict credentials::answered(std::int32_t err) {
    const auto judged = std::move(on_their_way_.front());
    on_their_way_.pop_front();
    const bool refused = err == static_cast<std::int32_t>(errc::auth_failed);
    if (!judged) return err == 0 ? verdict::accepted : refused ? verdict::final : verdict::retry;
    if (err != 0 && judged->required) return refused ? verdict::final : verdict::retry;
    std::erase(waiting_, judged);
    if (err != 0) {
        judged->on_refused(errc{err});
        return verdict::refused;
    }
    stored s{judged->scheme, judged->secret};
    if (std::ranges::find(accepted_, s) == accepted_.end()) accepted_.push_back(std::move(s));
    judged->on_accepted();
    return verdict::accepted;
}

void credentials::end(errc reason) {
    on_their_way_.clear();
    for (const auto& c : std::exchange(waiting_, {})) c->on_refused(reason);
}

} // namespace kazoo::session

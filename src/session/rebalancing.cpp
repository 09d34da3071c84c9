#include "session/rebalancing.hpp"

#include <algorithm>
#include <utility>

namespace kazoo::session {

namespace {

bool has(const std::vector<host_port>& list, const host_port& h) noexcept {
    return std::ranges::find(list, h) != list.end();
}

void shuffle(std::vector<host_port>& list, util::random_source& random) noexcept {
    for (std::size_t i = list.size(); i > 1; --i)
        std::swap(list[i - 1], list[static_cast<std::size_t>(random.below(i))]);
}

} // namespace

bool is_at(const host_port& h, const util::endpoint& e) noexcept {
    return h.port == e.port && h.tls == e.tls && (h.host == e.host || h.host == e.address);
}

migration_odds odds_of_migration(const std::vector<host_port>& before, const std::vector<host_port>& after,
                                 bool stays) noexcept {
    const auto kept = std::ranges::count_if(after, [&](const host_port& h) { return has(before, h); });
    const auto size_before = static_cast<double>(before.size()), size_after = static_cast<double>(after.size());
    if (size_after > size_before) return {.moves = stays ? 1 - size_before / size_after : 1, .to_new = 1};
    if (stays) return {};
    const auto old = static_cast<double>(kept);
    if (old >= size_before) return {.moves = 1}; // none is new
    return {.moves = 1, .to_new = 1 - old * (size_before - size_after) / (size_after * (size_before - old))};
}

migration decide_migration(const std::vector<host_port>& before, const std::vector<host_port>& after,
                           const util::endpoint& here, util::random_source& random) {
    const bool stays = std::ranges::any_of(after, [&](const host_port& h) { return is_at(h, here); });
    const migration_odds odds = odds_of_migration(before, after, stays);
    migration m{.moves = random.unit() < odds.moves};
    if (!m.moves) return m;
    std::vector<host_port> known, fresh;
    for (const host_port& h : after) (has(before, h) ? known : fresh).push_back(h);
    shuffle(known, random);
    shuffle(fresh, random);
    while (!known.empty() || !fresh.empty()) {
        const bool wants_fresh = random.unit() < odds.to_new;
        std::vector<host_port>& from = fresh.empty() || (!known.empty() && !wants_fresh) ? known : fresh;
        m.order.push_back(std::move(from.back()));
        from.pop_back();
    }
    return m;
}

} // namespace kazoo::session

#include "server/sessions.hpp"

#include <algorithm>

namespace kazoo::server {

namespace {

/// splitmix64
std::uint64_t scrambled(std::uint64_t x) noexcept {
    x += 0x9e3779b97f4a7c15U;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9U;
    x = (x ^ x >> 27) * 0x94d049bb133111ebU;
    return x ^ x >> 31;
}

duration milliseconds(std::int32_t ms) noexcept { return std::chrono::milliseconds(ms); }

} // namespace

std::int64_t first_session_id(std::uint64_t seed, std::uint8_t server) noexcept {
    return std::int64_t{server} << 56 | static_cast<std::int64_t>(scrambled(seed) >> 24 << 16);
}

session_password password_of(std::uint64_t seed, std::int64_t session) noexcept {
    session_password result;
    std::uint64_t state = scrambled(seed) ^ static_cast<std::uint64_t>(session);
    for (std::size_t at = 0; at < result.size(); at += 8) proto::store_be64(&result[at], state = scrambled(state));
    return result;
}

session_table::session_table(std::uint64_t seed, duration tick) noexcept
    : seed_(seed), next_id_(first_session_id(seed, 1)), deadlines_(tick) {}

session& session_table::open(std::int32_t timeout_ms, time_point now) {
    const std::int64_t id = next_id_++;
    deadlines_.touch(id, now, milliseconds(timeout_ms));
    return sessions_.try_emplace(id, session{id, timeout_ms}).first->second;
}

session* session_table::find(std::int64_t id) noexcept {
    const auto found = sessions_.find(id);
    return found == sessions_.end() ? nullptr : &found->second;
}

const session* session_table::find(std::int64_t id) const noexcept {
    const auto found = sessions_.find(id);
    return found == sessions_.end() ? nullptr : &found->second;
}

void session_table::touch(const session& s, std::int32_t timeout_ms, time_point now) {
    deadlines_.touch(s.id, now, milliseconds(timeout_ms));
}

void session_table::remove(std::int64_t id) {
    deadlines_.remove(id);
    sessions_.erase(id);
}

void session_table::restart(time_point now) {
    for (auto& [id, s] : sessions_) {
        s.attached = nullptr;
        touch(s, s.timeout_ms, now);
    }
}

std::vector<std::int64_t> session_table::ids() const {
    std::vector<std::int64_t> result;
    for (const auto& [id, s] : sessions_) result.push_back(id);
    std::sort(result.begin(), result.end());
    return result;
}

} // namespace kazoo::server

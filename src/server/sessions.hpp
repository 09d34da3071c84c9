#pragma once
// Which sessions live, and until when. A session outlives its connections.
#include "proto/records.hpp"
#include "server/expiry_queue.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace kazoo::server {

class connection;

struct session {
    std::int64_t id = 0;
    std::int32_t timeout_ms = 0;    ///< as agreed when it was opened
    connection* attached = nullptr; ///< the newest connection that claimed it, if still open
};

using session_password = std::array<char, proto::password_size>;
/// A function of the id, so that it can be asked of an unknown session as well.
session_password password_of(std::uint64_t seed, std::int64_t session) noexcept;
/// The first id that a server with this number gives: the number in the top byte, then 40 bits that differ from run to
/// run, then a counter.
std::int64_t first_session_id(std::uint64_t seed, std::uint8_t server) noexcept;

class session_table {
  public:
    session_table(std::uint64_t seed, duration tick) noexcept;

    session& open(std::int32_t timeout_ms, time_point now);
    session* find(std::int64_t id) noexcept;
    const session* find(std::int64_t id) const noexcept;
    void touch(const session&, std::int32_t timeout_ms, time_point now);
    void remove(std::int64_t id);
    std::optional<std::int64_t> pop_due(time_point now) { return deadlines_.pop_due(now); }
    time_point next_deadline() const noexcept { return deadlines_.next(); }

    /// After a restart of the server: nobody is attached and all clocks start anew.
    void restart(time_point now);

    std::size_t size() const noexcept { return sessions_.size(); }
    std::vector<std::int64_t> ids() const;

    session_password password_of(std::int64_t id) const noexcept { return server::password_of(seed_, id); }

  private:
    std::uint64_t seed_;
    std::int64_t next_id_;
    std::unordered_map<std::int64_t, session> sessions_;
    expiry_queue<std::int64_t> deadlines_;
};

} // namespace kazoo::server

#pragma once
// The text commands that a client may send in place of a connect request.
#include "server/config.hpp"
#include "server/database.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace kazoo::server {

/// Whether these four bytes are a command of ZooKeeper's, answered here or not.
bool is_four_letter_word(std::string_view word) noexcept;

/// What the commands tell about.
struct server_facts {
    const database& data;
    std::size_t connections = 0;
    std::size_t sessions = 0;
    std::optional<std::size_t> local_sessions{}; ///< it has lost its quorum, and serves reads in so many of them
    std::int64_t received = 0, sent = 0;
    std::int64_t uptime_ms = 0;
    std::vector<std::string> clients; ///< one line a connection, for `stat`
};

std::string answer_four_letter_word(std::string_view word, const config&, const server_facts&);

} // namespace kazoo::server

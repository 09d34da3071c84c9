#pragma once
#include "util/clock.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace kazoo::server {

/// Defaults are those of Apache ZooKeeper 3.8.0, where it has the setting.
struct config {
    duration tick = std::chrono::seconds(2);      ///< sessions expire in steps of it
    std::int32_t min_session_timeout_ms = -1;     ///< -1: 2 ticks
    std::int32_t max_session_timeout_ms = -1;     ///< -1: 20 ticks
    std::uint64_t seed = 0;                       ///< of session ids and passwords
    std::size_t max_connections_per_address = 60; ///< 0: no limit
    std::size_t max_request_bytes = 0xfffff;      ///< jute.maxbuffer
    /// More unsent output than this, and the connection's input waits.
    std::size_t output_pause = 1u << 20;
    /// More than this, and the connection is closed: watch events come whether the client reads or not.
    std::size_t output_limit = 64u << 20;
    /// From 3.8.4 and 3.9.2 on whoever may not read a node is not told its metadata either (ZOOKEEPER-2590).
    bool metadata_needs_permission = false;
    bool extended_types = false; ///< TTL nodes (extendedTypesEnabled)
    duration container_check = std::chrono::seconds(60);
    std::size_t followers = 0; ///< servers beside this one, the leader; they hear of changes when they are told to
    bool certificates = false; ///< clients may have shown one: ACLs may name it (authProvider.x509)
    std::string super_digest;  ///< "user:hash" that may do everything; empty: nobody
    /// The commands that are answered; the others say that they are not in this list.
    std::vector<std::string> four_letter_words{"ruok", "srvr", "stat", "mntr", "isro", "envi"};
};

} // namespace kazoo::server

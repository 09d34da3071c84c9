#pragma once
// SetWatches requests: what a new connection needs to know of the watches that an older one held.
#include "session/watcher.hpp"

#include "proto/opcodes.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kazoo::session {

/// One request. The paths are views.
struct set_watches_batch {
    std::vector<std::string_view> data, exists, child, persistent, recursive;

    std::vector<std::string_view>& of(watch_kind) noexcept;
    /// 105 only where it must be: servers before 3.6 know only 101.
    proto::opcode op() const noexcept;
};

/// Bytes of paths in one request, until a server shows that it takes less (jute.maxbuffer).
inline constexpr std::size_t set_watches_limit = 128 << 10;

/// Puts `paths` of one kind behind what is there, in a new batch where `limit` demands it.
void add_to_batches(std::vector<set_watches_batch>& batches, watch_kind kind,
                    const std::vector<std::string_view>& paths, std::size_t limit, std::size_t& bytes_in_last);

void put_set_watches(std::string& out, const set_watches_batch&, std::int64_t relative_zxid);

} // namespace kazoo::session

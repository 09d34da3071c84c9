#pragma once
// What stands in the node of a lease, as Python's kazoo writes it.
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace kazoo::recipe {

struct lease_record {
    std::string holder;
    std::chrono::sys_seconds end;
    bool newer = false; ///< of a version that we do not know: somebody's, and nothing else is certain
};

/// A record has four digits for the year.
constexpr std::chrono::sys_seconds last_moment =
    std::chrono::sys_days(std::chrono::year(10000) / 1 / 1) - std::chrono::seconds(1);

/// Nothing: it is no lease.
std::optional<lease_record> parse_lease(std::string_view text);
/// Precondition: the holder's name is UTF-8.
std::string to_text(const lease_record&);
bool is_utf8(std::string_view) noexcept;

} // namespace kazoo::recipe

#pragma once
// The names of a queue's items: entry-<PPP>-<number>, as Python's kazoo gives them.
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace kazoo::recipe {

struct queue_entry {
    std::int32_t priority; ///< the least comes first
    std::int32_t number;   ///< the server's, in the order in which items came
    friend auto operator<=>(const queue_entry&, const queue_entry&) = default;
    std::string name() const;
};

/// What an item's name begins with: the server appends the number.
std::string entry_prefix(std::int32_t priority);

/// Nothing for other names.
std::optional<queue_entry> parse_entry(std::string_view name) noexcept;

/// Who is next: of the items with the least priority the one that came first. (The server's numbers wrap from 2^31-1 to
/// -2^31: then those above are the older ones.)
std::optional<queue_entry> first_of_entries(const std::set<queue_entry>&) noexcept;

/// The same, or one of those behind it that have its priority: by chance one of the first `most`, as far as there are
/// so many. Precondition: at least one.
std::optional<queue_entry> one_of_first_entries(const std::set<queue_entry>&, std::size_t most,
                                                std::uint64_t chance) noexcept;

} // namespace kazoo::recipe

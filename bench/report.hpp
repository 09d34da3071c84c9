#pragma once
#include "workload.hpp"

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// The medians of all rounds of one peer.
struct result {
    std::string peer, server;
    std::string workload;
    std::size_t window = 1; ///< operations under way
    std::size_t rounds = 0;
    figures median;
    double load = 0; ///< of the machine when the last round began
};

figures median_of(const std::vector<figures>& rounds);
/// A peer that others are compared with.
struct yardstick {
    std::string_view peer;
    std::string_view suffix; ///< of the names of the ratios
};
/// For locks there are three; the C client brings none. For receipts there is kazoo without them.
inline constexpr std::array yardsticks{yardstick{"c-tuned", ""}, yardstick{"ours-plain", "_plain"},
                                       yardstick{"python", "_python"}, yardstick{"curator", "_curator"},
                                       yardstick{"go", "_go"}};

/// One line of JSON. The ratios to a yardstick are left out where there is none.
std::string to_json(const result&, const std::vector<result>& all);
/// What a person reads at the end.
std::string to_table(const std::vector<result>& all);

} // namespace bench

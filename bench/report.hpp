#pragma once
#include "workload.hpp"

#include <optional>
#include <string>
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
/// The peer that all are compared with.
inline constexpr std::string_view yardstick = "c-tuned";

/// One line of JSON. The ratios to the yardstick are left out where there is none.
std::string to_json(const result&, const std::vector<result>& all);
/// What a person reads at the end.
std::string to_table(const std::vector<result>& all);

} // namespace bench

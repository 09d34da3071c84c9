#pragma once
// Which seeds a storm runs with: KAZOO_SIM_SEED=n runs one of them and shows more, KAZOO_SIM_SEEDS=n says how many.
#include <cstdint>
#include <cstdlib>
#include <string>

namespace kazoo::testkit {

#if defined(__SANITIZE_ADDRESS__) || !defined(NDEBUG)
inline constexpr bool with_checks = true;
#else
inline constexpr bool with_checks = false;
#endif

inline std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
    const char* text = std::getenv(variable);
    return text == nullptr ? otherwise : std::stoull(text);
}
inline std::uint64_t only_seed() { return number_from("KAZOO_SIM_SEED", 0); }
inline std::uint64_t number_of_seeds(std::uint64_t usual) { return number_from("KAZOO_SIM_SEEDS", usual); }

} // namespace kazoo::testkit

#include "seeds.hpp"

#include <cstdlib>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

namespace kazoo::testkit {

namespace {

/// The frames that an exception has passed stay with AddressSanitizer until the next one is made above them all. Where
/// thousands have gathered, each call searches them.
void let_frames_go() {
#ifdef __SANITIZE_ADDRESS__
    __asan_handle_no_return();
#endif
}

using maker = std::function<std::unique_ptr<seeded>(std::uint64_t)>;

constexpr std::uint64_t one_in_that_runs_twice = 20;
constexpr int enough_failures = 3;

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
    const char* text = std::getenv(variable);
    return text == nullptr ? otherwise : std::stoull(text);
}

bool keeps_its_promises(const seeded& s, std::uint64_t seed) {
    if (s.complaints().empty()) return true;
    std::string text;
    for (const std::string& line : s.complaints()) text += line + '\n';
    ADD_FAILURE() << "KAZOO_SIM_SEED=" << seed << ":\n" << text << "what happened last:\n" << s.last_events();
    return false;
}

void expect_the_same_again(const seeded& s, std::uint64_t seed, const maker& make) {
    const auto again = make(seed);
    again->run();
    EXPECT_EQ(again->trace_hash(), s.trace_hash()) << "seed " << seed << " does not repeat itself";
}

} // namespace

std::uint64_t run_each_seed(std::uint64_t usual, const maker& make, const std::function<void(const seeded&)>& take) {
    const auto one = [&](std::uint64_t seed, bool chosen) {
        let_frames_go();
        const auto s = make(seed);
        if (chosen) s->remember_more();
        s->run();
        take(*s);
        const bool good = keeps_its_promises(*s, seed);
        if (good && (chosen || seed % one_in_that_runs_twice == 0)) expect_the_same_again(*s, seed, make);
        return good;
    };
    if (const std::uint64_t chosen = number_from("KAZOO_SIM_SEED", 0); chosen != 0) {
        one(chosen, true);
        return 0;
    }
    const std::uint64_t seeds = number_from("KAZOO_SIM_SEEDS", usual);
    int failures = 0;
    for (std::uint64_t seed = 1; seed <= seeds && failures < enough_failures; ++seed)
        if (!one(seed, false)) ++failures;
    std::cout << seeds << " seeds\n";
    return failures == 0 ? seeds : 0;
}

} // namespace kazoo::testkit

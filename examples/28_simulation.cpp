// Finds a bug that shows once in many runs: each seed is another history of a simulated world, and repeats itself.
//
// Prints:
//   seed 179: job 0 is run by two workers at once
//   seed 179 again: the same, and everything else too
//   without the bug: nothing in 10000 seeds
#include <kazoo/kazoo.hpp>
#include <kazoo/testkit/simulation.hpp>

#include <array>
#include <cstdint>
#include <iostream>
#include <random>
#include <string>
#include <utility>

namespace {

constexpr std::size_t jobs = 3;

// [shown]
/// Whether the job is ours. With the bug, a claim that stands behind a lost reply is taken for our own.
kazoo::future<bool> claim(kazoo::client zk, std::string path, std::string me, bool has_bug) {
    bool reply_was_lost = false;
    for (;;) {
        try {
            co_await zk.async_create(path, me, kazoo::create_mode::ephemeral);
            co_return true;
        } catch (const kazoo::connection_loss_error&) {
            reply_was_lost = true;
        } catch (const kazoo::node_exists_error&) {
            if (!reply_was_lost) co_return false;
            if (has_bug) co_return true;
            break;
        }
    }
    const kazoo::retry_rules rules;
    const auto read = [zk, path] { return zk.async_get_if_exists(path); };
    const auto there = co_await kazoo::async_retry(zk, rules, read);
    co_return there && there->data == me;
}
// [shown]

// [shown]
/// What must never happen is seen from outside: the test keeps its own book of who works on what.
struct book {
    std::array<int, jobs> workers{}; ///< of each job, now
    std::size_t finished = 0;        ///< workers
    std::string fault;

    void enter(std::size_t job) {
        if (++workers[job] > 1) fault = "job " + std::to_string(job) + " is run by two workers at once";
    }
    void leave(std::size_t job) { --workers[job]; }
};
// [shown]

/// Claims each job that is free, and works on it. The claims stay: no job is done twice.
kazoo::future<void> work(kazoo::client zk, std::string me, bool has_bug, book& seen) {
    const kazoo::retry_rules rules;
    for (std::size_t job = 0; job < jobs; ++job) {
        const std::string path = "/jobs/" + std::to_string(job);
        const bool ours = co_await claim(zk, path + "/claim", me, has_bug);
        if (!ours) continue;
        seen.enter(job);
        for (int step = 0; step < 3; ++step) {
            const auto look = [zk, path] { return zk.async_get(path); };
            co_await kazoo::async_retry(zk, rules, look);
        }
        seen.leave(job);
    }
    ++seen.finished;
}

// [shown]
struct history {
    std::string fault;   ///< empty: nothing was wrong
    std::uint64_t trace; ///< of all that happened
};

/// Two workers on two machines whose cables fail. The seed decides when, and everything else.
history run(std::uint64_t seed, bool has_bug) {
    kazoo::testkit::simulation world({.seed = seed});
    const std::array machines{world.add_machine(), world.add_machine()};
    const auto options_on = [](const kazoo::testkit::machine& m) {
        kazoo::client_options o;
        o.loop = m.loop();
        o.log.threshold = kazoo::log_level::off;
        return o;
    };
    kazoo::client first(world.addresses(), options_on(machines[0])), second(world.addresses(), options_on(machines[1]));
    first.create("/jobs");
    for (std::size_t job = 0; job < jobs; ++job) first.create("/jobs/" + std::to_string(job));

    book seen;
    work(first, "first", has_bug, seen).detach();
    work(second, "second", has_bug, seen).detach();
    std::mt19937_64 chance(seed);
    while (seen.finished < 2 && seen.fault.empty()) {
        world.run_for(std::chrono::microseconds(chance() % 200'000));
        machines[chance() % 2].cut();
    }
    return {seen.fault, world.trace_hash()};
}
// [shown]

} // namespace

int main() {
    // [shown]
    std::uint64_t seed = 1;
    history found = run(seed, true);
    while (found.fault.empty()) found = run(++seed, true);
    std::cout << "seed " << seed << ": " << found.fault << '\n';

    const history again = run(seed, true);
    if (again.fault == found.fault && again.trace == found.trace)
        std::cout << "seed " << seed << " again: the same, and everything else too\n";

    for (seed = 1; seed <= 10'000; ++seed)
        if (const history h = run(seed, false); !h.fault.empty())
            std::cout << "seed " << seed << ": " << h.fault << '\n';
    std::cout << "without the bug: nothing in " << seed - 1 << " seeds\n";
    // [shown]
}

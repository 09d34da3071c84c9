// lease
#include "guarded_command.hpp"
#include "interruption.hpp"
#include "lease_renewal.hpp"
#include "menu.hpp"
#include "number_argument.hpp"
#include "path_argument.hpp"

#include <kazoo/error.hpp>
#include <kazoo/recipe/lease.hpp>

#include <chrono>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

namespace kz {

namespace {

struct lease_arguments {
    std::string path;
    std::vector<std::string> misplaced; ///< what should stand behind the --
    double for_seconds = 0;
    double kill_after_seconds = 10;
    std::optional<std::size_t> slots;
    std::string identifier;
    bool release = false, quiet = false;
};

/// For each place one read when all are held.
constexpr std::size_t most_slots = 10'000;

void say(const lease_arguments& o, const std::string& what) {
    if (!o.quiet) kz::say("lease", o.path, what);
}

std::optional<kazoo::lease> obtain(const settings& s, const lease_arguments& o, const kazoo::client& client,
                                   const std::stop_token& stop) {
    const auto duration = std::chrono::ceil<std::chrono::seconds>(std::chrono::duration<double>(o.for_seconds));
    const kazoo::lease_options options{.identifier = o.identifier.empty() ? default_identifier() : o.identifier};
    auto asked = o.slots ? kazoo::multi_lease::async_try_obtain(client, o.path, *o.slots, duration, options)
                         : kazoo::lease::async_try_obtain(client, o.path, duration, options);
    return std::move(asked).get_for(s.timeout(), stop);
}

exit_code run_holding(const std::vector<std::string>& words, const lease_arguments& o, kazoo::lease& lease) {
    const lease_renewal::seconds length(o.for_seconds);
    const auto patience = lease_renewal::limited(lease_renewal::seconds(o.kill_after_seconds), length);
    const lease_renewal renewal(lease, length, patience);
    const hold held{.command = "lease",
                    .variables = {{"KZ_LEASE_PATH", lease.path()}},
                    .lost = renewal.lost(),
                    .holds = [&] { return lease.holds(); },
                    .on_loss = [&] { say(o, "lost; the command is told to end"); },
                    .patience = milliseconds(patience.count())};
    return run_guarded(words, held);
}

/// The command has been run: its exit code says more.
void release(const settings& s, const lease_arguments& o, kazoo::lease& lease) try {
    (void)lease.async_release().get_for(s.timeout());
} catch (const kazoo::error& e) {
    say(o, "not released before its end: " + describe(e));
}

exit_code lease(const settings& s, const lease_arguments& o) try {
    const auto& words = guarded_command(s, "lease --for TIME PATH", o.misplaced);
    auto interrupted = std::make_optional<interruption>();
    const std::stop_token stop = interrupted->token();
    const connection client(s, stop);
    auto lease = obtain(s, o, client, stop);
    if (!lease) {
        say(o, o.slots ? "others have all of them" : "somebody else has it");
        return exit_code::not_acquired;
    }
    interrupted.reset(); // from now on signals are for the command
    if (stop.stop_requested()) {
        say(o, "given up");
        release(s, o, *lease);
        return exit_code::not_acquired;
    }
    if (!lease->holds()) {
        say(o, "it was over before the command could begin");
        return exit_code::not_acquired;
    }
    const auto code = run_holding(words, o, *lease);
    if (o.release) release(s, o, *lease);
    return code;
} catch (const kazoo::cancelled_error&) { // by a signal
    say(o, "given up");
    return exit_code::not_acquired;
}

} // namespace

void add_lease_command(menu& m) {
    const auto o = std::make_shared<lease_arguments>();
    auto* command = m.add(
        "lease", "Run a command on one machine of many, for a time that is reserved",
        "  kz lease --for 50m /jobs/hourly -- ./hourly.sh       in the crontab of each machine: one runs it\n"
        "  kz lease --for 50m --slots 3 /jobs/hourly -- ./x.sh  three run it\n"
        "  kz lease --for 5m --release /jobs/import -- ./import.sh\n"
        "\n"
        "Never waits for others: whoever comes first has the lease, and the others end with exit code 75. It stays\n"
        "reserved for the time that --for says, also when the command ends before, so that a machine that comes a\n"
        "little later does not run it again; --release gives it back at the end of the command. While the command "
        "runs,\n"
        "the lease is renewed whenever a third of its time is left, for all of --for: a command that takes more than\n"
        "two thirds of --for reserves it past the first end, and the next turn of a crontab may find it held.\n"
        "\n"
        "It rests on the clocks of the machines: one whose clock is ahead may take a lease over too early, by as "
        "much.\n"
        "When kz cannot renew it, the command gets SIGTERM before the end, early enough for SIGKILL to come before\n"
        "it, too: with clocks that are right no two commands run at a time. When somebody else has taken it all the\n"
        "same, the command gets SIGTERM at once.\n"
        "What must never run twice at a time is better off with kz lock.\n"
        "\n"
        "The command finds the lease's path (below the servers' chroot; with --slots, of its place) in KZ_LEASE_PATH.\n"
        "Standard streams, signals and the end of kz itself are as with kz lock.\n"
        "\n"
        "Exit codes: the command's own, or 128 + n if signal n ended it; 75 not obtained, 76 lost while the command\n"
        "ran, 126 the command cannot be executed, 127 it was not found; 1 error, 2 usage, 4 cannot connect.\n"
        "\n"
        "The lease is kazoo.lease's and the Python library's NonBlockingLease, with --slots its\n"
        "MultiNonBlockingLease: all of them exclude each other.\n",
        lease, o);
    const auto seconds = seconds_with_unit();
    auto sensible = CLI::Range(0.0, 1e7), long_enough = CLI::Range(2.0, 1e9);
    auto places = CLI::Range(std::size_t{1}, most_slots);
    for (auto* range : {&sensible, &long_enough, &places}) range->description("");
    add_path(*command, o->path, "Where the lease is kept; made when it is missing, and stays")->required();
    command->add_option("COMMAND", o->misplaced, "What to run, and its arguments as they are, behind a --")
        ->type_name("");
    command->add_option("-f,--for", o->for_seconds, "For how long: 90s, 10m, 2h, or seconds; at least 2s")
        ->type_name("TIME")
        ->transform(seconds)
        ->check(long_enough)
        ->required();
    command->add_option("-n,--slots", o->slots, "So many may have it at a time, each at a path below PATH")
        ->type_name("N")
        ->transform(not_negative())
        ->check(places);
    command->add_flag("-r,--release", o->release, "Give it back when the command ends");
    command
        ->add_option("-k,--kill-after", o->kill_after_seconds,
                     "Time between SIGTERM and SIGKILL when it is lost, as in --for; at most a tenth of that")
        ->type_name("TIME")
        ->transform(seconds)
        ->check(sensible)
        ->default_str("10s");
    command
        ->add_option("-a,--as", o->identifier,
                     "Whose it is; user@host:pid if not given. Whoever comes with the same name has it again")
        ->type_name("NAME");
    command->add_flag("-q,--quiet", o->quiet, "Do not say why it was not obtained or lost");
}

} // namespace kz

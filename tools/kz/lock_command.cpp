// lock
#include "guard.hpp"
#include "guarded_command.hpp"
#include "interruption.hpp"
#include "line_up.hpp"
#include "menu.hpp"
#include "number_argument.hpp"
#include "output.hpp"
#include "path_argument.hpp"
#include "show.hpp"
#include "usage_error.hpp"

#include <kazoo/error.hpp>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace kz {

namespace {

struct lock_arguments {
    std::string path;
    std::vector<std::string> misplaced; ///< what should stand behind the --
    std::optional<double> wait_seconds;
    double kill_after_seconds = 10;
    std::string identifier;
    std::optional<std::size_t> permits;
    bool no_wait = false, quiet = false, list = false, shared = false;
};

using clock = std::chrono::steady_clock;

/// Shorter waits are not worth a line.
constexpr std::chrono::milliseconds notice_after{200};

void say(const lock_arguments& o, const std::string& what) {
    if (!o.quiet) kz::say("lock", o.path, what);
}

std::unique_ptr<guard> make_guard(const lock_arguments& o, const kazoo::client& client) {
    const std::string identifier = o.identifier.empty() ? default_identifier() : o.identifier;
    if (o.permits) return semaphore_permit(client, o.path, *o.permits, identifier);
    return o.shared ? shared_lock(client, o.path, identifier) : exclusive_lock(client, o.path, identifier);
}

// -- kz lock --list ---------------------------------------------------------------------------------------------------

exit_code list(const settings& s, const lock_arguments& o) {
    if (s.behind_separator || !o.misplaced.empty()) throw usage_error("--list runs no command");
    const connection client(s);
    print(line_up(make_guard(o, client)->contenders(s.timeout(), {}), o.path, s.json));
    return exit_code::ok;
}

// -- kz lock PATH -- CMD ----------------------------------------------------------------------------------------------

/// Empty, too, where nobody could be asked: it is not that important.
std::string in_the_way(const settings& s, const guard& g, const std::stop_token& stop) try {
    return g.in_the_way(g.contenders(s.timeout(), stop));
} catch (const kazoo::error&) {
    return {};
}

/// While one exists, it waits a moment and then says who holds the lock.
class waiting_notice {
  public:
    waiting_notice(const settings& s, const lock_arguments& o, const guard& g)
        : thread_([&](const std::stop_token& over) {
              std::mutex mutex;
              std::unique_lock lock(mutex);
              std::condition_variable_any never;
              never.wait_for(lock, over, notice_after, [] { return false; });
              if (over.stop_requested()) return;
              if (const std::string why = in_the_way(s, g, over); !why.empty()) say(o, "waiting; " + why);
          }) {}

  private:
    std::jthread thread_;
};

bool acquire(const settings& s, const lock_arguments& o, guard& g, clock::time_point deadline,
             const std::stop_token& stop) {
    if (o.no_wait || o.wait_seconds == 0) {
        if (g.try_acquire(s.timeout(), stop)) return true;
        if (!o.quiet) {
            const std::string why = in_the_way(s, g, stop);
            say(o, why.empty() ? "taken" : why);
        }
        return false;
    }
    std::optional<waiting_notice> notice;
    if (!o.quiet) notice.emplace(s, o, g);
    if (!o.wait_seconds) {
        g.acquire(stop);
        return true;
    }
    if (g.acquire_until(deadline, stop)) return true;
    say(o, "not acquired in time");
    return false;
}

exit_code run_holding(const std::vector<std::string>& words, const lock_arguments& o, const guard& g) {
    const hold held{.command = "lock",
                    .variables = {{"KZ_LOCK_PATH", o.path}, {"KZ_FENCING_TOKEN", token_text(g.token())}},
                    .lost = g.lost(),
                    .holds = [&] { return g.holds(); },
                    .on_loss = [&] { say(o, "lost; the command is told to end"); },
                    .patience = milliseconds(o.kill_after_seconds)};
    return run_guarded(words, held);
}

exit_code lock(const settings& s, const lock_arguments& o) try {
    if (o.list) return list(s, o);
    const auto& words = guarded_command(s, "lock PATH", o.misplaced);
    auto interrupted = std::make_optional<interruption>();
    const std::stop_token stop = interrupted->token();
    settings connecting = s; // the wait is for everything, a connection too
    if (o.wait_seconds && *o.wait_seconds > 0) {
        connecting.timeout_seconds = std::min(s.timeout_seconds, *o.wait_seconds);
        connecting.wait_server = true;
    }
    const auto deadline = clock::now() + milliseconds(o.wait_seconds.value_or(0));
    const connection client(connecting, stop);
    const auto g = make_guard(o, client);
    if (!acquire(s, o, *g, deadline, stop)) return exit_code::not_acquired;
    interrupted.reset(); // from now on signals are for the command
    if (stop.stop_requested()) {
        say(o, "given up");
        return exit_code::not_acquired;
    }
    const auto code = run_holding(words, o, *g);
    g->release();
    return code;
} catch (const kazoo::cancelled_error&) { // by a signal
    say(o, "given up");
    return exit_code::not_acquired;
}

} // namespace

void add_lock_command(menu& m) {
    const auto o = std::make_shared<lock_arguments>();
    auto* command = m.add(
        "lock", "Run a command while holding a lock",
        "  kz lock /jobs/backup -- ./backup.sh                  waits for its turn\n"
        "  kz lock --wait 30s /jobs/backup -- ./backup.sh       30 seconds at most\n"
        "  kz lock --no-wait /jobs/backup -- ./backup.sh || [ $? -eq 75 ]\n"
        "  kz lock /jobs/x -- sh -c 'store --fence $KZ_FENCING_TOKEN x'\n"
        "  kz lock --shared /data -- ./report.sh                beside others that share\n"
        "  kz lock --semaphore 3 /licenses -- ./compile.sh      three at a time\n"
        "  kz lock --list /jobs/backup                          who holds it, who waits\n"
        "\n"
        "The command finds the lock's path (below the servers' chroot) in KZ_LOCK_PATH, and in KZ_FENCING_TOKEN a\n"
        "number that grows with each acquisition: storage that refuses smaller ones is safe from those who lost the\n"
        "lock without knowing.\n"
        "Standard input and output are the command's. When the lock is lost (no server for the length of a session,\n"
        "or somebody deleted its node), the command gets SIGTERM, then SIGKILL. When kz itself is killed, the command\n"
        "gets SIGKILL, but not what it has started: let a script end with exec, or rely on the token.\n"
        "\n"
        "SIGINT, SIGTERM and SIGHUP: a kz that waits leaves the line; a kz that holds passes them on to the command,\n"
        "and releases the lock when that ends. On a terminal the command stays in kz's process group, so that it can\n"
        "read from there and Ctrl-C and Ctrl-Z work; without one (cron, systemd) it gets a group of its own, and\n"
        "signals reach all of it.\n"
        "\n"
        "Exit codes: the command's own, or 128 + n if signal n ended it; 75 not acquired, 76 lost while the command\n"
        "ran, 126 the command cannot be executed, 127 it was not found; 1 error, 2 usage, 4 cannot connect.\n"
        "\n"
        "Without --shared it waits for everybody who came before, with it for those who came without it. All who use\n"
        "a --semaphore name the same number; nobody is let in with another one.\n"
        "\n"
        "--list prints, the holder first: fencing token, session, node, identifier; of those who share, the node's\n"
        "name has __rlock__ in it. Of a semaphore it prints those who have a permit. The locks are those of\n"
        "kazoo::shared_mutex, kazoo::mutex and kazoo::semaphore, and the Python library's Lock, ReadLock, WriteLock "
        "and\n"
        "Semaphore; but Python's Lock does not wait for those who share.\n",
        lock, o);
    const auto seconds = seconds_with_unit();
    auto sensible = CLI::Range(0.0, 1e7);
    sensible.description("");
    auto some_permits = CLI::Range(1, 1'000'000'000);
    some_permits.description("");
    add_path(*command, o->path, "The lock's node; it is made when it is missing, and stays")->required();
    command->add_option("COMMAND", o->misplaced, "What to run, and its arguments as they are, behind a --")
        ->type_name("");
    auto* wait = command
                     ->add_option("-w,--wait", o->wait_seconds,
                                  "Give up after this time: 500ms, 10s, 5m, 2h, or seconds. Not given: never. Covers "
                                  "connecting, with --wait-server, for which --timeout is a limit, too")
                     ->type_name("TIME")
                     ->transform(seconds)
                     ->check(sensible);
    auto* shared = command->add_flag("--shared", o->shared,
                                     "Hold it beside others that share; only those without --shared are kept out");
    command->add_option("--semaphore", o->permits, "Hold one of N permits of the path instead; needs the same N of all")
        ->type_name("N")
        ->transform(not_negative())
        ->check(some_permits)
        ->excludes(shared);
    auto* no_wait = command->add_flag("-n,--no-wait", o->no_wait, "Give up at once if somebody else has the lock");
    command
        ->add_option("-k,--kill-after", o->kill_after_seconds,
                     "When the lock is lost: time between SIGTERM and SIGKILL, as in --wait")
        ->type_name("TIME")
        ->transform(seconds)
        ->check(sensible)
        ->default_str("10s");
    command->add_option("-i,--identifier", o->identifier, "What others see in --list; user@host:pid if not given")
        ->type_name("NAME");
    command->add_flag("-q,--quiet", o->quiet, "Do not say who holds the lock, nor why it was not acquired or lost");
    auto* listing =
        command->add_flag("-l,--list", o->list, "Run nothing; show who holds the lock and who waits for it");
    wait->excludes(no_wait)->excludes(listing);
    no_wait->excludes(listing);
}

} // namespace kz

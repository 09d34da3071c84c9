// elect
#include "guarded_command.hpp"
#include "interruption.hpp"
#include "line_up.hpp"
#include "menu.hpp"
#include "number_argument.hpp"
#include "output.hpp"
#include "path_argument.hpp"
#include "usage_error.hpp"

#include <kazoo/error.hpp>
#include <kazoo/recipe/election.hpp>

#include <optional>
#include <string>
#include <vector>

namespace kz {

namespace {

struct elect_arguments {
    std::string path;
    std::vector<std::string> misplaced; ///< what should stand behind the --
    double kill_after_seconds = 10;
    std::string identifier;
    bool once = false, quiet = false, list = false;
};

void say(const elect_arguments& o, const std::string& what) {
    if (!o.quiet) kz::say("elect", o.path, what);
}

exit_code list(const settings& s, const elect_arguments& o) {
    if (s.behind_separator || !o.misplaced.empty()) throw usage_error("--list runs no command");
    const connection client(s);
    const kazoo::election election(client, o.path);
    print(line_up(election.async_contenders().get_for(s.timeout()), o.path, s.json));
    return exit_code::ok;
}

/// One term: the command runs as long as we lead.
exit_code lead(const std::vector<std::string>& words, const elect_arguments& o, const kazoo::leadership& l,
               bool& signalled) {
    const hold held{.command = "elect",
                    .variables = {{"KZ_ELECTION_PATH", o.path}, {"KZ_FENCING_TOKEN", token_text(l.fencing_token())}},
                    .lost = l.lost(),
                    .holds = [&] { return l.holds(); },
                    .on_loss = [&] { say(o, "lost; the command is told to end"); },
                    .on_signal = [&] { signalled = true; },
                    .patience = milliseconds(o.kill_after_seconds)};
    return run_guarded(words, held);
}

exit_code elect(const settings& s, const elect_arguments& o) try {
    if (o.list) return list(s, o);
    const auto& words = guarded_command(s, "elect PATH", o.misplaced);
    auto interrupted = std::make_optional<interruption>(); // while one exists, signals are for us
    const connection client(s, interrupted->token());
    const std::string identifier = o.identifier.empty() ? default_identifier() : o.identifier;
    kazoo::election election(client, o.path, {.identifier = identifier});
    for (bool signalled = false;;) {
        const std::stop_token stop = interrupted->token();
        const kazoo::leadership l = election.async_stand().get(stop);
        interrupted.reset(); // from now on they are for the command
        if (stop.stop_requested()) {
            say(o, "given up");
            return exit_code::not_acquired;
        }
        const exit_code code = lead(words, o, l, signalled);
        const bool lost = code == exit_code::lost && !l.holds(); // the code may be the command's own
        if (!lost || o.once || signalled) return code;
        say(o, "stands again");
        interrupted.emplace();
    }
} catch (const kazoo::cancelled_error&) { // by a signal
    say(o, "given up");
    return exit_code::not_acquired;
}

} // namespace

void add_elect_command(menu& m) {
    const auto o = std::make_shared<elect_arguments>();
    auto* command = m.add(
        "elect", "Run a command on the elected leader, again and again",
        "  kz elect /services/mail -- ./mailer.sh       on each machine: one runs it, the others stand by\n"
        "  kz elect --once /services/mail -- ./mailer.sh\n"
        "  kz elect --list /services/mail               who leads, who stands behind\n"
        "\n"
        "Stands for election, for as long as it takes, and runs the command while it leads. When the leadership is\n"
        "lost (no server for the length of a session, or somebody deleted its node), the command gets SIGTERM, then\n"
        "SIGKILL; somebody else leads meanwhile, and kz stands again: the command may be run many times. When the\n"
        "command ends by itself, kz resigns and ends with its exit code.\n"
        "\n"
        "The command finds the election's path (below the servers' chroot) in KZ_ELECTION_PATH, and in\n"
        "KZ_FENCING_TOKEN a number that grows with each leader. Standard streams, signals and the end of kz itself "
        "are\n"
        "as with kz lock; behind a signal kz does not stand again.\n"
        "\n"
        "Exit codes: the command's own, or 128 + n if signal n ended it; 75 told to end before it was elected, 76 "
        "lost\n"
        "while the command ran, with --once or behind a signal, 126 the command cannot be executed, 127 it was not\n"
        "found; 1 error, 2 usage, 4 cannot connect.\n"
        "\n"
        "--list prints, the leader first: fencing token, session, node, identifier. The election is\n"
        "kazoo::election's and the Python library's Election.\n",
        elect, o);
    auto sensible = CLI::Range(0.0, 1e7);
    sensible.description("");
    add_path(*command, o->path, "Where they stand; it is made when it is missing, and stays")->required();
    command->add_option("COMMAND", o->misplaced, "What to run, and its arguments as they are, behind a --")
        ->type_name("");
    auto* once = command->add_flag("-1,--once", o->once, "Do not stand again when the leadership is lost");
    command
        ->add_option("-k,--kill-after", o->kill_after_seconds,
                     "When it is lost: time between SIGTERM and SIGKILL: 500ms, 10s, 5m, or seconds")
        ->type_name("TIME")
        ->transform(seconds_with_unit())
        ->check(sensible)
        ->default_str("10s");
    command->add_option("-i,--identifier", o->identifier, "What others see in --list; user@host:pid if not given")
        ->type_name("NAME");
    command->add_flag("-q,--quiet", o->quiet, "Do not say why it was not elected, nor that it has lost");
    command->add_flag("-l,--list", o->list, "Run nothing; show who leads and who stands behind")->excludes(once);
}

} // namespace kz

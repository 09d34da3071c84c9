// barrier
#include "guarded_command.hpp"
#include "interruption.hpp"
#include "menu.hpp"
#include "number_argument.hpp"
#include "path_argument.hpp"
#include "usage_error.hpp"

#include <kazoo/error.hpp>
#include <kazoo/recipe/barrier.hpp>
#include <kazoo/recipe/double_barrier.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace kz {

namespace {

struct barrier_arguments {
    std::string action, path;
    std::optional<std::size_t> members;
    std::vector<std::string> misplaced; ///< what should stand behind the --
    std::optional<double> wait_seconds;
    std::optional<double> kill_after_seconds;
    std::string identifier;
    bool quiet = false;
};

constexpr double usual_patience = 10;

void say(const barrier_arguments& o, const std::string& what) {
    if (!o.quiet) kz::say("barrier", o.path, what);
}

std::chrono::duration<double> limit_of(const barrier_arguments& o) {
    return std::chrono::duration<double>(o.wait_seconds.value_or(1e10)); // longer than anybody waits
}

exit_code wait(const settings& s, const barrier_arguments& o) try {
    const interruption interrupted;
    const std::stop_token stop = interrupted.token();
    const connection client(s, stop);
    const bool gone = kazoo::barrier(client, o.path).wait_for(limit_of(o), stop);
    if (!gone) say(o, stop.stop_requested() ? "given up" : "still stands");
    return gone ? exit_code::ok : exit_code::not_acquired;
} catch (const kazoo::cancelled_error&) { // by a signal
    say(o, "given up");
    return exit_code::not_acquired;
}

/// The command has been run: its exit code says more.
void leave(const barrier_arguments& o, kazoo::double_barrier& b) try {
    const interruption interrupted;
    if (!b.leave(interrupted.token())) say(o, "did not wait until the others had left");
} catch (const kazoo::error& e) {
    say(o, "does not know whether the others have left: " + describe(e));
}

exit_code enter(const settings& s, const barrier_arguments& o) try {
    const auto& words = guarded_command(s, "barrier enter PATH COUNT", o.misplaced);
    auto interrupted = std::make_optional<interruption>();
    const std::stop_token stop = interrupted->token();
    const connection client(s, stop);
    const std::string identifier = o.identifier.empty() ? default_identifier() : o.identifier;
    kazoo::double_barrier b(client, o.path, *o.members, {.identifier = identifier});
    const bool inside = b.enter_for(limit_of(o), stop);
    interrupted.reset(); // from now on signals are for the command
    if (!inside || stop.stop_requested()) {
        say(o, stop.stop_requested() ? "given up" : "not enough came in time");
        if (inside) (void)b.leave_for(std::chrono::seconds(0)); // not only with the session
        return exit_code::not_acquired;
    }
    const hold held{.command = "barrier",
                    .variables = {{"KZ_BARRIER_PATH", o.path}},
                    .lost = b.lost(),
                    .holds = [&] { return b.inside(); },
                    .on_loss = [&] { say(o, "lost; the command is told to end"); },
                    .patience = milliseconds(o.kill_after_seconds.value_or(usual_patience))};
    const exit_code code = run_guarded(words, held);
    if (b.inside()) leave(o, b);
    return code;
} catch (const kazoo::cancelled_error&) { // by a signal
    say(o, "given up");
    return exit_code::not_acquired;
}

exit_code run(const settings& s, const barrier_arguments& o) {
    const bool enters = o.action == "enter";
    if (enters && !o.members) throw usage_error("enter takes COUNT: kz barrier enter PATH COUNT -- COMMAND...");
    if (!enters && (o.members || !o.misplaced.empty() || s.behind_separator))
        throw usage_error("only enter takes COUNT and a command");
    if (!enters && (o.kill_after_seconds || !o.identifier.empty()))
        throw usage_error("only enter takes --kill-after and --identifier");
    if (enters) return enter(s, o);
    if (o.action == "wait") return wait(s, o);
    if (o.wait_seconds) throw usage_error("only wait and enter take --for");
    const connection client(s);
    kazoo::barrier b(client, o.path);
    if (o.action == "create")
        (void)b.async_create().get_for(s.timeout());
    else if (!b.async_remove().get_for(s.timeout()))
        say(o, "there was none");
    return exit_code::ok;
}

} // namespace

void add_barrier_command(menu& m) {
    const auto o = std::make_shared<barrier_arguments>();
    auto* command = m.add(
        "barrier", "Hold others back, or begin and end together with them",
        "  kz barrier create /maintenance                 whoever waits is held back\n"
        "  kz barrier wait /maintenance && ./nightly.sh   as soon as there is none\n"
        "  kz barrier wait --for 5m /maintenance || [ $? -eq 75 ]\n"
        "  kz barrier remove /maintenance                 all go on\n"
        "\n"
        "  kz barrier enter /jobs/7 3 -- ./compute.sh     on each of three machines: they begin together\n"
        "\n"
        "enter waits until COUNT are there, runs the command, and waits until all who have entered have left. A "
        "signal\n"
        "ends either wait. When the session is lost while the command runs (no server for its length, or somebody\n"
        "deleted the node), the command gets SIGTERM, then SIGKILL: the others take it for gone. The command finds "
        "the\n"
        "path (below the servers' chroot) in KZ_BARRIER_PATH. Standard streams, signals and the end of kz itself are\n"
        "as with kz lock.\n"
        "\n"
        "Exit codes: 75 it still stands, or not enough have come, in time or at a signal; of enter the command's own,\n"
        "or 128 + n if signal n ended it, 76 lost while the command ran, 126 the command cannot be executed, 127 it\n"
        "was not found; 1 error, 2 usage, 4 cannot connect.\n"
        "\n"
        "The nodes are those of kazoo::barrier and the Python library's Barrier; with enter those of\n"
        "kazoo::double_barrier and DoubleBarrier.\n",
        run, o);
    auto sensible = CLI::Range(0.0, 1e7);
    sensible.description("");
    auto count = CLI::Range(std::size_t{1}, std::size_t{10'000});
    count.description("");
    command->add_option("ACTION", o->action, "create, wait, remove or enter")
        ->required()
        ->type_name("")
        ->check(CLI::IsMember({"create", "wait", "remove", "enter"}));
    add_path(*command, o->path, "The barrier's node; for enter the one that has the members, made when it is missing")
        ->required();
    command->add_option("COUNT", o->members, "With enter: how many begin together")->type_name("")->check(count);
    command->add_option("COMMAND", o->misplaced, "What to run, and its arguments as they are, behind a --")
        ->type_name("");
    command->add_option("--for", o->wait_seconds, "Wait at most so long: 500ms, 10s, 5m, 2h, or seconds")
        ->type_name("TIME")
        ->transform(seconds_with_unit())
        ->check(sensible);
    command
        ->add_option("-k,--kill-after", o->kill_after_seconds,
                     "When it is lost: time between SIGTERM and SIGKILL: 500ms, 10s, 5m, or seconds")
        ->type_name("TIME")
        ->transform(seconds_with_unit())
        ->check(sensible)
        ->default_str("10s");
    command->add_option("-i,--identifier", o->identifier, "The data of our node; user@host:pid if not given")
        ->type_name("NAME");
    command->add_flag("-q,--quiet", o->quiet, "Do not say why the command was not run or is told to end");
}

} // namespace kz

// party
#include "guarded_command.hpp"
#include "interruption.hpp"
#include "json.hpp"
#include "line_up.hpp"
#include "menu.hpp"
#include "number_argument.hpp"
#include "output.hpp"
#include "path_argument.hpp"
#include "usage_error.hpp"

#include <kazoo/error.hpp>
#include <kazoo/recipe/party.hpp>
#include <kazoo/recipe/shallow_party.hpp>

#include <algorithm>
#include <condition_variable>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace kz {

namespace {

using names = std::vector<std::string>;

struct party_arguments {
    std::string path;
    std::vector<std::string> misplaced; ///< what should stand behind the --
    std::optional<std::string> join;
    double kill_after_seconds = 10;
    bool shallow = false, watch = false, no_rejoin = false, quiet = false;
};

void say(const party_arguments& o, const std::string& what) {
    if (!o.quiet) kz::say("party", o.path, what);
}

std::shared_ptr<kazoo::gathering> make_party(const party_arguments& o, const kazoo::client& client) {
    const kazoo::party_options options{.identifier = o.join.value_or(""), .rejoins = !o.no_rejoin};
    if (o.shallow) return std::make_shared<kazoo::shallow_party>(client, o.path, options);
    return std::make_shared<kazoo::party>(client, o.path, options);
}

// -- who is there -----------------------------------------------------------------------------------------------------

std::string to_json(const party_arguments& o, const names& members) {
    json out;
    out.begin_object().member("path", o.path).key("members").begin_array();
    for (const std::string& who : members) {
        const bool text = is_utf8(who);
        out.begin_object().member("identifier", text ? who : base64(who)).member("base64", !text).end_object();
    }
    return std::move(out.end_array().end_object()).line();
}

std::string lines(std::string_view before, const names& members) {
    std::string all;
    for (const std::string& who : members) all.append(before).append(printable(who)).append("\n");
    return all;
}

/// Both are sorted; a name may be there several times.
names missing_in(const names& where, const names& from) {
    names missing;
    std::ranges::set_difference(from, where, std::back_inserter(missing));
    return missing;
}

/// The newest list of members that has not been shown.
class news {
  public:
    void put(names members) {
        const std::lock_guard lock(mutex_);
        newest_ = std::move(members);
        there_.notify_one();
    }
    /// Nothing comes any more.
    void fail(const kazoo::error& why) {
        const std::lock_guard lock(mutex_);
        failure_ = why;
        there_.notify_one();
    }
    /// Nothing: a stop was requested. Throws what it failed with, behind the last list.
    std::optional<names> take(const std::stop_token& stop) {
        std::unique_lock lock(mutex_);
        if (!there_.wait(lock, stop, [&] { return newest_.has_value() || failure_.has_value(); })) return std::nullopt;
        if (!newest_) throw kazoo::error(*failure_);
        return std::exchange(newest_, std::nullopt);
    }

  private:
    std::mutex mutex_;
    std::condition_variable_any there_;
    std::optional<names> newest_;
    std::optional<kazoo::error> failure_;
};

exit_code follow(const settings& s, const party_arguments& o) {
    require_output(); // not only when something has happened
    const interruption interrupted;
    const connection client(s, interrupted.token());
    news arriving;
    const auto party = make_party(o, client);
    const auto watch = party->on_change([&](const names& members) { arriving.put(members); },
                                        [&](const kazoo::error& why) { arriving.fail(why); });
    std::optional<names> shown;
    while (auto members = arriving.take(interrupted.token())) {
        if (members == shown) continue; // the path was made, say
        const names before = shown.value_or(names());
        print(s.json ? to_json(o, *members)
                     : lines("left ", missing_in(*members, before)) + lines("joined ", missing_in(before, *members)));
        shown = std::move(members);
    }
    return exit_code::ok;
}

exit_code list(const settings& s, const party_arguments& o) {
    const connection client(s);
    const auto members = make_party(o, client)->async_members().get_for(s.timeout());
    print(s.json ? to_json(o, members) : lines("", members));
    return exit_code::ok;
}

// -- kz party --join NAME PATH -- CMD ---------------------------------------------------------------------------------

/// Requested when we have left although nobody has told us to.
class departure {
  public:
    explicit departure(const kazoo::gathering& g)
        : listening_(g.on_state([source = source_](kazoo::presence_state now) mutable {
              if (now == kazoo::presence_state::left) source.request_stop();
          })) {
        if (g.state() == kazoo::presence_state::left) source_.request_stop(); // before we listened
    }
    std::stop_token token() const { return source_.get_token(); }

  private:
    std::stop_source source_;
    kazoo::subscription listening_;
};

exit_code run_as_member(const std::vector<std::string>& words, const party_arguments& o, const kazoo::gathering& g) {
    const departure left(g);
    const hold held{.command = "party",
                    .variables = {{"KZ_PARTY_PATH", o.path}},
                    .lost = left.token(),
                    .holds = [&] { return g.state() != kazoo::presence_state::left; },
                    .on_loss = [&] { say(o, "no member any more; the command is told to end"); },
                    .patience = milliseconds(o.kill_after_seconds)};
    return run_guarded(words, held);
}

/// The command has been run: its exit code says more.
void leave(const settings& s, const party_arguments& o, kazoo::gathering& g) try {
    (void)g.async_leave().get_for(s.timeout());
} catch (const kazoo::error& e) {
    say(o, "the servers will notice that it has left when the session is over: " + describe(e));
}

exit_code join(const settings& s, const party_arguments& o) try {
    const auto& words = guarded_command(s, "party --join NAME PATH", o.misplaced);
    auto interrupted = std::make_optional<interruption>();
    const std::stop_token stop = interrupted->token();
    const connection client(s, stop);
    const auto party = make_party(o, client);
    party->async_join().get_for(s.timeout(), stop);
    interrupted.reset(); // from now on signals are for the command
    if (stop.stop_requested()) {
        say(o, "given up");
        leave(s, o, *party);
        return exit_code::not_acquired;
    }
    const auto code = run_as_member(words, o, *party);
    leave(s, o, *party);
    return code;
} catch (const kazoo::cancelled_error&) { // by a signal
    say(o, "given up");
    return exit_code::not_acquired;
}

exit_code party(const settings& s, const party_arguments& o) {
    if (o.join) return join(s, o);
    if (s.behind_separator || !o.misplaced.empty())
        throw usage_error("a command needs --join: kz party --join NAME PATH -- COMMAND...");
    return o.watch ? follow(s, o) : list(s, o);
}

} // namespace

void add_party_command(menu& m) {
    const auto o = std::make_shared<party_arguments>();
    auto* command = m.add(
        "party", "Show who is there, or be there while a command runs",
        "  kz party /app/workers                                 who is there, a line each\n"
        "  kz party --watch /app/workers | while read -r what who; do ...; done\n"
        "  kz party --join worker7 /app/workers -- ./worker.sh   is there as long as the command runs\n"
        "\n"
        "With --watch a line is `joined NAME` or `left NAME`: those who are there at first, too. With --json it is "
        "the\n"
        "whole list, after each change.\n"
        "\n"
        "When the session is lost, kz joins again in the next one under the same name, and the command runs on. With\n"
        "--no-rejoin, or where kz may not join again, the command gets SIGTERM, then SIGKILL. The command finds the\n"
        "party's path (below the servers' chroot) in KZ_PARTY_PATH. Standard streams, signals and the end of kz "
        "itself\n"
        "are as with kz lock.\n"
        "\n"
        "Exit codes: the command's own, or 128 + n if signal n ended it; 75 given up by a signal before the command\n"
        "began, 76 no member any more while the command ran, 126 the command cannot be executed, 127 it was not\n"
        "found; 1 error, 2 usage, 4 cannot connect.\n"
        "\n"
        "The members are those of kazoo::party and the Python library's Party, with --shallow of kazoo::shallow_party\n"
        "and ShallowParty.\n",
        party, o);
    auto sensible = CLI::Range(0.0, 1e7);
    sensible.description("");
    add_path(*command, o->path, "Where the members are; made when one joins and it is missing, and stays")->required();
    command->add_option("COMMAND", o->misplaced, "What to run, and its arguments as they are, behind a --")
        ->type_name("");
    auto* joins = command->add_option("-i,--join", o->join, "Be a member under this name while the command runs")
                      ->type_name("NAME");
    command->add_flag("--shallow", o->shallow, "Members have their names in the names of their nodes");
    auto* watching =
        command->add_flag("-w,--watch", o->watch, "Go on and show who comes and goes, until SIGINT or SIGTERM");
    command->add_flag("--no-rejoin", o->no_rejoin, "A lost session ends the command")->needs(joins);
    command
        ->add_option("-k,--kill-after", o->kill_after_seconds,
                     "When it is no member any more: time between SIGTERM and SIGKILL, as 500ms, 10s, 5m")
        ->type_name("TIME")
        ->transform(seconds_with_unit())
        ->check(sensible)
        ->default_str("10s")
        ->needs(joins);
    command->add_flag("-q,--quiet", o->quiet, "Do not say why the command was not run or is told to end");
    watching->excludes(joins);
}

} // namespace kz

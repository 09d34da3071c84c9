// partition
#include "guarded_command.hpp"
#include "interruption.hpp"
#include "menu.hpp"
#include "number_argument.hpp"
#include "path_argument.hpp"
#include "usage_error.hpp"

#include <kazoo/error.hpp>
#include <kazoo/recipe/set_partitioner.hpp>
#include <kazoo/stop.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kz {

namespace {

struct partition_arguments {
    std::string path;
    std::vector<std::string> items, odd_items;
    double boundary_seconds = 30, reaction_seconds = 1, kill_after_seconds = 10;
    std::string identifier;
    bool once = false, quiet = false;
};

void say(const partition_arguments& o, const std::string& what) {
    if (!o.quiet) kz::say("partition", o.path, what);
}

kazoo::set_partitioner make_partitioner(const partition_arguments& o, const kazoo::client& client) {
    std::vector<std::string> items = o.items;
    items.insert(items.end(), o.odd_items.begin(), o.odd_items.end());
    if (items.empty()) throw usage_error("items are required: kz partition PATH ITEM... -- COMMAND...");
    return {client,
            o.path,
            std::move(items),
            {.identifier = o.identifier, // empty: containers may have the same host, user and process numbers
             .time_boundary = milliseconds(o.boundary_seconds),
             .max_reaction_time = milliseconds(o.reaction_seconds)}};
}

/// A word of the shell: any bytes are themselves within single quotes, but for these.
std::string quoted(const std::string& item) {
    std::string word = "'";
    for (const char c : item)
        if (c == '\'')
            word += "'\\''";
        else
            word += c;
    return word + "'";
}

child_process::variables variables_of(const partition_arguments& o, const std::vector<std::string>& items) {
    child_process::variables all{{"KZ_PARTITION_PATH", o.path}, {"KZ_ITEM_COUNT", std::to_string(items.size())}};
    std::string words;
    for (std::size_t i = 0; i < items.size(); ++i) {
        words += (i == 0 ? "" : " ") + quoted(items[i]);
        all.emplace_back("KZ_ITEM_" + std::to_string(i + 1), items[i]);
    }
    all.emplace_back("KZ_ITEMS", std::move(words));
    return all;
}

/// The command runs as long as these items are ours, and nobody else waits for them.
exit_code work(const std::vector<std::string>& words, const partition_arguments& o, const kazoo::partition& mine,
               bool& signalled) {
    const auto why = [&] { return mine.lost().stop_requested() ? "lost" : "members have changed"; };
    const hold held{.command = "partition",
                    .variables = variables_of(o, mine.items()),
                    .lost = mine.revoked(),
                    .holds = [&] { return mine.holds(); },
                    .on_loss = [&] { say(o, std::string(why()) + "; the command is told to end"); },
                    .on_signal = [&] { signalled = true; },
                    .patience = milliseconds(o.kill_after_seconds)};
    return run_guarded(words, held);
}

/// The command has been run: its exit code says more.
void leave(const settings& s, const partition_arguments& o, kazoo::set_partitioner& p) try {
    (void)p.async_leave().get_for(s.timeout());
} catch (const kazoo::error& e) {
    say(o, "the servers will notice that it has left when the session is over: " + describe(e));
}

exit_code run(const settings& s, const partition_arguments& o, kazoo::set_partitioner& p,
              std::optional<interruption>& interrupted) {
    const auto& words = *s.behind_separator;
    for (bool signalled = false;;) {
        const std::stop_token stop = interrupted->token();
        kazoo::partition mine = p.async_acquire().get(stop);
        const std::stop_token revoked = mine.revoked();
        if (mine.items().empty() || revoked.stop_requested()) {
            if (!revoked.stop_requested()) say(o, "there are more members than items; waits");
            wait_for(kazoo::stop_when(revoked, stop));
            if (!stop.stop_requested()) continue;
        }
        interrupted.reset(); // from now on signals are for the command
        if (stop.stop_requested()) {
            say(o, "given up");
            return exit_code::not_acquired;
        }
        const exit_code code = work(words, o, mine, signalled);
        const bool ended_for_others = code == exit_code::lost && revoked.stop_requested(); // it may be its own code
        if (!ended_for_others || o.once || signalled) return code;
        interrupted.emplace();
    }
}

exit_code partition(const settings& s, const partition_arguments& o) try {
    (void)guarded_command(s, "partition PATH ITEM...", {});
    auto interrupted = std::make_optional<interruption>(); // while one exists, signals are for us
    const connection client(s, interrupted->token());
    auto p = make_partitioner(o, client);
    const exit_code code = run(s, o, p, interrupted);
    leave(s, o, p);
    return code;
} catch (const kazoo::cancelled_error&) { // by a signal
    say(o, "given up");
    return exit_code::not_acquired;
}

} // namespace

void add_partition_command(menu& m) {
    const auto o = std::make_shared<partition_arguments>();
    auto* command = m.add(
        "partition", "Run a command for a share of some items, again whenever the shares change",
        "  kz partition /app/shards 1 2 3 4 5 6 -- ./worker.sh    on each machine: each gets some\n"
        "  kz partition --boundary 5s /app/shards eu us asia -- sh -c 'for i in $(seq $KZ_ITEM_COUNT); do ...; done'\n"
        "  kz party --shallow /app/shards/party                   who shares them out\n"
        "  kz lock --list /app/shards/locks/eu                    who has that item\n"
        "\n"
        "All who name the same path and the same items share them out evenly: the i-th of n members, by their names,\n"
        "gets the i-th item and each n-th behind it. Nobody has an item while somebody else has it. Items are shared\n"
        "out when nobody has come or gone for the boundary. When somebody does, or the items are lost (no server for\n"
        "the length of a session, or somebody deleted a lock), the command gets SIGTERM, then SIGKILL; when it has\n"
        "ended, its items are given up, and it is started again for the new share: it may be run many times. While no\n"
        "item is left for us nothing runs. When the command ends by itself, kz leaves and ends with its exit code.\n"
        "\n"
        "The command finds its items in KZ_ITEM_1 to KZ_ITEM_n, n in KZ_ITEM_COUNT, and all of them in KZ_ITEMS,\n"
        "quoted for the shell: eval \"set -- $KZ_ITEMS\" makes them \"$@\", shlex.split() in Python a list. The path\n"
        "(below the servers' chroot) is in KZ_PARTITION_PATH. Items are any bytes; one that begins with a minus is\n"
        "given as --item=-x. Standard streams, signals and the end of kz itself are as with kz lock; behind a signal\n"
        "the command is not started again.\n"
        "\n"
        "Exit codes: the command's own, or 128 + n if signal n ended it; 75 told to end before the command began, 76\n"
        "revoked or lost while the command ran, with --once or behind a signal, 126 the command cannot be executed,\n"
        "127 it was not found; 1 error (also: another member has our name, or other items), 2 usage, 4 cannot "
        "connect.\n"
        "\n"
        "The members are those of kazoo::set_partitioner and the Python library's SetPartitioner.\n",
        partition, o);
    const auto seconds = seconds_with_unit();
    auto sensible = CLI::Range(0.0, 1e7), some_time = CLI::Range(0.001, 1e7);
    sensible.description("");
    some_time.description("");
    add_path(*command, o->path, "What they share; it is made when it is missing, and stays")->required();
    command->add_option("ITEM", o->items, "What is shared out, the same for all members")->type_name("");
    command->add_option("--item", o->odd_items, "One more, which may look like an option: --item=-x")
        ->type_name("ITEM")
        ->allow_extra_args(false);
    command
        ->add_option("-b,--boundary", o->boundary_seconds,
                     "So long nobody must have come or gone: 500ms, 10s, 5m, or seconds")
        ->type_name("TIME")
        ->transform(seconds)
        ->check(sensible)
        ->default_str("30s");
    command
        ->add_option("-r,--reaction", o->reaction_seconds,
                     "How long to wait for one more item before those that were taken are given back, and tried again")
        ->type_name("TIME")
        ->transform(seconds)
        ->check(some_time)
        ->default_str("1s");
    command
        ->add_option("-k,--kill-after", o->kill_after_seconds,
                     "When the items are revoked or lost: time between SIGTERM and SIGKILL")
        ->type_name("TIME")
        ->transform(seconds)
        ->check(sensible)
        ->default_str("10s");
    command->add_flag("-1,--once", o->once, "Do not start the command again");
    command
        ->add_option(
            "-i,--identifier", o->identifier,
            "Our name among the members, no slash, no two the same; host, process and random digits if not given")
        ->type_name("NAME");
    command->add_flag("-q,--quiet", o->quiet, "Do not say why the command is told to end, nor what kz waits for");
}

} // namespace kz

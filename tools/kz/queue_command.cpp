// queue
#include "data_argument.hpp"
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
#include <kazoo/recipe/locking_queue.hpp>
#include <kazoo/recipe/queue.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace kz {

namespace {

struct queue_arguments {
    std::string action, path;
    data_argument data;
    std::optional<int> priority;
    std::optional<double> wait_seconds;
    bool wait = false, locking = false, each = false, quiet = false;
    std::optional<double> kill_after_seconds;
};

constexpr double usual_kill_after = 10;

exit_code push(const settings& s, const queue_arguments& o) {
    if (!o.data.given()) throw usage_error("push takes DATA (\"\" for empty data, --null for none)");
    const kazoo::bytes data = o.data.read();
    const connection client(o.data.with_room(s));
    const int priority = o.priority.value_or(kazoo::queue::usual_priority);
    if (o.locking)
        kazoo::locking_queue(client, o.path).push(view(data), priority);
    else
        kazoo::queue(client, o.path).push(view(data), priority);
    return exit_code::ok;
}

std::optional<kazoo::bytes> popped(kazoo::queue& q, const queue_arguments& o, const std::stop_token& stop) {
    if (o.wait_seconds) return q.try_pop_for(std::chrono::duration<double>(*o.wait_seconds), stop);
    if (o.wait) return q.pop(stop);
    return q.async_try_pop().get(stop); // a signal gives it up; what was being taken goes back
}

std::optional<kazoo::claimed_item> claimed(kazoo::locking_queue& q, const queue_arguments& o,
                                           const std::stop_token& stop) {
    if (o.wait_seconds) return q.try_get_for(std::chrono::duration<double>(*o.wait_seconds), stop);
    if (o.wait) return q.get(stop);
    return q.async_try_get().get(stop);
}

std::optional<kazoo::bytes> consumed(kazoo::locking_queue& q, const queue_arguments& o, const std::stop_token& stop) {
    while (auto item = claimed(q, o, stop))
        if (item->consume()) return item->data();
    return std::nullopt;
}

exit_code pop(const settings& s, const queue_arguments& o) try {
    require_output(); // an item that cannot be told would be lost
    const interruption interrupted;
    const std::stop_token stop = interrupted.token();
    const connection client(s, stop);
    std::optional<kazoo::bytes> item;
    if (o.locking) {
        kazoo::locking_queue q(client, o.path);
        item = consumed(q, o, stop);
    } else {
        kazoo::queue q(client, o.path);
        item = popped(q, o, stop);
    }
    if (!item) return exit_code::not_acquired;
    if (s.json) {
        json out;
        out.begin_object().member("path", o.path);
        write_data(out, *item);
        print(std::move(out.end_object()).line());
    } else {
        print(item->view());
        if (is_terminal(1) && !item->view().ends_with('\n')) print("\n");
    }
    return exit_code::ok;
} catch (const kazoo::cancelled_error&) { // by a signal
    return exit_code::not_acquired;
}

exit_code list(const settings& s, const queue_arguments& o) {
    const connection client(s);
    json out;
    std::string text;
    out.begin_object().member("path", o.path).key("items").begin_array();
    if (o.locking)
        for (const auto& [name, claimed] : kazoo::locking_queue(client, o.path).items()) {
            out.begin_object().member("name", name).member("claimed", claimed).end_object();
            text += name + (claimed ? "\tclaimed\n" : "\n");
        }
    else
        for (const std::string& name : kazoo::queue(client, o.path).names()) {
            out.value(name);
            text += name + "\n";
        }
    print(s.json ? std::move(out.end_array().end_object()).line() : text);
    return exit_code::ok;
}

// -- kz queue consume PATH -- CMD -------------------------------------------------------------------------------------

void say(const queue_arguments& o, const std::string& what) {
    if (!o.quiet) kz::say("queue", o.path, what);
}

/// The command has the item. What it ends with, and whether a signal was passed on to it.
exit_code work_at(const std::vector<std::string>& words, const queue_arguments& o, const kazoo::claimed_item& item,
                  bool& signalled) {
    const hold held{.command = "queue",
                    .variables = {{"KZ_QUEUE_PATH", o.path},
                                  {"KZ_QUEUE_ITEM", item.name()},
                                  {"KZ_FENCING_TOKEN", token_text(item.fencing_token())}},
                    .lost = item.lost(),
                    .holds = [&] { return item.holds(); },
                    .on_loss = [&] { say(o, "lost; the command is told to end"); },
                    .on_signal = [&] { signalled = true; },
                    .patience = milliseconds(o.kill_after_seconds.value_or(usual_kill_after)),
                    .input = item.data().view()};
    return run_guarded(words, held);
}

exit_code consume(const settings& s, const queue_arguments& o) try {
    const auto& words = guarded_command(s, "queue consume PATH",
                                        o.data.given() ? std::vector<std::string>{o.data.text.value_or("")}
                                                       : std::vector<std::string>());
    auto interrupted = std::make_optional<interruption>(); // while one exists, signals are for us
    const connection client(s, interrupted->token());
    kazoo::locking_queue q(client, o.path);
    for (bool worked = false;; worked = true) {
        const std::stop_token stop = interrupted->token();
        auto item = claimed(q, o, stop);
        if (!item) return worked && !stop.stop_requested() ? exit_code::ok : exit_code::not_acquired;
        interrupted.reset(); // from now on they are for the command
        if (stop.stop_requested()) {
            (void)item->async_release().get();
            return exit_code::not_acquired;
        }
        bool signalled = false;
        const exit_code code = work_at(words, o, *item, signalled);
        if (code != exit_code::ok || signalled) {
            (void)item->async_release().get();
            return code == exit_code::ok ? exit_code::not_acquired : code;
        }
        if (!item->consume()) {
            say(o, "lost when the command had ended");
            return exit_code::lost;
        }
        if (!o.each) return exit_code::ok;
        interrupted.emplace();
    }
} catch (const kazoo::cancelled_error&) { // by a signal
    return exit_code::not_acquired;
}

exit_code run(const settings& s, const queue_arguments& o) {
    const bool consumes = o.action == "consume";
    if (o.action != "push" && ((o.data.given() && !consumes) || o.data.max_size || o.priority))
        throw usage_error("only push takes DATA, --null, --max-data and --priority");
    if (o.action != "pop" && !consumes && (o.wait || o.wait_seconds)) throw usage_error("only pop and consume wait");
    if (!consumes && (o.each || o.kill_after_seconds || o.quiet)) throw usage_error("only consume runs a command");
    if (consumes) return consume(s, o);
    if (o.action == "push") return push(s, o);
    return o.action == "pop" ? pop(s, o) : list(s, o);
}

} // namespace

void add_queue_command(menu& m) {
    const auto o = std::make_shared<queue_arguments>();
    auto* command = m.add(
        "queue", "Push items to those who pop",
        "  kz queue push /jobs 'resize 17.png'\n"
        "  kz queue push /jobs - --priority 5 < job.json      ahead of the others, which have 100\n"
        "  kz queue pop /jobs                                 75 if nobody waits in it\n"
        "  kz queue pop --wait /jobs                          until there is one\n"
        "  kz queue pop --for 30s /jobs || [ $? -eq 75 ]\n"
        "  kz queue ls /jobs                                  who is next, in order\n"
        "\n"
        "  kz queue push --locking /jobs 'resize 17.png'      for those who consume\n"
        "  kz queue consume /jobs -- ./resize                 an item on its standard input\n"
        "  kz queue consume --each --wait /jobs -- ./resize   one after the other\n"
        "  kz queue ls --locking /jobs                        and which are claimed\n"
        "\n"
        "An item goes to one of those who pop, and is gone from the servers then. Signals end a pop that waits (75);\n"
        "one that has its item prints it. The nodes are those of kazoo::queue and the Python library's Queue.\n"
        "\n"
        "consume claims an item and runs the command with the item's data as its standard input, byte for byte. When\n"
        "the command ends with 0 the item is removed, otherwise it goes back to the others, and so it does when a\n"
        "signal was passed on to the command, or kz is killed. With --each the next item is taken then, as long as "
        "the\n"
        "command ends with 0, and kz ends with 0 when there is none. The command finds the path in KZ_QUEUE_PATH, the\n"
        "item's name in KZ_QUEUE_ITEM, and in KZ_FENCING_TOKEN a number that grows with each claim. When the claim is\n"
        "lost, and for signals, it is as with kz lock.\n"
        "\n"
        "An item that is consumed lies in another layout, that of kazoo::locking_queue and the Python library's\n"
        "LockingQueue. With --locking push, pop and ls use that one; pop --locking removes an item without a command.\n"
        "\n"
        "Exit codes of consume: the command's own, or 128 + n if signal n ended it; 75 no item, or told to end before\n"
        "one was consumed; 76 lost while the command ran, 126 the command cannot be executed, 127 it was not found; 1\n"
        "error, 2 usage, 4 cannot connect.\n",
        run, o);
    command->add_option("ACTION", o->action, "push, pop, ls, or consume")
        ->required()
        ->type_name("")
        ->check(CLI::IsMember({"push", "pop", "ls", "consume"}));
    add_path(*command, o->path, "The queue's node; push makes it when it is missing")->required();
    o->data.add_to(*command);
    auto sensible = CLI::Range(0.0, 1e7);
    sensible.description("");
    auto priorities = CLI::Range(0, 999);
    priorities.description("");
    command->add_option("-p,--priority", o->priority, "Of what is pushed: 0 to 999, small ones first; 100 if not given")
        ->type_name("N")
        ->check(priorities);
    auto* wait = command->add_flag("-w,--wait", o->wait, "Wait for an item, however long");
    command->add_option("--for", o->wait_seconds, "Wait for an item so long: 500ms, 10s, 5m, 2h, or seconds")
        ->type_name("TIME")
        ->transform(seconds_with_unit())
        ->check(sensible)
        ->excludes(wait);
    command->add_flag("--locking", o->locking, "The layout of those who consume");
    command->add_flag("--each", o->each, "Consume one item after the other");
    command
        ->add_option(
            "-k,--kill-after", o->kill_after_seconds,
            "When an item that is being consumed is lost: time between SIGTERM and SIGKILL, as in --for; 10s if "
            "not given")
        ->type_name("TIME")
        ->transform(seconds_with_unit())
        ->check(sensible);
    command->add_flag("-q,--quiet", o->quiet, "Do not say that an item was lost");
}

} // namespace kz

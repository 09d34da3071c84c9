// queue
#include "data_argument.hpp"
#include "interruption.hpp"
#include "menu.hpp"
#include "number_argument.hpp"
#include "output.hpp"
#include "path_argument.hpp"
#include "show.hpp"
#include "usage_error.hpp"

#include <kazoo/error.hpp>
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
    bool wait = false;
};

exit_code push(const settings& s, const queue_arguments& o) {
    if (!o.data.given()) throw usage_error("push takes DATA (\"\" for empty data, --null for none)");
    const kazoo::bytes data = o.data.read();
    const connection client(o.data.with_room(s));
    kazoo::queue(client, o.path).push(view(data), o.priority.value_or(kazoo::queue::usual_priority));
    return exit_code::ok;
}

exit_code pop(const settings& s, const queue_arguments& o) try {
    require_output(); // an item that cannot be told would be lost
    const interruption interrupted;
    const std::stop_token stop = interrupted.token();
    const connection client(s, stop);
    kazoo::queue q(client, o.path);
    std::optional<kazoo::bytes> item;
    if (o.wait_seconds)
        item = q.try_pop_for(std::chrono::duration<double>(*o.wait_seconds), stop);
    else if (o.wait)
        item = q.pop(stop);
    else
        item = q.async_try_pop().get(stop); // a signal gives it up; what was being taken goes back
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
    for (const std::string& name : kazoo::queue(client, o.path).names()) {
        out.value(name);
        text += name + "\n";
    }
    print(s.json ? std::move(out.end_array().end_object()).line() : text);
    return exit_code::ok;
}

exit_code run(const settings& s, const queue_arguments& o) {
    if (o.action != "push" && (o.data.given() || o.data.max_size || o.priority))
        throw usage_error("only push takes DATA, --null, --max-data and --priority");
    if (o.action != "pop" && (o.wait || o.wait_seconds)) throw usage_error("only pop waits");
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
        "An item goes to one of those who pop, and is gone from the servers then. Signals end a pop that waits (75);\n"
        "one that has its item prints it. The nodes are those of kazoo::queue and the Python library's Queue.\n",
        run, o);
    command->add_option("ACTION", o->action, "push, pop or ls")
        ->required()
        ->type_name("")
        ->check(CLI::IsMember({"push", "pop", "ls"}));
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
}

} // namespace kz

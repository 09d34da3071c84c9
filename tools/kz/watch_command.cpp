// watch
#include "interruption.hpp"
#include "menu.hpp"
#include "number_argument.hpp"
#include "output.hpp"
#include "path_argument.hpp"
#include "show.hpp"
#include "watch_tree.hpp"

#include <kazoo/error.hpp>
#include <kazoo/watch.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace kz {

namespace {

struct watch_arguments {
    std::string path;
    bool recursive = false, once = false, tree = false;
    std::uint64_t count = 0;
};

void show(const settings& s, const kazoo::watch_event& e) {
    if (!s.json) return print(std::string(to_string(e.type)) + " " + e.path + "\n");
    json out;
    out.begin_object().member("type", to_string(e.type)).member("path", e.path).key("zxid");
    if (e.zxid == kazoo::zxid::none)
        out.null();
    else
        out.value(hexadecimal(static_cast<std::int64_t>(e.zxid)));
    print(std::move(out.end_object()).line());
}

void say_watching(const settings& s, const std::string& path) {
    log(s, kazoo::log_level::info, "watching \"" + path + "\"");
}

void watch_once(const settings& s, const watch_arguments& o, const kazoo::client& client, const std::stop_token& stop) {
    auto watched = client.watch_exists(o.path);
    say_watching(s, o.path);
    show(s, std::move(watched.changed).get(stop));
}

void watch_stream(const settings& s, const watch_arguments& o, const kazoo::client& client,
                  const std::stop_token& stop) {
    using enum kazoo::watch_mode;
    auto stream = client.add_watch(o.path, o.recursive ? persistent_recursive : persistent);
    say_watching(s, o.path);
    for (std::uint64_t seen = 0; o.count == 0 || seen < o.count; ++seen) {
        const auto event = stream.next(stop);
        if (!event) return;
        show(s, *event);
    }
}

exit_code watch(const settings& s, const watch_arguments& o) {
    require_output(); // not only when something has happened
    const interruption interrupted;
    const connection client(s, interrupted.token());
    if (o.once)
        watch_once(s, o, client, interrupted.token());
    else if (o.tree)
        watch_tree(s, client, o.path, o.count, interrupted.token());
    else
        watch_stream(s, o, client, interrupted.token());
    return exit_code::ok;
}

} // namespace

void add_watch_command(menu& m) {
    const auto o = std::make_shared<watch_arguments>();
    auto* command =
        m.add("watch", "Print each change of a node, a line each, until SIGINT or SIGTERM",
              "  kz watch /app/config\n"
              "  kz watch --recursive /app | while read -r what path; do ...; done\n"
              "  kz watch --once /app/ready    wait until it is created, changed or deleted\n"
              "  kz watch --tree /app          what is there, then `initialized`, then what changes\n"
              "\n"
              "A line is created, deleted, data_changed, children_changed or gap, and the path. `gap` comes\n"
              "after a reconnect: changes may have been missed, so read again what you hold.\n"
              "\n"
              "With --tree nothing is missed: a line is node_added, node_updated or node_removed and the path, or\n"
              "initialized, suspended, reconnected or lost. Parents come before their children, and go after them.\n",
              watch, o);
    add_path(*command, o->path, "The node; it need not exist")->required();
    auto* recursive =
        command->add_flag("-r,--recursive", o->recursive, "Also all nodes below it (no children_changed)");
    auto* once =
        command->add_flag("--once", o->once, "One change of the node itself; works with servers before 3.6, too");
    auto* count = command->add_option("-n,--count", o->count, "End after so many lines; 0: never")
                      ->type_name("LINES")
                      ->check(not_negative())
                      ->capture_default_str();
    auto* tree = command->add_flag("--tree", o->tree, "The node and all below it, also what is there already");
    once->excludes(recursive)->excludes(count)->excludes(tree);
    tree->excludes(recursive);
}

} // namespace kz

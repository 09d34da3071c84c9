// get, exists, stat, sync
#include "menu.hpp"
#include "output.hpp"
#include "path_argument.hpp"
#include "show.hpp"

namespace kz {

namespace {

exit_code get(const settings& s, const path_options& o) {
    const connection client(s);
    const kazoo::node node = client.get(o.path);
    if (s.json) {
        json out;
        out.begin_object().member("path", o.path);
        write_data(out, node.data);
        out.key("stat");
        write(out, node.stat);
        print(std::move(out.end_object()).line());
    } else {
        print(node.data.view());
        if (is_terminal(1) && !node.data.view().ends_with('\n')) print("\n");
    }
    return exit_code::ok;
}

exit_code exists(const settings& s, const path_options& o) {
    const connection client(s);
    const auto found = client.exists(o.path);
    if (s.json)
        print(std::move(json().begin_object().member("path", o.path).member("exists", found.has_value()).end_object())
                  .line());
    else
        print(found ? "yes\n" : "no\n");
    return found ? exit_code::ok : exit_code::no_node;
}

exit_code stat(const settings& s, const path_options& o) {
    const connection client(s);
    const auto found = client.exists(o.path);
    if (!found)
        kazoo::throw_error(make_error_code(kazoo::errc::no_node), kazoo::outcome::not_applied, "exists", o.path);
    if (s.json) {
        json out;
        write(out.begin_object().member("path", o.path).key("stat"), *found);
        print(std::move(out.end_object()).line());
    } else {
        print(to_text(*found));
    }
    return exit_code::ok;
}

exit_code sync(const settings& s, const path_options& o) {
    if (s.json) require_output();
    const connection client(s);
    client.sync(o.path);
    if (s.json) print(std::move(json().begin_object().member("path", o.path).end_object()).line());
    return exit_code::ok;
}

} // namespace

void add_read_commands(menu& m) {
    const auto add = [&m](const char* name, const char* description, const char* examples, auto run) {
        const auto o = std::make_shared<path_options>();
        return add_path(*m.add<path_options>(name, description, examples, run, o), o->path, "The node");
    };
    add("get", "Print a node's data, byte for byte",
        "  kz get /app/config\n"
        "  kz get /app/image > image.png\n"
        "  kz --json get /app/config    data and metadata; what is not UTF-8 as base64\n",
        get)
        ->required();
    add("exists", "Tell whether a node exists: yes (exit code 0) or no (exit code 3)",
        "  kz exists /app && echo there\n", exists)
        ->required();
    add("stat", "Print a node's metadata",
        "  kz stat /app\n"
        "  kz --json stat /app\n",
        stat)
        ->required();
    const auto o = std::make_shared<path_options>();
    o->path = "/";
    add_path(
        *m.add<path_options>("sync", "Wait until the server has caught up with the leader", "  kz sync\n", sync, o),
        o->path, "Any node")
        ->capture_default_str();
}

} // namespace kz

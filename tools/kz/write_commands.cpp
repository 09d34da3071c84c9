// create, set
#include "acl_argument.hpp"
#include "data_argument.hpp"
#include "interruption.hpp"
#include "menu.hpp"
#include "number_argument.hpp"
#include "output.hpp"
#include "path_argument.hpp"
#include "show.hpp"
#include "usage_error.hpp"

#include <kazoo/error.hpp>

#include <chrono>
#include <optional>

namespace kz {

namespace {

struct create_arguments {
    std::string path;
    data_argument data;
    bool ephemeral = false, sequential = false, container = false, parents = false, protect = false;
    std::optional<double> ttl_seconds;
    std::vector<std::string> acl;
};

kazoo::create_mode mode_of(const create_arguments& o) {
    using mode = kazoo::create_mode;
    if (o.container) return mode::container;
    if (o.ttl_seconds) {
        const std::chrono::duration<double> ttl(*o.ttl_seconds);
        return o.sequential ? mode::sequential_ttl(ttl) : mode::ttl(ttl);
    }
    if (o.ephemeral) return o.sequential ? mode::ephemeral_sequential : mode::ephemeral;
    return o.sequential ? mode::persistent_sequential : mode::persistent;
}

void hold_session(const kazoo::client& client, const std::string& path, const std::stop_token& interrupted) {
    std::stop_source over;
    const std::stop_token lost = client.session_token();
    const auto end = [&over] { over.request_stop(); };
    const std::stop_callback on_lost(lost, end), on_signal(interrupted, end);
    wait_for(over.get_token());
    if (lost.stop_requested())
        kazoo::throw_error(make_error_code(kazoo::errc::session_expired), kazoo::outcome::not_applied, "create", path);
}

exit_code create(const settings& s, const create_arguments& o) {
    std::optional<interruption> interrupted;
    if (o.ephemeral) interrupted.emplace();
    require_output();
    const auto acl = parse_acl(o.acl);
    const kazoo::bytes data = o.data.read();
    const auto stop = interrupted ? interrupted->token() : std::stop_token();
    const connection client(o.data.with_room(s), stop);
    const std::string made = client.create(
        o.path, view(data), {.mode = mode_of(o), .acl = acl, .make_parents = o.parents, .protect = o.protect});
    if (s.json)
        print(std::move(json().begin_object().member("path", made).end_object()).line());
    else
        print(made + "\n");
    if (interrupted) hold_session(client, made, stop);
    return exit_code::ok;
}

struct set_arguments {
    std::string path;
    data_argument data;
    std::int32_t version = -1;
};

exit_code set(const settings& s, const set_arguments& o) {
    if (!o.data.given()) throw usage_error("DATA is required (\"\" for empty data, --null for none)");
    if (s.json) require_output();
    const kazoo::bytes data = o.data.read();
    const connection client(o.data.with_room(s));
    const auto stat = client.set(o.path, view(data), static_cast<kazoo::version>(o.version));
    if (s.json) {
        json out;
        write(out.begin_object().member("path", o.path).key("stat"), stat);
        print(std::move(out.end_object()).line());
    }
    return exit_code::ok;
}

} // namespace

void add_write_commands(menu& m) {
    const auto c = std::make_shared<create_arguments>();
    auto* command = m.add("create", "Create a node and print its path",
                          "  kz create /app/config 'port=80'\n"
                          "  kz create -p -q /app/jobs/job- - < job.json\n"
                          "  kz create -e /app/members/$HOSTNAME &    a member until it is killed\n"
                          "  kz create /app/secret x --acl digest:joe:+7K83PhyQ3ijGj0ADmljf0quVwQ=:rw\n"
                          "  kz create /app/number -- -5              data that begins with a dash\n",
                          create, c);
    add_path(*command, c->path, "The node; with -q the beginning of its name", true)->required();
    c->data.add_to(*command);
    auto* ephemeral = command->add_flag("-e,--ephemeral", c->ephemeral,
                                        "The node goes with the session: kz keeps both until SIGINT or SIGTERM");
    auto* sequential = command->add_flag("-q,--sequential", c->sequential, "The server appends a 10-digit number");
    auto* container = command->add_flag("--container", c->container, "The server removes it after its last child");
    command
        ->add_option(
            "--ttl", c->ttl_seconds,
            "The server removes it when it was not set for this time and has no children: 500ms, 10s, 5m, 2h, or "
            "seconds. Servers must allow it (extendedTypesEnabled)")
        ->type_name("TIME")
        ->transform(seconds_with_unit())
        ->check(not_negative())
        ->excludes(ephemeral)
        ->excludes(container);
    container->excludes(ephemeral)->excludes(sequential);
    command->add_flag("-p,--parents", c->parents, "Create missing ancestors");
    command->add_flag("--protect", c->protect, "Put a random id in front of the name, to find it after a lost reply");
    command->add_option("--acl", c->acl, acl_help)->type_name("ENTRY")->allow_extra_args(false);

    const auto o = std::make_shared<set_arguments>();
    command = m.add("set", "Replace a node's data",
                    "  kz set /app/config 'port=81'\n"
                    "  kz set /app/config - < config.ini\n"
                    "  kz set /app/config x --version 3    only if nobody has changed it since version 3\n",
                    set, o);
    add_path(*command, o->path, "The node")->required();
    o->data.add_to(*command);
    command->add_option("--version", o->version, "The version that is expected; -1: any")
        ->type_name("VERSION")
        ->capture_default_str();
}

} // namespace kz

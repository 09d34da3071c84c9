// serve
#include "interruption.hpp"
#include "menu.hpp"
#include "number_argument.hpp"
#include "output.hpp"
#include "show.hpp"

#include <kazoo/testkit/server.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace kz {

namespace {

struct serve_arguments {
    std::string host = "127.0.0.1";
    std::uint16_t port = 2181;
    std::uint32_t tick = 2000;
    std::optional<std::uint64_t> max_data;
    bool ttl_nodes = false;
    bool metadata_needs_permission = false;
};

exit_code serve(const settings& s, const serve_arguments& o) {
    const interruption interrupted;
    kazoo::testkit::server_options options;
    options.host = o.host;
    options.port = o.port;
    options.tick = std::chrono::milliseconds(o.tick);
    if (o.max_data) options.max_request_bytes = *o.max_data + beside_data;
    options.ttl_nodes = o.ttl_nodes;
    options.metadata_needs_permission = o.metadata_needs_permission;
    const kazoo::testkit::server server(options);
    if (s.json)
        print(std::move(json().begin_object().member("listening", server.address()).end_object()).line());
    else
        print("listening on " + server.address() + "\n");
    wait_for(interrupted.token());
    return exit_code::ok;
}

} // namespace

void add_serve_command(menu& m) {
    const auto o = std::make_shared<serve_arguments>();
    auto* command = m.add("serve", "Run a server that keeps its nodes in memory: for tests and for trying things out",
                          "  kz serve                           then, elsewhere: kz create /hello world\n"
                          "  kz serve --port 0 --tick 200       any free port; sessions may last 400 ms to 4 s\n"
                          "\n"
                          "Prints `listening on HOST:PORT`, and runs until SIGINT or SIGTERM.\n"
                          "In production use an ensemble of Apache ZooKeeper servers.\n",
                          serve, o);
    command->add_option("-p,--port", o->port, "Port to listen on; 0: a free one")
        ->type_name("PORT")
        ->check(not_negative())
        ->capture_default_str();
    command->add_option("-H,--host", o->host, "Numeric address to listen on")
        ->type_name("ADDRESS")
        ->capture_default_str();
    auto sensible = CLI::Range(1, 60'000);
    sensible.description("");
    command->add_option("--tick", o->tick, "Milliseconds; session timeouts are 2 to 20 ticks")
        ->type_name("MS")
        ->check(sensible)
        ->capture_default_str();
    command->add_flag("--ttl-nodes", o->ttl_nodes, "Nodes may have a time to live, as with extendedTypesEnabled");
    command->add_flag("--metadata-needs-permission", o->metadata_needs_permission,
                      "Who may not read a node is not told its metadata, as from 3.8.4 and 3.9.2 on");
    auto allowed = CLI::Range(std::uint64_t{1}, largest_max_data);
    allowed.description("");
    command
        ->add_option("--max-data", o->max_data,
                     "Take nodes with data of SIZE bytes, or 512k, 8M. Not given: somewhat less than 1M, as a server's "
                     "jute.maxbuffer has it by default")
        ->type_name("SIZE")
        ->transform(size_with_unit())
        ->check(allowed);
}

} // namespace kz

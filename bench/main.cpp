// kazoo_bench: kazoo beside other ZooKeeper clients, in the same scenarios on the same servers.
#include "backlog.hpp"
#include "campaign.hpp"
#include "crowd.hpp"
#include "leaders.hpp"
#include "peers/foreign.hpp"
#include "scale.hpp"
#include "server.hpp"

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <unistd.h>

namespace {

using namespace bench;

std::string with_column(std::string_view name, std::string_view what) {
    std::string line = "  " + std::string(name);
    line.resize(std::max<std::size_t>(line.size() + 1, 18), ' ');
    return line + std::string(what) + '\n';
}

std::string glossary() {
    std::string text = "Peers\n";
    for (const peer_description& p : all_peers()) text += with_column(p.name, p.what);
    text += "\nWorkloads\n";
    for (const workload& w : all_workloads()) text += with_column(w.name, w.what);
    text += "\nServers\n";
    text += with_column("canned", "fixed replies at once: only the client's cost counts");
    text += with_column("embedded", "kz serve");
    text += with_column("zookeeper", "Apache ZooKeeper, from the packages of this machine");
    text += with_column("host:port", "one that runs already; works below a fresh path and removes it at the end");
    return text;
}

template <class Range> std::vector<std::string> names_of(const Range& all) {
    std::vector<std::string> names;
    for (const auto& one : all) names.emplace_back(one.name);
    return names;
}

void add_amount(CLI::App& command, amount& a) {
    command.add_option("--ops", a.operations, "Operations of a measurement; 0: as many as fit into --seconds");
    command.add_option("--seconds", a.seconds, "How long a measurement takes, about")->capture_default_str();
    command.add_option("--window", a.window, "Operations under way in the pipelined workloads")
        ->capture_default_str()
        ->check(CLI::Range(1, 90'000));
}

void print_one_run(const std::string& peer_name, const std::string& workload_name, const target& t, const amount& a) {
    constexpr unsigned patience = 60;
    if (a.operations == 0) ::alarm(patience); // a client that hangs must not hang the whole bench
    const figures f = measure(find_workload(workload_name), peer_name, t, a);
    std::printf("ops %zu rate %.1f cpu_per_100k %.6f p50_us %.1f p99_us %.1f rss_peak_kb %.0f\n", f.operations, f.rate,
                f.cpu_per_100k, f.p50_us, f.p99_us, f.rss_peak_kb);
}

/// An interrupted bench must still end its servers: reads fail, and everything is unwound.
void unwind_when_interrupted() {
    struct sigaction action{};
    action.sa_handler = [](int) {};
    for (const int signal : {SIGINT, SIGTERM}) ::sigaction(signal, &action, nullptr);
}

} // namespace

int main(int argc, char** argv) {
    CLI::App app(
        "Measures ZooKeeper clients: rate, CPU, latency, memory. Every run is a process of its own, the peers\n"
        "take turns, and the medians are printed and written as JSON.",
        "kazoo_bench");
    app.footer(glossary());
    const known_servers known = find_servers();
    plan p;
    p.program = std::filesystem::read_symlink("/proc/self/exe");
    const std::vector<std::string> all_names = names_of(all_peers());
    std::vector<std::string> lacking = known.missing;
    for (const std::string& name : all_names) {
        if (const std::string why = foreign_peer_lacks(name); why.empty())
            p.peers.push_back(name);
        else
            lacking.push_back(name + ": " + why);
    }
    p.servers = known.available;
    p.workloads = names_of(all_workloads());
    p.output = "build/bench.jsonl";
    app.add_option("--peer", p.peers, "Peers; all that can run here")->delimiter(',')->check(CLI::IsMember(p.peers));
    app.add_option("--server", p.servers, "Servers; all that can be started here")->delimiter(',');
    app.add_option("--workload", p.workloads, "Workloads; all")->delimiter(',')->check(CLI::IsMember(p.workloads));
    app.add_option("--rounds", p.rounds, "Measurements of each peer")
        ->capture_default_str()
        ->check(CLI::Range(1, 1000));
    app.add_option("--output", p.output, "File for the lines of JSON")->capture_default_str();
    add_amount(app, p.each);

    target t;
    std::string peer_name = "ours", workload_name = "get";
    auto* run = app.add_subcommand("run", "One measurement in this process, as for a profiler");
    run->add_option("--peer", peer_name)->capture_default_str();
    run->add_option("--workload", workload_name)->capture_default_str();
    run->add_option("--address", t.address, "host:port of a running server")->required();
    run->add_option("--root", t.root, "Where the nodes of the workloads are")->capture_default_str();
    add_amount(*run, p.each);

    crowd many;
    std::string crowd_server = "embedded";
    auto* crowded = app.add_subcommand("crowd", "Many sessions of ours on one loop, each watching the same nodes");
    crowded->add_option("--sessions", many.sessions)->capture_default_str()->check(CLI::Range(1, 20'000));
    crowded->add_option("--watches", many.watches, "Of each session")
        ->capture_default_str()
        ->check(CLI::Range(1, 1000));
    crowded->add_option("--seconds", many.seconds, "How long nothing happens while CPU time is taken")
        ->capture_default_str()
        ->check(CLI::Range(0.1, 3600.0));
    crowded->add_option("--server", crowd_server, "embedded, zookeeper, or host:port")
        ->capture_default_str()
        ->check([](const std::string& name) { return name == "canned" ? "canned keeps no nodes" : ""; });
    backlog waiting;
    auto* behind = app.add_subcommand("backlog", "A pop when few items wait in a queue, and when many do");
    behind->add_option("--items", waiting.waiting, "How many wait")->delimiter(',')->capture_default_str();
    behind->add_option("--pops", waiting.pops, "Measured at each of these")->capture_default_str();
    behind->add_option("--server", crowd_server, "embedded, zookeeper, or host:port")->capture_default_str();
    leaders led;
    auto* leading = app.add_subcommand("leaders", "How long nobody leads when a leader resigns or is killed");
    leading->add_option("--resignations", led.resignations)->capture_default_str();
    leading->add_option("--kills", led.kills)->capture_default_str();
    leading->add_option("--session-timeout", led.session_timeout, "Of the candidates")->capture_default_str();
    leading->add_option("--server", crowd_server, "embedded, zookeeper, or host:port")->capture_default_str();
    std::string where, path;
    auto* standing = app.add_subcommand("candidate", "What `leaders` starts: stands for election, and again and again");
    standing->add_option("address", where)->required();
    standing->add_option("path", path)->required();
    standing->add_option("milliseconds", led.session_timeout, "The session's timeout")->required();
    scale large;
    auto* scaled = app.add_subcommand("scale", "A large tree in a tree_cache, and many data_watches on one client");
    scaled->add_option("--nodes", large.nodes, "Of the tree; 0: none")->capture_default_str();
    scaled->add_option("--gaps", large.gaps, "Broken connections that the cache lives through")->capture_default_str();
    scaled->add_option("--followers", large.followers, "data_watches; 0: none")->capture_default_str();
    scaled->add_option("--server", crowd_server, "embedded, zookeeper, or host:port")->capture_default_str();
    CLI11_PARSE(app, argc, argv);

    try {
        if (run->parsed()) {
            print_one_run(peer_name, workload_name, t, p.each);
            return 0;
        }
        if (standing->parsed()) {
            stand_for_election(where, path, led.session_timeout);
            return 0;
        }
        if (behind->parsed()) {
            t.root += '-' + std::to_string(::getpid());
            const auto running = start_server(crowd_server, t.root);
            t.address = running->address();
            measure_backlog(t, waiting);
            return 0;
        }
        if (leading->parsed()) {
            led.program = p.program;
            t.root += '-' + std::to_string(::getpid());
            const auto running = start_server(crowd_server, t.root);
            t.address = running->address();
            measure_leaders(t, led);
            return 0;
        }
        if (crowded->parsed()) {
            t.root += '-' + std::to_string(::getpid());
            const auto running = start_server(crowd_server, t.root);
            t.address = running->address();
            measure_crowd(t, many);
            return 0;
        }
        if (scaled->parsed()) {
            t.root += '-' + std::to_string(::getpid());
            const auto running = start_server(crowd_server, t.root);
            t.address = running->address();
            measure_scale(t, large);
            return 0;
        }
        if (app.count("--server") == 0 || app.count("--peer") == 0)
            for (const std::string& line : lacking) std::fprintf(stderr, "not measured: %s\n", line.c_str());
        unwind_when_interrupted();
        carry_out(p);
        return 0;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "kazoo_bench: %s\n", e.what());
        return 1;
    }
}

#include "campaign.hpp"

#include "child_process.hpp"
#include "nodes.hpp"
#include "peers/foreign.hpp"
#include "report.hpp"
#include "server.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <unistd.h>

namespace bench {

namespace {

double machine_load() {
    double load = 0;
    return ::getloadavg(&load, 1) == 1 ? load : 0;
}

/// One line that is written over and over; in a log, a line each.
void show_progress(const std::string& text) {
    static const bool terminal = ::isatty(STDERR_FILENO) == 1;
    if (terminal)
        std::fprintf(stderr, "\r\033[K%s", text.c_str());
    else if (!text.empty())
        std::fprintf(stderr, "%s\n", text.c_str());
}

bool can_run(const std::string& peer, const workload& w) {
    for (const peer_description& d : all_peers())
        if (d.name == peer) return d.has(w.needs);
    throw std::invalid_argument("no such peer: " + peer);
}

figures run_apart(const plan& p, const std::string& peer, const workload& w, const target& t) {
    std::vector<std::string> command = foreign_command(peer, w.name);
    if (command.empty()) command = {p.program, "run", "--peer", peer, "--window", std::to_string(p.each.window)};
    command.insert(command.end(),
                   {"--workload", std::string(w.name), "--address", t.address, "--root", t.root, "--ops",
                    std::to_string(p.each.operations), "--seconds", std::to_string(p.each.seconds * w.longer)});
    child_process run(command);
    figures f;
    std::istringstream line(run.read_line());
    std::string key;
    const auto read = [&](auto& value) { line >> key >> value; };
    read(f.operations), read(f.rate), read(f.cpu_per_100k), read(f.p50_us), read(f.p99_us), read(f.rss_peak_kb);
    if (!run.succeeded() || !line) throw std::runtime_error(peer + " failed at " + std::string(w.name));
    return f;
}

std::ofstream open_output(const std::string& path) {
    const std::filesystem::path folder = std::filesystem::path(path).parent_path();
    if (!folder.empty()) std::filesystem::create_directories(folder);
    std::ofstream file(path);
    if (!file) throw std::runtime_error("cannot write " + path);
    return file;
}

/// The results of one workload on one server, in the order of the peers.
std::vector<result> compare(const plan& p, const std::string& server_name, const workload& w, const target& t) {
    std::vector<std::string> peers;
    for (const std::string& name : p.peers) {
        if (!can_run(name, w)) continue;
        if (name == "ours-tls" && server_name != "canned")
            std::fprintf(stderr, "%s: ours-tls is measured on the canned server alone\n", std::string(w.name).c_str());
        else
            peers.push_back(name);
    }
    const bool needs_nodes =
        w.needs != ability::pipelined && w.needs != ability::blocking && w.needs != ability::shared;
    if (server_name == "canned" && needs_nodes) return {}; // its replies are always the same
    if (w.needs == ability::trees) make_tree(t);
    std::vector<std::vector<figures>> rounds(peers.size());
    double load = 0;
    for (std::size_t round = 0; round < p.rounds; ++round) {
        load = machine_load();
        for (std::size_t i = 0; i < peers.size(); ++i) {
            const std::size_t turn = (i + round) % peers.size(); // nobody always follows the same one
            show_progress(server_name + ' ' + std::string(w.name) + " round " + std::to_string(round + 1) + " of " +
                          std::to_string(p.rounds) + ": " + peers[turn]);
            rounds[turn].push_back(run_apart(p, peers[turn], w, t));
        }
    }
    show_progress("");
    std::vector<result> results;
    for (std::size_t i = 0; i < peers.size(); ++i)
        results.push_back({.peer = peers[i],
                           .server = server_name,
                           .workload = std::string(w.name),
                           .window = w.needs == ability::pipelined ? p.each.window : 1,
                           .rounds = p.rounds,
                           .median = median_of(rounds[i]),
                           .load = load});
    return results;
}

} // namespace

void carry_out(const plan& p) {
    std::ofstream output = open_output(p.output);
    std::vector<result> all;
    for (const std::string& name : p.servers) {
        target t;
        t.root += '-' + std::to_string(::getpid());
        const auto running = start_server(name, t.root);
        t.address = running->address();
        for (const std::string& workload_name : p.workloads) {
            const std::vector<result> results = compare(p, name, find_workload(workload_name), t);
            for (const result& r : results) output << to_json(r, results) << std::endl;
            all.insert(all.end(), results.begin(), results.end());
        }
    }
    std::fputs(to_table(all).c_str(), stdout);
    std::printf("written to %s\n", p.output.c_str());
}

} // namespace bench

#include "server/four_letter_words.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace kazoo::server {

namespace {

constexpr std::array<std::string_view, 18> known = {"conf", "cons", "crst", "dirs", "dump", "envi",
                                                    "gtmk", "hash", "isro", "mntr", "ruok", "srst",
                                                    "srvr", "stat", "stmk", "wchc", "wchp", "wchs"};

/// Clients read the server's version from it. The release that is imitated, and its date.
constexpr std::string_view version = "3.8.0-kazoo, built on 2022-02-25 08:49 UTC";

std::string hex(std::int64_t value) {
    char text[20];
    std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
    return text;
}

/// A real server knows its root by two names, and counts both.
std::size_t node_count(const server_facts& f) { return f.data.nodes().size() + 1; }

std::string summary(const server_facts& f, bool with_clients) {
    std::string text = "Zookeeper version: " + std::string(version) + "\n";
    if (with_clients) {
        text += "Clients:\n";
        for (const std::string& client : f.clients) text += client + "\n";
        text += "\n";
    }
    text += "Latency min/avg/max: 0/0.0/0\n";
    text += "Received: " + std::to_string(f.received) + "\n";
    text += "Sent: " + std::to_string(f.sent) + "\n";
    text += "Connections: " + std::to_string(f.connections) + "\n";
    text += "Outstanding: 0\n";
    text += "Zxid: " + hex(f.data.zxid()) + "\n";
    text += f.local_sessions ? "Mode: read-only\n" : "Mode: standalone\n";
    text += "Node count: " + std::to_string(node_count(f)) + "\n";
    return text;
}

std::string metrics(const server_facts& f) {
    std::string text;
    const auto line = [&](std::string_view key, std::string_view value) {
        text.append("zk_").append(key).append("\t").append(value).append("\n");
    };
    const auto number = [&](std::string_view key, auto value) { line(key, std::to_string(value)); };
    line("version", version);
    line("server_state", f.local_sessions ? "read-only" : "standalone");
    number("ephemerals_count", f.data.nodes().ephemeral_count());
    number("num_alive_connections", f.connections);
    line("avg_latency", "0.0");
    number("outstanding_requests", 0);
    number("znode_count", node_count(f));
    number("global_sessions", f.sessions);
    number("packets_sent", f.sent);
    number("packets_received", f.received);
    number("watch_count", f.data.data_watches.size() + f.data.child_watches.size());
    number("min_latency", 0);
    number("approximate_data_size", f.data.nodes().data_size());
    number("local_sessions", f.local_sessions.value_or(0));
    number("uptime", f.uptime_ms);
    number("max_latency", 0);
    return text;
}

} // namespace

bool is_four_letter_word(std::string_view word) noexcept {
    return std::find(known.begin(), known.end(), word) != known.end();
}

std::string answer_four_letter_word(std::string_view word, const config& c, const server_facts& f) {
    const auto& allowed = c.four_letter_words;
    if (std::find(allowed.begin(), allowed.end(), word) != allowed.end()) {
        if (word == "ruok") return "imok";
        if (word == "isro") return f.local_sessions ? "ro" : "rw";
        if (word == "srvr" || word == "stat") return summary(f, word == "stat");
        if (word == "mntr") return metrics(f);
        if (word == "envi")
            return "Environment:\nzookeeper.version=" + std::string(version) + "\nhost.name=localhost\n";
    }
    return std::string(word) + " is not executed because it is not in the whitelist.\n";
}

} // namespace kazoo::server

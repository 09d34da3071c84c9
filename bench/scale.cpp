#include "scale.hpp"

#include "stopwatch.hpp"

#include <kazoo/kazoo.hpp>
#include <kazoo/testkit/fault_gate.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <deque>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace bench {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t folder_size = 1000;
constexpr std::size_t requests_under_way = 1000;

/// From here on: seconds, and CPU seconds of this process.
class spent {
  public:
    double seconds() const { return std::chrono::duration<double>(steady::now() - begun_).count(); }
    double cpu() const { return cpu_seconds() - cpu_; }

  private:
    const steady::time_point begun_ = steady::now();
    const double cpu_ = cpu_seconds();
};

void wait_until(const std::function<bool()>& is_so, const char* what) {
    for (const spent s; !is_so(); std::this_thread::sleep_for(1ms))
        if (s.seconds() > 600) throw std::runtime_error(std::string("waited too long until ") + what);
}

/// Each with 100 bytes.
void make_nodes_in(const kazoo::client& c, const std::vector<std::string>& paths) {
    std::deque<kazoo::future<std::string>> creates;
    const auto finish_all_but = [&](std::size_t rest) {
        for (; creates.size() > rest; creates.pop_front()) std::move(creates.front()).get();
    };
    for (const std::string& path : paths) {
        creates.push_back(c.async_create(path, std::string(data_size, 'x')));
        finish_all_but(requests_under_way);
    }
    finish_all_but(0);
}

kazoo::client connect(const std::string& where) {
    kazoo::client_options o;
    o.session_timeout = 30s;
    o.log.threshold = kazoo::log_level::error; // connections are broken on purpose
    kazoo::client c(where, o);
    c.wait_connected(60s);
    return c;
}

void cut(kazoo::testkit::fault_gate& gate, const kazoo::client& c) {
    const auto before = c.metrics().connections;
    gate.cut();
    wait_until([&] { return c.metrics().connections > before && c.state() == kazoo::session_state::connected; },
               "the connection was back");
}

void measure_tree(const target& t, const scale& s, const kazoo::client& writer) {
    std::vector<std::string> paths{"/tree"};
    for (std::size_t i = 0; paths.size() < s.nodes; ++i) {
        const std::string folder = "/tree/" + std::to_string(i);
        paths.push_back(folder);
        for (std::size_t j = 0; j < folder_size && paths.size() < s.nodes; ++j)
            paths.push_back(folder + "/node-" + std::to_string(j));
    }
    make_nodes_in(writer, paths);
    paths = {};

    kazoo::testkit::fault_gate gate(t.address);
    const kazoo::client c = connect(gate.address() + t.root);
    const double empty = rss_kb();
    kazoo::tree_cache cache(c, "/tree");
    {
        const spent load;
        cache.start();
        cache.wait_initialized(10min);
        std::printf("load       %zu nodes in %.2f s, %.0f a second, %.2f us of CPU for each\n", cache.size(),
                    load.seconds(), double(cache.size()) / load.seconds(), load.cpu() * 1e6 / double(cache.size()));
    }
    const double loaded = rss_kb();
    std::printf("memory     %.0f bytes for each node of 100 bytes; %.1f MB altogether\n",
                (loaded - empty) * 1024 / double(cache.size()), loaded / 1024);
    if (s.gaps == 0) return;
    const spent all;
    for (std::size_t i = 1; i <= s.gaps; ++i) {
        cut(gate, c);
        wait_until([&] { return cache.state() == kazoo::tree_state::current; }, "the cache was current");
        if (i == 1 || i * 10 % s.gaps == 0) std::printf("gaps       %zu: %.1f MB\n", i, rss_kb() / 1024);
    }
    std::printf("gaps       %.2f s for each, %.2f us of CPU for each node of it\n", all.seconds() / double(s.gaps),
                all.cpu() * 1e6 / double(s.gaps * cache.size()));
}

void measure_followers(const target& t, const scale& s, const kazoo::client& writer) {
    std::vector<std::string> paths;
    for (std::size_t i = 0; i < s.followers; ++i) paths.push_back("/follow-" + std::to_string(i));
    make_nodes_in(writer, paths);

    kazoo::testkit::fault_gate gate(t.address);
    const kazoo::client c = connect(gate.address() + t.root);
    const double empty = rss_kb();
    std::atomic<std::size_t> told{0};
    std::vector<kazoo::data_watch> all;
    all.reserve(paths.size());
    {
        const spent begin;
        for (const std::string& path : paths)
            all.emplace_back(c, path, [&](const std::optional<kazoo::node>&) { ++told; });
        wait_until([&] { return told == all.size(); }, "all had heard of their nodes");
        std::printf("followers  %zu began in %.2f s, %.1f us of CPU for each\n", all.size(), begin.seconds(),
                    begin.cpu() * 1e6 / double(all.size()));
    }
    const double following = rss_kb();
    std::printf("memory     %.2f kB for each; %.1f MB altogether\n", (following - empty) / double(all.size()),
                following / 1024);
    constexpr int cuts = 20;
    const spent reconnects;
    for (int i = 0; i < cuts; ++i) cut(gate, c);
    std::printf("reconnect  %.0f ms and %.1f ms of CPU for each of %d; %.1f MB afterwards, %.1f MB at most\n",
                reconnects.seconds() * 1e3 / cuts, reconnects.cpu() * 1e3 / cuts, cuts, rss_kb() / 1024,
                peak_rss_kb() / 1024);
    told = 0;
    const spent changes;
    for (const std::string& path : paths) writer.async_set(path, "y").detach();
    wait_until([&] { return told >= all.size(); }, "all had heard of a change");
    std::printf("changes    one of each in %.2f s, %.1f us of CPU, with that of who makes them\n", changes.seconds(),
                changes.cpu() * 1e6 / double(all.size()));
}

} // namespace

void measure_scale(const target& t, const scale& s) {
    const kazoo::client writer = connect(t.address + t.root);
    if (s.nodes > 0) measure_tree(t, s, writer);
    if (s.followers > 0) measure_followers(t, s, writer);
}

} // namespace bench

#include "crowd.hpp"

#include "stopwatch.hpp"

#include <kazoo/kazoo.hpp>

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace bench {

namespace {

using namespace std::chrono_literals;

std::string node(std::size_t i) { return "/crowd-" + std::to_string(i); }

std::vector<kazoo::client> connect(const std::string& where, std::size_t sessions,
                                   const std::shared_ptr<kazoo::event_loop>& loop) {
    kazoo::client_options o;
    o.loop = loop;
    o.session_timeout = 10s;
    std::vector<kazoo::client> all;
    all.reserve(sessions);
    for (std::size_t i = 0; i < sessions; ++i) all.emplace_back(where, o);
    for (const kazoo::client& c : all) c.wait_connected(60s);
    return all;
}

/// All reads at once; a watch completes when its node changes.
std::vector<kazoo::future<kazoo::watch_event>> watch_all(const std::vector<kazoo::client>& sessions,
                                                         std::size_t watches) {
    std::vector<kazoo::future<kazoo::watched<kazoo::node>>> reads;
    reads.reserve(sessions.size() * watches);
    for (const kazoo::client& c : sessions)
        for (std::size_t i = 0; i < watches; ++i) reads.push_back(c.async_watch(node(i)));
    std::vector<kazoo::future<kazoo::watch_event>> changes;
    changes.reserve(reads.size());
    for (auto& read : reads) changes.push_back(std::move(read).get().changed);
    return changes;
}

} // namespace

void measure_crowd(const target& t, const crowd& c) {
    const auto loop = std::make_shared<kazoo::event_loop>();
    const kazoo::client writer = std::move(connect(t.address + t.root, 1, loop).front());
    for (std::size_t i = 0; i < c.watches; ++i) writer.create(node(i), std::string(100, 'x'));

    const double empty = rss_kb();
    auto begun = steady::now();
    double cpu = cpu_seconds();
    const auto elapsed = [&] { return std::chrono::duration<double>(steady::now() - begun).count(); };
    {
        const auto sessions = connect(t.address + t.root, c.sessions, loop);
        std::printf("sessions   %zu on one loop, connected in %.2f s, CPU %.2f s\n", c.sessions, elapsed(),
                    cpu_seconds() - cpu);
        const double connected = rss_kb();
        std::printf("memory     %.1f kB for each session\n", (connected - empty) / double(c.sessions));

        const double all = double(c.sessions * c.watches);
        auto changes = watch_all(sessions, c.watches);
        std::printf("memory     %.2f kB for each of %.0f watches; %.1f MB altogether\n", (rss_kb() - connected) / all,
                    all, rss_kb() / 1024);

        begun = steady::now();
        cpu = cpu_seconds();
        std::this_thread::sleep_for(std::chrono::duration<double>(c.seconds));
        std::printf("idle       %.2f %% of one CPU, over %.1f s\n", 100 * (cpu_seconds() - cpu) / elapsed(), elapsed());

        begun = steady::now();
        cpu = cpu_seconds();
        for (std::size_t i = 0; i < c.watches; ++i) writer.set(node(i), "y");
        for (auto& change : changes) std::move(change).get();
        std::printf("events     %.0f in %.2f s, %.2f us of CPU for each\n", all, elapsed(),
                    1e6 * (cpu_seconds() - cpu) / all);
    }
    for (std::size_t i = 0; i < c.watches; ++i) writer.remove(node(i));
}

} // namespace bench

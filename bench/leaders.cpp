#include "leaders.hpp"

#include "child_process.hpp"
#include "peers/foreign.hpp"

#include <kazoo/client.hpp>
#include <kazoo/recipe/election.hpp>

#include <array>
#include <cstdio>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <vector>

namespace bench {

namespace {

long long now() { return std::chrono::nanoseconds(steady::now().time_since_epoch()).count(); }

class candidate {
  public:
    explicit candidate(const std::vector<std::string>& command) : process_(command) {}

    /// When it does the next thing, which must be this.
    long long read(const std::string& what) {
        std::istringstream line(process_.read_line());
        std::string done;
        long long when = 0;
        if (!(line >> done >> when) || done != what) throw std::runtime_error("a candidate did not say " + what);
        return when;
    }
    void order_to_resign() { process_.write_line("resign"); }
    void kill() { process_.kill(); }

  private:
    child_process process_;
};

struct race {
    std::string name, path;
    std::vector<std::string> command;
    std::vector<double> milliseconds_of_resignations, milliseconds_of_kills;

    void note(std::vector<double>& where, long long from, long long to) const {
        where.push_back(double(to - from) / 1e6);
    }

    /// Until two candidates have a node: one leads, the other one is next.
    void wait_for_two(const kazoo::client& eye) const {
        while (eye.get_children(path).size() < 2) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }

    /// Two candidates lead in turns.
    void resign(const kazoo::client& eye, std::size_t times) {
        candidate a(command);
        a.read("leads");
        candidate b(command);
        std::array<candidate*, 2> both{&a, &b};
        constexpr std::size_t warm_up = 20;
        for (std::size_t i = 0; i < warm_up + times; ++i) {
            wait_for_two(eye);
            both[i % 2]->order_to_resign();
            const long long from = both[i % 2]->read("resigns");
            const long long to = both[(i + 1) % 2]->read("leads");
            if (i >= warm_up) note(milliseconds_of_resignations, from, to);
        }
    }

    void kill(const kazoo::client& eye) {
        candidate first(command);
        first.read("leads");
        candidate second(command);
        wait_for_two(eye);
        const long long from = now();
        first.kill();
        note(milliseconds_of_kills, from, second.read("leads"));
    }
};

void print(const char* what, const race& r, std::vector<double> times) {
    if (times.empty()) return;
    const double p50 = quantile(times, 0.5), p99 = quantile(times, 0.99);
    std::printf("%-10s %-10s %5zu times, p50 %9.2f ms, p99 %9.2f ms\n", what, r.name.c_str(), times.size(), p50, p99);
    std::fflush(stdout);
}

} // namespace

void measure_leaders(const target& t, const leaders& l) {
    std::vector<race> races;
    const std::string timeout = std::to_string(l.session_timeout.count());
    for (const std::string name : {"ours", "python", "curator"}) {
        if (const std::string why = foreign_peer_lacks(name); !why.empty()) {
            std::fprintf(stderr, "not measured: %s: %s\n", name.c_str(), why.c_str());
            continue;
        }
        race r{.name = name, .path = t.root + "/leaders/" + name};
        r.command = foreign_command(name, "leader");
        if (r.command.empty()) r.command = {l.program, "candidate"};
        r.command.insert(r.command.end(), {t.address, r.path, timeout});
        races.push_back(std::move(r));
    }
    const kazoo::client eye(t.address);
    for (race& r : races) r.resign(eye, l.resignations);
    for (const race& r : races) print("resigned", r, r.milliseconds_of_resignations);
    for (std::size_t i = 0; i < l.kills; ++i) // in turns, so that a slow minute hits all of them
        for (race& r : races) r.kill(eye);
    for (const race& r : races) print("killed", r, r.milliseconds_of_kills);
}

void stand_for_election(const std::string& address, const std::string& path,
                        std::chrono::milliseconds session_timeout) {
    kazoo::client_options o;
    o.session_timeout = session_timeout;
    const kazoo::client client(address, o);
    kazoo::election election(client, path);
    const auto say = [](const char* what) { std::printf("%s %lld\n", what, now()), std::fflush(stdout); };
    for (std::string order;;) {
        election.run([&](kazoo::leadership&) {
            say("leads");
            std::getline(std::cin, order);
            say("resigns");
        });
    }
}

} // namespace bench

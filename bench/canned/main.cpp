// canned_server: answers every request at once with a prepared reply, so that only the client's cost is measured.
#include "canned/event_server.hpp"

#include <charconv>
#include <csignal>
#include <cstdio>
#include <exception>
#include <string_view>
#include <sys/signalfd.h>

namespace {

constexpr std::string_view usage = "usage: canned_server [--port N] [--data BYTES] [--children N]\n"
                                   "A server of fixed replies on 127.0.0.1, for measuring clients. It says where it "
                                   "listens (port 0: a free one)\nand runs until SIGINT or SIGTERM.\n"
                                   "  --port N       0\n"
                                   "  --data BYTES   size of every node, 100\n"
                                   "  --children N   children of every node, 10000\n";

struct settings {
    unsigned port = 0;
    unsigned data = 100;
    unsigned children = 10'000;
};

bool parse(int argc, char** argv, settings& s) {
    for (int i = 1; i < argc; i += 2) {
        const std::string_view name = argv[i];
        unsigned* const value = name == "--port"       ? &s.port
                                : name == "--data"     ? &s.data
                                : name == "--children" ? &s.children
                                                       : nullptr;
        if (value == nullptr || i + 1 == argc) return false;
        const std::string_view text = argv[i + 1];
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
        if (error != std::errc{} || end != text.data() + text.size()) return false;
    }
    return s.port <= 65'535;
}

/// A descriptor that can be read when the program has been asked to end.
int termination_descriptor() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, nullptr);
    return ::signalfd(-1, &signals, SFD_CLOEXEC);
}

} // namespace

int main(int argc, char** argv) {
    if (argc == 2 && std::string_view(argv[1]) == "--help") {
        std::fwrite(usage.data(), 1, usage.size(), stdout);
        return 0;
    }
    settings s;
    if (!parse(argc, argv, s)) {
        std::fwrite(usage.data(), 1, usage.size(), stderr);
        return 2;
    }
    try {
        const int stop = termination_descriptor();
        bench::event_server server(static_cast<std::uint16_t>(s.port), bench::canned_replies(s.data, s.children));
        std::printf("listening on 127.0.0.1:%u\n", unsigned{server.port()});
        std::fflush(stdout);
        server.run(stop);
        return 0;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "canned_server: %s\n", e.what());
        return 1;
    }
}

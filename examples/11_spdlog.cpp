// Sends the library's log lines to spdlog. Needs spdlog (libspdlog-dev).
//
// Prints:
//   [info] [example] got a session
//   [warning] [example] the connection broke
#include "servers.hpp"

#include <kazoo/kazoo.hpp>
#include <kazoo/testkit/fault_gate.hpp>

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <iostream>
#include <mutex>

spdlog::level::level_enum to_spdlog(kazoo::log_level level) {
    switch (level) {
    case kazoo::log_level::wire: return spdlog::level::trace;
    case kazoo::log_level::debug: return spdlog::level::debug;
    case kazoo::log_level::info: return spdlog::level::info;
    case kazoo::log_level::warn: return spdlog::level::warn;
    case kazoo::log_level::error: return spdlog::level::err;
    case kazoo::log_level::off: break;
    }
    return spdlog::level::off;
}

/// The adapter. The logger must be thread-safe (its sinks end in _mt).
kazoo::log_sink log_to(std::shared_ptr<spdlog::logger> logger, kazoo::log_level threshold) {
    return {threshold, [logger = std::move(logger)](kazoo::log_level level, std::string_view line) {
                logger->log(to_spdlog(level), "{}", line);
            }};
}

/// Only for this example: prints the beginnings of lines, for what is behind differs from run to run.
class beginnings : public spdlog::sinks::base_sink<std::mutex> {
    void sink_it_(const spdlog::details::log_msg& m) override {
        const std::string_view line(m.payload.data(), m.payload.size());
        const auto level = spdlog::level::to_string_view(m.level);
        const auto print = [&](std::string_view what) {
            std::cout << '[' << std::string_view(level.data(), level.size()) << "] [example] " << what << '\n';
        };
        if (line.starts_with("[example] got session")) print("got a session");
        if (line.starts_with("[example] connection to")) print("the connection broke");
    }
    void flush_() override { std::cout.flush(); }
};

int main(int argc, char** argv) {
    const servers servers(argc, argv);
    kazoo::testkit::fault_gate gate(servers.hosts());

    auto logger = std::make_shared<spdlog::logger>("kazoo", std::make_shared<beginnings>());
    kazoo::client_options options;
    options.name = "example";
    options.log = log_to(logger, kazoo::log_level::info);
    const kazoo::client zk(gate.address(), options);
    zk.wait_connected();
    gate.cut();
    zk.exists("/"); // when the connection is back
    zk.close();
}

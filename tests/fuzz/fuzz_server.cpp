// Whatever a client says gets an answer, an error or a close. The input is all that one client says.
#include "fuzz/reencode.hpp"
#include "server/server.hpp"

#include <algorithm>

using namespace kazoo;
using namespace util::time;

namespace {

using server::connection_id;
using server::moment;

server::config small() {
    server::config c;
    c.output_pause = 1u << 12;
    c.output_limit = 1u << 16;
    c.extended_types = true;
    c.container_check = std::chrono::milliseconds(500);
    return c;
}

/// A server, a client that watches everything, and a clock.
struct world {
    moment now{time_point(std::chrono::hours(1)), 1'600'000'000'000};
    server::server subject{small(), now};
    connection_id watcher = open();

    connection_id open() { return subject.open("127.0.0.1", now); }

    void pass(std::chrono::milliseconds time) {
        now.at += time;
        now.wall_ms += time.count();
        subject.on_time(now);
    }

    std::string connect(connection_id id) {
        std::string hello;
        proto::put_connect_request(hello, {}, false);
        subject.receive(id, hello, now);
        return read(id);
    }

    void watch_everything() {
        connect(watcher);
        std::string request;
        proto::put_request(request, 1, proto::opcode::add_watch, proto::add_watch_request{"/", 1});
        subject.receive(watcher, request, now);
        read(watcher);
    }

    /// All there is to read, and what comes of having read it.
    std::string read(connection_id id) {
        std::string all;
        while (!subject.unsent(id).empty()) {
            const std::string_view unsent = subject.unsent(id);
            all += unsent;
            subject.sent(id, unsent.size(), now);
        }
        return all;
    }
};

/// What a client that reads hears when its bytes come `step` at a time.
std::string answers(std::string_view stream, std::size_t step) {
    world w;
    w.watch_everything();
    const connection_id id = w.open();
    std::string heard;
    while (!stream.empty() && !w.subject.finished(id)) {
        w.subject.receive(id, stream.substr(0, step), w.now);
        stream.remove_prefix(std::min(step, stream.size()));
        heard += w.read(id);
    }
    return heard;
}

/// Two clients say the same, one of them never reads, time passes, and the server restarts on the way.
void trouble(std::string_view stream, std::size_t step) {
    world w;
    w.watch_everything();
    connection_id reader = w.open();
    const connection_id mute = w.open();
    bool restarted = false;
    while (!stream.empty()) {
        const std::string_view piece = stream.substr(0, step);
        stream.remove_prefix(piece.size());
        w.subject.receive(reader, piece, w.now);
        w.read(reader);
        if (w.subject.wants_input(mute)) w.subject.receive(mute, piece, w.now);
        fuzz::require(w.subject.unsent(w.watcher).size() <= small().output_limit, "unread events are bounded");
        w.pass(std::chrono::milliseconds(100));
        if (w.subject.finished(reader)) {
            w.subject.closed(reader, w.now);
            if (!restarted) w.subject.restart(w.now);
            restarted = true;
            reader = w.open();
        }
    }
    const connection_id late = w.open();
    fuzz::require(w.connect(late).size() == 41, "the server still takes clients");
    for (const connection_id id : {reader, mute, w.watcher, late}) w.subject.closed(id, w.now);
    fuzz::require(w.subject.watches() == server::watch_counts{}, "watches go with their connections");
    w.pass(std::chrono::minutes(2));
    fuzz::require(w.subject.sessions().empty(), "sessions without a client end");
    for (const server::znode* node : w.subject.nodes().sorted())
        fuzz::require(!node->owner.is_session(), "ephemeral nodes go with their sessions");
    fuzz::require(w.subject.connection_count() == 0, "connections end");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view stream(reinterpret_cast<const char*>(data), size);
    const std::size_t step = stream.empty() ? 1 : 1 + static_cast<unsigned char>(stream.back());
    fuzz::require(answers(stream, stream.size() + 1) == answers(stream, step), "pieces make no difference");
    trouble(stream, step);
    return 0;
}

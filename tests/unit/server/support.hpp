#pragma once
// A server in virtual time, and clients that talk to it in frames.
#include "proto/framing.hpp"
#include "proto/multi.hpp"
#include "server/server.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace kazoo::server::test {

using namespace std::chrono_literals;
using proto::opcode;

constexpr std::int32_t ephemeral = proto::create_flags::ephemeral;

struct event {
    change_kind kind{};
    std::string path;
    friend bool operator==(const event&, const event&) = default;
};
inline std::ostream& operator<<(std::ostream& out, const event& e) {
    return out << static_cast<int>(e.kind) << ' ' << e.path;
}

struct answer {
    std::int32_t xid = 0;
    std::int64_t zxid = 0;
    errc error{};
    std::string body;

    template <class Record> Record as() const {
        Record record;
        EXPECT_TRUE(proto::decode(body, record));
        return record;
    }
    proto::stat stat() const { return as<proto::stat_reply>().stat; }
};

/// Tick of one second, so that a session of two seconds lives two to three; zero is the start of a tick.
inline config test_config() {
    config c;
    c.tick = 1s;
    return c;
}

struct world {
    explicit world(config c = test_config(), observer* o = nullptr) : subject(std::move(c), now, o) {}

    void pass(duration time) {
        now.at += time;
        now.wall_ms += std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
        subject.on_time(now);
    }

    void settle() {} // everything happens at once

    moment now{time_point(1h), 1'700'000'000'000};
    server subject;
};

inline std::vector<proto::acl_entry> acl_of(perms p, std::string_view scheme, std::string_view name) {
    return {{static_cast<std::int32_t>(p), {scheme, name}}};
}
inline std::vector<proto::acl_entry> open_to_all() { return acl_of(perms::all, "world", "anyone"); }

template <class World> class client_of {
  public:
    explicit client_of(World& w, std::string_view address = "127.0.0.1", std::size_t member = 0)
        : world_(&w), id_(w.subject.open(address, w.now, member)) {}

    connection_id id() const { return id_; }
    std::int64_t session = 0;
    std::string password;
    std::int32_t timeout_ms = -1;
    std::vector<event> events;

    bool finished() const { return world_->subject.finished(id_); }
    void send(std::string_view bytes) {
        world_->subject.receive(id_, bytes, world_->now);
        world_->settle();
    }
    void leave() { world_->subject.closed(id_, world_->now); }

    /// The next frame from the server.
    std::optional<std::string> read() {
        const std::string_view unsent = world_->subject.unsent(id_);
        const proto::frame frame = proto::next_frame(unsent, unsent.size());
        if (frame.state != proto::frame::status::complete) return std::nullopt;
        std::string payload(frame.payload);
        world_->subject.sent(id_, payload.size() + 4, world_->now);
        return payload;
    }

    struct hello {
        std::int32_t timeout_ms = 2000;
        std::int64_t session = 0;
        std::string password = std::string(16, '\0');
        std::int64_t last_zxid = 0;
    };
    /// Whether the server answered at all. A refused session is session 0.
    bool connect(const hello& h) {
        std::string bytes;
        proto::put_connect_request(bytes, {0, h.last_zxid, h.timeout_ms, h.session, h.password}, false);
        send(bytes);
        const auto payload = read();
        if (!payload) return false;
        proto::connect_response response;
        std::optional<bool> read_only;
        EXPECT_TRUE(proto::get_connect_response(*payload, response, read_only));
        session = response.session_id;
        password = response.password;
        timeout_ms = response.timeout_ms;
        return true;
    }
    bool connect() { return connect(hello{}); }
    bool resume(const client_of& other, std::int32_t timeout = 2000) {
        return connect({.timeout_ms = timeout, .session = other.session, .password = other.password});
    }

    template <class... Body> std::string encoded(std::int32_t xid, opcode op, const Body&... body) const {
        std::string bytes;
        proto::put_request(bytes, xid, op, body...);
        return bytes;
    }

    /// Sends and waits for the answer; what was notified before it is in `events`.
    template <class... Body> answer call(opcode op, const Body&... body) {
        send(encoded(++xid_, op, body...));
        auto reply = receive();
        EXPECT_TRUE(reply) << "no answer";
        return reply.value_or(answer{});
    }

    /// The next frame that is no notification.
    std::optional<answer> receive() {
        while (auto payload = read()) {
            proto::reader in(*payload);
            proto::reply_header header;
            in.get(header);
            if (header.xid != proto::xid::notification)
                return answer{header.xid, header.zxid, static_cast<errc>(header.err), std::string(in.rest())};
            proto::watcher_event e;
            in.get(e);
            EXPECT_TRUE(in.done());
            EXPECT_EQ(e.state, 3);
            EXPECT_EQ(header.zxid, -1);
            events.push_back({static_cast<change_kind>(e.type), std::string(e.path)});
        }
        return std::nullopt;
    }
    std::vector<event> take_events() {
        EXPECT_FALSE(receive()) << "an answer without a request";
        return std::exchange(events, {});
    }

    answer create(std::string_view path, std::int32_t flags = 0, std::string_view data = "",
                  const std::vector<proto::acl_entry>& acl = open_to_all()) {
        return call(opcode::create, proto::create_request{path, data, acl, flags});
    }
    answer remove(std::string_view path, std::int32_t version = -1) {
        return call(opcode::remove, proto::path_version_request{path, version});
    }
    answer set(std::string_view path, std::string_view data, std::int32_t version = -1) {
        return call(opcode::set_data, proto::set_data_request{path, data, version});
    }
    answer get(std::string_view path, bool watch = false) {
        return call(opcode::get_data, proto::path_watch_request{path, watch});
    }
    answer exists(std::string_view path, bool watch = false) {
        return call(opcode::exists, proto::path_watch_request{path, watch});
    }
    answer children(std::string_view path, bool watch = false) {
        return call(opcode::get_children, proto::path_watch_request{path, watch});
    }
    answer add_watch(std::string_view path, std::int32_t mode) {
        return call(opcode::add_watch, proto::add_watch_request{path, mode});
    }
    answer login(std::string_view credential) {
        return call(opcode::auth, proto::auth_request{0, "digest", credential});
    }
    answer ping() { return call(opcode::ping); }

  private:
    World* world_;
    connection_id id_;
    std::int32_t xid_ = 0;
};

using client = client_of<world>;

} // namespace kazoo::server::test

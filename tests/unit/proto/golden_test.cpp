// Every frame that a real server took or sent, decoded with our records and encoded again.
#include "golden/golden.hpp"
#include "golden/operations.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <vector>

namespace kazoo::proto {
namespace {

using golden::read_body;
using golden::step;

/// What one connection of a transcript has said so far.
struct talk {
    bool greeted = false; ///< the connect request was sent
    bool welcome = false; ///< the connect response was received
    opcode last = opcode::ping;
};

struct tally {
    std::set<opcode> requests, replies, errors;
    int frames = 0;
    int events = 0;
};

template <class Body> void expect_same_bytes(std::string_view recorded, Body body) {
    reader in(recorded);
    ASSERT_TRUE(read_body(in, body)) << golden::to_hex(recorded);
    EXPECT_TRUE(in.done()) << in.remaining() << " bytes are left of " << golden::to_hex(recorded);
    EXPECT_EQ(golden::to_hex(golden::encoded(body)), golden::to_hex(recorded));
}

void check_connect_request(const step& sent) {
    connect_request request;
    std::optional<bool> read_only;
    ASSERT_TRUE(get_connect_request(sent.payload(), request, read_only));
    std::string again;
    put_connect_request(again, request, read_only);
    EXPECT_EQ(golden::to_hex(again), golden::to_hex(sent.bytes));
}

void check_connect_response(const step& received) {
    connect_response response;
    std::optional<bool> read_only;
    ASSERT_TRUE(get_connect_response(received.payload(), response, read_only));
    std::string again;
    put_connect_response(again, response, read_only);
    EXPECT_EQ(golden::to_hex(again), golden::to_hex(received.bytes));
}

void check_request(const step& sent, talk& connection, tally& seen) {
    reader in(sent.payload());
    request_header header;
    in.get(header);
    ASSERT_TRUE(in.ok());
    connection.last = static_cast<opcode>(header.type);
    seen.requests.insert(connection.last);
    const bool known = golden::with_request_body(connection.last, [&](auto body) {
        expect_same_bytes(in.rest(), body);
        if constexpr (requires { typename decltype(body)::jute_record; }) {
            reader fields(in.rest());
            fields.get(body);
            std::string frame;
            put_request(frame, header.xid, connection.last, body);
            EXPECT_EQ(golden::to_hex(frame), golden::to_hex(sent.bytes));
        }
    });
    EXPECT_TRUE(known) << "operation " << header.type;
}

void check_reply(const step& received, const talk& connection, tally& seen) {
    reader in(received.payload());
    reply_header header;
    in.get(header);
    ASSERT_TRUE(in.ok());
    EXPECT_EQ(golden::encoded(header), received.payload().substr(0, reply_header::size));
    if (header.xid == xid::notification) {
        ++seen.events;
        EXPECT_EQ(header.zxid, -1);
        expect_same_bytes(in.rest(), watcher_event{});
    } else if (header.err != 0) {
        seen.errors.insert(connection.last);
        EXPECT_TRUE(in.done()) << golden::to_hex(in.rest());
    } else {
        seen.replies.insert(connection.last);
        EXPECT_TRUE(golden::with_reply_body(connection.last, [&](auto body) { expect_same_bytes(in.rest(), body); }));
    }
}

void check_step(const step& s, talk& connection, tally& seen) {
    if (s.what == step::kind::send) {
        connection.greeted ? check_request(s, connection, seen) : check_connect_request(s);
        connection.greeted = true;
        ++seen.frames;
    } else if (s.what == step::kind::receive) {
        connection.welcome ? check_reply(s, connection, seen) : check_connect_response(s);
        connection.welcome = true;
        ++seen.frames;
    }
}

tally check_all() {
    tally seen;
    std::vector<std::string> names = golden::transcripts();
    names.emplace_back("ensemble/reconfig");
    for (const std::string& name : names) {
        std::map<int, talk> connections;
        for (const golden::exchange& e : golden::transcript(name)) {
            const testing::ScopedTrace where(__FILE__, __LINE__, name + ": " + e.name);
            if (e.raw()) continue;
            for (const step& s : e.steps) check_step(s, connections[s.connection], seen);
        }
    }
    return seen;
}

TEST(golden, every_recorded_frame_decodes_and_encodes_to_the_same_bytes) {
    using enum opcode;
    const tally seen = check_all();
    const std::set<opcode> client_operations{
        create,       remove,       exists,        get_data,       set_data,         get_acl,
        set_acl,      get_children, sync,          ping,           get_children2,    multi,
        create2,      reconfig,     check_watches, remove_watches, create_container, create_ttl,
        multi_read,   auth,         set_watches,   sasl,           get_ephemerals,   get_all_children_number,
        set_watches2, add_watch,    who_am_i,      close_session};
    EXPECT_EQ(seen.requests, client_operations);
    EXPECT_EQ(seen.replies, client_operations);
    EXPECT_GT(seen.frames, 800);
    EXPECT_GT(seen.events, 50);
}

TEST(golden, raw_requests_that_the_server_could_not_read_are_refused_by_our_decoders) {
    int refused = 0;
    for (const std::string name : {"refusals", "multi_errors"}) {
        for (const golden::exchange& e : golden::transcript(name)) {
            SCOPED_TRACE(e.name);
            request_header header;
            reader in(e.request().payload());
            in.get(header);
            if (!e.raw() || !in.ok()) continue;
            reply_header reply;
            ASSERT_TRUE(decode(e.reply().payload(), reply));
            if (reply.err != -5 || e.name == "raw_read_is_forbidden") continue;
            golden::with_request_body(static_cast<opcode>(header.type),
                                      [&](auto body) { EXPECT_FALSE(read_body(in, body)); });
            ++refused;
        }
    }
    EXPECT_EQ(refused, 10);
}

} // namespace
} // namespace kazoo::proto

#include "golden/golden.hpp"
#include "unit/proto/support.hpp"

#include <gtest/gtest.h>

namespace kazoo::proto::test {
namespace {

constexpr std::size_t limit = 0xfffff;

frame cut(std::string_view hex, std::size_t up_to = limit) {
    const exact_buffer bytes(golden::from_hex(hex));
    frame f = next_frame(bytes.view(), up_to);
    f.payload = f.payload.substr(0, 0); // the buffer goes away
    return f;
}

TEST(framing, a_frame_without_content_is_complete) {
    const frame f = cut("00000000");
    EXPECT_EQ(f.state, frame::status::complete);
    EXPECT_EQ(f.length, 0U);
}

TEST(framing, C12_lengths_that_are_negative_or_above_the_limit_are_bad) {
    for (const std::string length : {"ffffffff", "80000000", "fffffffe", "7fffffff", "00100000"}) {
        const frame f = cut(length);
        EXPECT_EQ(f.state, frame::status::bad_length) << length;
        EXPECT_EQ(f.length, std::stoull(length, nullptr, 16)) << length;
    }
}

TEST(framing, C12_a_negative_length_is_bad_under_any_limit) {
    EXPECT_EQ(cut("80000000", std::numeric_limits<std::size_t>::max()).state, frame::status::bad_length);
}

TEST(framing, the_limit_itself_is_allowed) {
    EXPECT_EQ(cut("000fffff").state, frame::status::incomplete);
    EXPECT_EQ(cut("0000000261620000", 2).state, frame::status::complete);
    EXPECT_EQ(cut("0000000361626300", 2).state, frame::status::bad_length);
}

TEST(framing, less_than_a_length_is_incomplete) {
    for (const std::string front : {"", "00", "0000", "000000", "ffffff"}) {
        const frame f = cut(front);
        EXPECT_EQ(f.state, frame::status::incomplete) << front;
        EXPECT_EQ(f.length, 0U) << front;
    }
}

/// Feeds the stream in two pieces and collects the payloads.
std::vector<std::string> frames_of(std::string_view stream, std::size_t split) {
    std::vector<std::string> payloads;
    std::string pending;
    for (const std::string_view piece : {stream.substr(0, split), stream.substr(split)}) {
        pending += piece;
        for (;;) {
            const exact_buffer bytes(pending);
            const frame f = next_frame(bytes.view(), limit);
            if (f.state != frame::status::complete) break;
            payloads.emplace_back(f.payload);
            pending.erase(0, 4 + f.length);
        }
    }
    EXPECT_TRUE(pending.empty());
    return payloads;
}

TEST(framing, frames_come_out_the_same_for_every_split_of_a_recorded_stream) {
    std::string stream;
    std::vector<std::string> expected;
    for (const golden::exchange& e : golden::transcript("watch_once")) {
        for (const golden::step& s : e.steps) {
            if (s.what != golden::step::kind::receive || s.connection != 1) continue;
            stream += s.bytes;
            expected.emplace_back(s.payload());
        }
    }
    ASSERT_GT(expected.size(), 25U);
    for (std::size_t split = 0; split <= stream.size(); ++split) ASSERT_EQ(frames_of(stream, split), expected) << split;
}

TEST(framing, a_frame_is_appended_to_what_is_there) {
    std::string out = "before";
    put_request(out, 4, opcode::get_data, path_watch_request{"/a", false});
    EXPECT_EQ(out, "before" + golden::from_hex("0000000f0000000400000004000000022f6100"));
}

TEST(framing, the_length_is_filled_in_when_the_output_had_to_grow) {
    const std::string large(100'000, 'x');
    std::string out;
    out.shrink_to_fit();
    put_reply(out, reply_header{1, 2, 0}, data_reply{large, {}});
    EXPECT_EQ(load_be32(out.data()), out.size() - 4);
    EXPECT_EQ(out.size(), 4 + reply_header::size + 4 + large.size() + stat::size);
}

TEST(framing, the_first_frames_keep_the_read_only_byte_apart) {
    for (const std::optional<bool> read_only : {std::optional<bool>(), std::optional(false), std::optional(true)}) {
        std::string out;
        put_connect_request(out, {0, 7, 10'000, -5, "0123456789abcdef"}, read_only);
        EXPECT_EQ(out.size(), read_only ? 49U : 48U);
        connect_request request;
        std::optional<bool> got = true;
        ASSERT_TRUE(get_connect_request(std::string_view(out).substr(4), request, got));
        EXPECT_EQ(got, read_only);
        EXPECT_EQ(request.last_zxid_seen, 7);
        EXPECT_EQ(request.timeout_ms, 10'000);
        EXPECT_EQ(request.session_id, -5);
        EXPECT_EQ(request.password, "0123456789abcdef");

        out.clear();
        put_connect_response(out, {0, 10'000, -5, "0123456789abcdef"}, read_only);
        EXPECT_EQ(out.size(), read_only ? 41U : 40U);
        connect_response response;
        ASSERT_TRUE(get_connect_response(std::string_view(out).substr(4), response, got));
        EXPECT_EQ(got, read_only);
        EXPECT_EQ(response.timeout_ms, 10'000);
        EXPECT_EQ(response.session_id, -5);
        EXPECT_EQ(response.password, "0123456789abcdef");
    }
}

TEST(framing, recorded_answers_have_the_read_only_byte_when_the_request_had_it) {
    connect_response response;
    std::optional<bool> read_only;
    const auto with = golden::find("connect", "new_session");
    EXPECT_EQ(with.reply().bytes.size(), 41U);
    ASSERT_TRUE(get_connect_response(with.reply().payload(), response, read_only));
    EXPECT_EQ(read_only, false);
    EXPECT_EQ(response.timeout_ms, 10'000);
    EXPECT_NE(response.session_id, 0);
    EXPECT_EQ(response.password.size(), password_size);

    const auto without = golden::find("connect", "new_session_without_read_only_byte");
    EXPECT_EQ(without.reply().bytes.size(), 40U);
    ASSERT_TRUE(get_connect_response(without.reply().payload(), response, read_only));
    EXPECT_EQ(read_only, std::nullopt);
}

TEST(framing, a_server_takes_bytes_behind_the_connect_request_and_so_do_we) {
    const auto recorded = golden::find("connect", "raw_bytes_behind_the_read_only_byte");
    EXPECT_EQ(recorded.reply().bytes.size(), 41U);
    connect_request request;
    std::optional<bool> read_only;
    EXPECT_TRUE(get_connect_request(recorded.request().payload(), request, read_only));
    EXPECT_EQ(read_only, false);
}

TEST(framing, first_frames_are_refused_at_every_truncation) {
    for (const golden::step::kind side : {golden::step::kind::send, golden::step::kind::receive}) {
        const golden::exchange recorded = golden::find("connect", "new_session");
        const std::string_view payload = recorded.first(side).payload();
        for (std::size_t size = 0; size <= payload.size(); ++size) {
            const exact_buffer front(payload.substr(0, size));
            connect_request request;
            connect_response response;
            std::optional<bool> read_only;
            const bool read = side == golden::step::kind::send
                                  ? get_connect_request(front.view(), request, read_only)
                                  : get_connect_response(front.view(), response, read_only);
            // Only the last byte may be missing.
            EXPECT_EQ(read, size + 1 >= payload.size()) << size;
            EXPECT_EQ(read_only.has_value(), size == payload.size()) << size;
        }
    }
}

TEST(framing, a_reply_header_in_place_of_the_answer_is_no_connect_response) {
    for (const golden::exchange& e : golden::read(golden::folder() / "reference_frames.txt")) {
        if (e.name != "read_only_refusal") continue;
        connect_response response;
        std::optional<bool> read_only;
        EXPECT_FALSE(get_connect_response(e.reply().payload(), response, read_only));
        reply_header header;
        ASSERT_TRUE(decode(e.reply().payload(), header));
        EXPECT_EQ(header.xid, 0);
        EXPECT_EQ(header.err, -119);
        return;
    }
    FAIL() << "the frame is missing";
}

} // namespace
} // namespace kazoo::proto::test
